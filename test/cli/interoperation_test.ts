/** The command line and the independent reader and writer of the format (test/reference/format) open each other's. */
import assert from "node:assert/strict";
import { endToEnd, PASSPHRASE } from "../fixture/coffer_cli.ts";
import { seededRandom } from "../reference/format/seeded_random.ts";
import { readStackFolder } from "../reference/format/stack_reader.ts";
import { writeStackFolder } from "../reference/format/stack_writer.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const CREATED = "2024-05-06T07:08:09Z";

endToEnd("the reference reader opens what the command line wrote", async (coffer) => {
  await coffer.ok(["init", "--work-factor", "10"]);
  const long = "Segment/".repeat(28) + "Name";
  await coffer.ok(["set", "db/password"], { stdin: "first" });
  await coffer.ok(["set", "db/password", "--raw"], { stdin: new Uint8Array([0, 0xff, 10]) });
  await coffer.ok(["set", long], { stdin: "" });
  await coffer.ok(["set", "login", "--field", "user"], { stdin: "ada" });
  await coffer.ok(["import", "-", "-f", "json"], { stdin: JSON.stringify({ API_KEY: "k".repeat(1000) }) });
  const seen = async () => {
    const secrets = await readStackFolder(coffer.stackFolder(), PASSPHRASE);
    return Object.fromEntries([...secrets].map(([name, versions]) => [
      name,
      versions.map(({ version, type, value }) => [version, type, value]),
    ]));
  };
  const expected = {
    "db/password": [[2, "bytes", new Uint8Array([0, 0xff, 10])], [1, "bytes", encode("first")]],
    [long]: [[1, "bytes", encode("")]],
    login: [[1, "json", encode('{"user":"ada"}')]],
    API_KEY: [[1, "bytes", encode("k".repeat(1000))]],
  };
  assert.deepEqual(await seen(), expected);
  await coffer.ok(["rekey"]);
  assert.deepEqual(await seen(), expected);
});

endToEnd("the command line opens what the reference writer wrote, and goes on with it", async (coffer) => {
  await coffer.given(); // for the project's folder
  const folder = coffer.stackFolder("written");
  await writeStackFolder(folder, {
    passphrase: PASSPHRASE,
    logN: 10,
    created: CREATED,
    secrets: [
      { name: "db/password", versions: [{ value: encode("second") }, { value: encode("first") }] },
      { name: "login", versions: [{ value: encode('{"user":"ada"}'), type: "json" }] },
    ],
    random: seededRandom("end to end"),
  });
  const stack = ["--stack", "written"];
  assert.deepEqual(await coffer.json(["list", ...stack]), ["db/password", "login"]);
  assert.equal(await coffer.ok(["get", "db/password", ...stack]), "second");
  assert.equal(await coffer.ok(["get", "db/password", "--version", "1", ...stack]), "first");
  assert.equal(await coffer.ok(["get", "login", "--field", "user", ...stack]), "ada");
  assert.deepEqual(await coffer.json(["verify", ...stack]), { checked: 2, problems: [] });
  await coffer.ok(["set", "db/password", ...stack], { stdin: "third" });
  const versions = (await readStackFolder(folder, PASSPHRASE)).get("db/password")!;
  assert.deepEqual(versions.map(({ value }) => new TextDecoder().decode(value)), ["third", "second", "first"]);
});
