import assert from "node:assert/strict";
import { serveOnce } from "../../../cli/runner/named_pipe.ts";
import { Secret } from "../../../core/secret.ts";
import { eventually } from "../../fixture/coffer_cli.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

/** The C library stays open once it is. */
const options = { ignore: Deno.build.os !== "linux", sanitizeResources: false };

Deno.test({
  name: "a named pipe gives its value once and is gone",
  ...options,
  async fn() {
    using folder = temporaryFolder();
    using value = Secret.fromText("value");
    const path = `${folder.path}/pipe`;
    using _pipe = serveOnce(path, value);
    assert.ok(Deno.lstatSync(path).isFifo);
    assert.equal(await Deno.readTextFile(path), "value");
    await assert.rejects(Deno.readTextFile(path), Deno.errors.NotFound);
  },
});

Deno.test({
  name: "a named pipe that nobody reads can be taken back", // the sanitizer sees an open that waits for ever
  ...options,
  async fn() {
    using folder = temporaryFolder();
    using value = Secret.fromText("value");
    const path = `${folder.path}/pipe`;
    serveOnce(path, value)[Symbol.dispose]();
    await eventually(() => [...Deno.readDirSync(folder.path)].length === 0, "the pipe to go");
  },
});

Deno.test({
  name: "a named pipe takes nobody's place",
  ...options,
  fn() {
    using folder = temporaryFolder();
    using value = Secret.fromText("value");
    const path = `${folder.path}/file`;
    Deno.writeTextFileSync(path, "somebody's");
    assert.throws(() => serveOnce(path, value), Deno.errors.AlreadyExists);
    assert.equal(Deno.readTextFileSync(path), "somebody's");
  },
});
