import assert from "node:assert/strict";
import { EXIT } from "../../core/fault.ts";
import { needs } from "../fixture/coffer_cli.ts";
import { temporaryFolder } from "../fixture/temporary_folder.ts";

const PACKAGING = new URL("../../packaging/", import.meta.url).pathname;

Deno.test({
  name: "systemd finds nothing wrong with the unit",
  ignore: needs("systemd-analyze") !== undefined,
  async fn() {
    using home = temporaryFolder();
    Deno.mkdirSync(`${home.path}/.local/bin`, { recursive: true });
    Deno.writeTextFileSync(`${home.path}/.local/bin/coffer`, "", { mode: 0o755 });
    const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", {
      args: ["--user", "verify", `${PACKAGING}coffer.service`],
      env: { HOME: home.path, XDG_RUNTIME_DIR: home.path },
    }).output();
    const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim()).join("");
    assert.deepEqual([code, said], [0, ""]);
  },
});

Deno.test("the unit starts the server anew after a kill, and not after what would happen again", () => {
  const unit = Deno.readTextFileSync(`${PACKAGING}coffer.service`);
  const prevented = /^RestartPreventExitStatus=(.*)$/m.exec(unit)![1]!.split(" ").map(Number);
  const codes = (["USAGE", "CONFIG", "NOT_FOUND", "DENIED", "LOCKED", "TAMPERED", "CONFLICT"] as const).map((code) =>
    EXIT[code]
  );
  assert.deepEqual(prevented, codes);
  assert.match(unit, /^Restart=on-failure$/m);
});

Deno.test({
  name: "launchd's file is a property list that starts the server in the home folder",
  ignore: needs("python3") !== undefined,
  async fn() {
    const program = "import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
    const child = new Deno.Command("python3", { args: ["-c", program], stdin: "piped", stdout: "piped" }).spawn();
    const output = child.output();
    const writer = child.stdin.getWriter();
    const text = Deno.readTextFileSync(`${PACKAGING}coffer.plist`).replaceAll("HOME", "/home/me");
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
    const { ProgramArguments, WorkingDirectory, KeepAlive } = JSON.parse(
      new TextDecoder().decode((await output).stdout),
    );
    assert.deepEqual(ProgramArguments, ["/home/me/.local/bin/coffer", "serve"]);
    assert.deepEqual([WorkingDirectory, KeepAlive], ["/home/me", { Crashed: true }]);
  },
});
