/** The programs as they are built: what their own runtime leaves behind in a child, and what they give up. */
import assert from "node:assert/strict";
import { TARGETS } from "../fixture/coffer_targets.ts";
import { temporaryFolder } from "../fixture/temporary_folder.ts";

const CLI = new URL("../../cli/", import.meta.url).href;
const decoder = new TextDecoder();

for (const target of TARGETS) {
  Deno.test({
    name: `coffer run gives the command the user's own environment (${target.name})`,
    ignore: target.command === undefined || target.name === "source", // which needs its cache, and is not installed
    async fn() {
      using folder = temporaryFolder();
      const bin = folderWithoutNode(folder.path);
      const own = { HOME: `${folder.path}/home`, PATH: bin, LANG: "C.UTF-8", DENO_MINE: "1" };
      await Deno.mkdir(own.HOME);
      const coffer = async (args: readonly string[], extra: Record<string, string> = {}) => {
        const { code, stdout, stderr } = await new Deno.Command(target.command![0]!, {
          args: [...target.command!.slice(1), ...args],
          env: { ...own, COFFER_PASSPHRASE: "long enough, and only for this", ...extra },
          clearEnv: true,
          cwd: folder.path,
          stdin: "null",
        }).output();
        assert.equal(code, 0, decoder.decode(stderr));
        return decoder.decode(stdout);
      };
      const seen = async (extra: Record<string, string> = {}) => {
        const lines = (await coffer(["run", "--", "env"], extra)).trim().split("\n");
        const shells = /^(PWD|OLDPWD|SHLVL|_)=/; // any shell script sets these
        return lines.filter((line) => !shells.test(line)).sort();
      };
      const lines = (variables: Record<string, string>) =>
        Object.entries(variables).map((pair) => pair.join("=")).sort();
      await coffer(["init"]);
      assert.deepEqual(await seen(), lines(own));
      const set = { DENO_DIR: `${folder.path}/deno`, DENO_NO_UPDATE_CHECK: "1", DENO_DISABLE_NODE_SHIM: "1" };
      assert.deepEqual(await seen(set), lines({ ...own, ...set }));
    },
  });
}

Deno.test("a `node` that another Deno has put on PATH is the user's, and stays", async () => {
  using folder = temporaryFolder();
  const shim = `${folder.path}/node_compat_bin`;
  await Deno.mkdir(shim);
  await Deno.symlink("/bin/sh", `${shim}/node`);
  const script = `import { Environment } from "${CLI}runner/environment.ts";
    const { PATH, DENO_NODE_SHIM_ACTIVE } = Environment.inherited().record;
    Deno.stdout.writeSync(new TextEncoder().encode(PATH + " " + DENO_NODE_SHIM_ACTIVE));`;
  const path = `${shim}:${Deno.env.get("PATH")}`;
  assert.equal(await evaluate(script, { PATH: path, DENO_NODE_SHIM_ACTIVE: "1" }), `${path} 1`);
});

Deno.test("only variables of the runtime's are taken away, whatever COFFER_RUNTIME_VARIABLES says", async () => {
  const script = `import { Environment } from "${CLI}runner/environment.ts";
    const { record } = Environment.inherited();
    const names = ["PATH", "DENO_MINE", "DENO_OTHER", "COFFER_RUNTIME_VARIABLES"];
    Deno.stdout.writeSync(new TextEncoder().encode(names.map((name) => name in record).join()));`;
  const env = { COFFER_RUNTIME_VARIABLES: " DENO_MINE PATH", DENO_MINE: "1", DENO_OTHER: "1" };
  assert.equal(await evaluate(script, env), "true,false,true,false");
});

for (const [command, state] of [["get", "denied"], ["list", "denied"], ["__complete", "denied"], ["run", "granted"]]) {
  Deno.test(`${command}: network, foreign code and remote imports are ${state}`, async () => {
    const script = `import { denoHost } from "${CLI}host.ts";
      import { dropUnneeded } from "${CLI}permissions.ts";
      import { Terminal } from "${CLI}terminal.ts";
      dropUnneeded(["${command}"], denoHost(), new Terminal());
      const states = ["net", "ffi", "import"].map((name) => Deno.permissions.querySync({ name }).state);
      const refused = await Deno.connect({ hostname: "127.0.0.1", port: 1 }).then(() => "", (error) => error.name);
      Deno.stdout.writeSync(new TextEncoder().encode([...states, refused].join()));`;
    const refused = state === "denied" ? "NotCapable" : "ConnectionRefused";
    const [net, ffi, imports, error] = (await evaluate(script, { COFFER_PASSPHRASE: "given" })).split(",");
    assert.equal(error, refused);
    // What was given up would have to be asked for again, and --no-prompt forbids to ask.
    const expected = state === "denied" ? ["prompt", "prompt", "prompt"] : ["granted", "granted", "granted"];
    assert.deepEqual([net, ffi, imports], expected);
  });
}

/** A PATH with a few programs and no `node`, for which `deno run` would put itself on PATH. */
function folderWithoutNode(folder: string): string {
  const bin = `${folder}/bin`;
  Deno.mkdirSync(bin);
  const tools = [
    "env",
    "sh",
    "id",
    "uname",
    "mkdir",
    "mktemp",
    "tail",
    "head",
    "gzip",
    "sha256sum",
    "chmod",
    "mv",
    "rm",
  ];
  for (const tool of tools) {
    const path = Deno.env.get("PATH")!.split(":").map((folder) => `${folder}/${tool}`).find(isFile);
    if (path) Deno.symlinkSync(path, `${bin}/${tool}`);
  }
  return bin;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function evaluate(script: string, env: Record<string, string> = {}): Promise<string> {
  using folder = temporaryFolder();
  const file = `${folder.path}/script.ts`;
  await Deno.writeTextFile(file, script);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-prompt", "--no-config", "--no-lock", "--no-check", file],
    env,
    stdin: "null",
  }).output();
  assert.equal(code, 0, decoder.decode(stderr));
  return decoder.decode(stdout);
}
