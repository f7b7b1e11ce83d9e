import assert from "node:assert/strict";
import { type Coffer, endToEnd, needs } from "../fixture/coffer_cli.ts";

/** What bash proposes at the end of a line. */
async function proposals(coffer: Coffer, ...words: string[]): Promise<string[]> {
  const bin = `${coffer.root}/bin`;
  const command = coffer.command([]).map((word) => `'${word}'`).join(" ");
  coffer.file(`${bin}/coffer`, `#!/bin/sh\nexec ${command} "$@"\n`, 0o755);
  const script = 'set -u; source <(coffer completion bash); COMP_WORDS=(coffer "$@"); COMP_CWORD=$#; COMPREPLY=(); ' +
    '_coffer; complete -p coffer >/dev/null && printf "%s\\n" "${COMPREPLY[@]-}"';
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", script, "bash", ...words],
    cwd: coffer.project,
    env: coffer.environment({ PATH: `${bin}:${coffer.env["PATH"]}`, COFFER_PASSPHRASE: undefined }),
    clearEnv: true,
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).split("\n").filter(Boolean).sort();
}

endToEnd("coffer completion bash proposes commands, flags, values and names of secrets", async (coffer) => {
  await coffer.given({ "db/password": "x", "db/user": "x", other: "x" });
  assert.deepEqual(await proposals(coffer, "re"), ["rekey"]);
  assert.ok((await proposals(coffer, "")).includes("init"));
  assert.deepEqual(await proposals(coffer, "stack", ""), ["list", "new", "rm", "select"]);
  assert.deepEqual(await proposals(coffer, "get", "db/"), ["db/password", "db/user"]);
  assert.deepEqual(await proposals(coffer, "get", "--fi"), ["--field"]);
  assert.deepEqual(await proposals(coffer, "export", "--format", "js"), ["json"]);
  assert.deepEqual(await proposals(coffer, "export", "-f", "k"), ["k8s"]);
  assert.deepEqual(await proposals(coffer, "completion", ""), ["bash", "fish", "zsh"]);
  assert.deepEqual(await proposals(coffer, "rm", "other", "db/u"), ["db/user"]);
  assert.deepEqual(await proposals(coffer, "no-such", ""), []);
}, { lacking: needs("bash") });

endToEnd("coffer completion proposes nothing, without a word, when there is no stack", async (coffer) => {
  assert.deepEqual(await proposals(coffer, "get", ""), []);
}, { lacking: needs("bash") });

endToEnd("coffer completion prints a script for each shell, and refuses others", async (coffer) => {
  assert.match(await coffer.ok(["completion", "zsh"]), /^#compdef coffer\n/);
  assert.match(await coffer.ok(["completion", "fish"]), /^complete -c coffer /);
  await coffer.fault("USAGE", ["completion", "tcsh"]);
  await coffer.fault("USAGE", ["completion"]);
});

endToEnd(
  "coffer completion zsh proposes at the first key, from a folder of functions and evaluated",
  async (coffer) => {
    await coffer.given({ "db/password": "x", "db/user": "x", other: "x" });
    const bin = `${coffer.root}/bin`;
    coffer.file(
      `${bin}/coffer`,
      `#!/bin/sh\nexec ${coffer.command([]).map((word) => `'${word}'`).join(" ")} "$@"\n`,
      0o755,
    );
    coffer.file(`${bin}/_coffer`, await coffer.ok(["completion", "zsh"]));
    const parts = "compadd() { print -l -- ${(P)2} }; compdef() { print compdef }; words=(coffer get db/); CURRENT=3";
    for (const [load, printed] of [["fpath=($0); autoload -Uz _coffer", ""], ["source $0/_coffer", "compdef\n"]]) {
      const { stdout, stderr } = await new Deno.Command("zsh", {
        args: ["-fc", `${parts}; ${load}; _coffer`, bin],
        cwd: coffer.project,
        env: coffer.environment({ PATH: `${bin}:${coffer.env["PATH"]}`, COFFER_PASSPHRASE: undefined }),
        clearEnv: true,
      }).output();
      assert.equal(new TextDecoder().decode(stderr), "");
      assert.equal(new TextDecoder().decode(stdout), `${printed}db/password\ndb/user\n`);
    }
  },
  { lacking: needs("zsh") },
);
