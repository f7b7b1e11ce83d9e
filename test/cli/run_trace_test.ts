/** What others can see of `coffer run` while it works, and what it leaves when it dies. */
import assert from "node:assert/strict";
import { BUNDLE_ONLY, Coffer, endToEnd, eventually, needs, PASSPHRASE, TARGETS } from "../fixture/coffer_cli.ts";
import { childrenOf, commandLineOf, pidIn, saying } from "../fixture/processes.ts";
import { temporaryFolder } from "../fixture/temporary_folder.ts";
import { atTerminal } from "../fixture/terminal_session.ts";

const SECRET = "a-value-that-nobody-else-sees";
const IS_ROOT = Deno.build.os === "linux" && Deno.uid() === 0;
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] as const;
const UNLIMITED = 'ulimit -c unlimited; exec "$@"';
const ROOT_ONLY = { lacking: IS_ROOT ? undefined : "needs root, to look into other processes" };

endToEnd("coffer run shows neither value nor passphrase in any process but the command", async (coffer) => {
  await coffer.given({ SECRET });
  const path = `${coffer.temp}/pid`;
  await using child = coffer.spawn([
    "run",
    "--file",
    "SECRET",
    "-s",
    "SECRET",
    "--",
    "sh",
    "-c",
    `${saying(path)}; exec sleep 60`,
  ], {
    env: { COFFER_NEW_PASSPHRASE: "another passphrase" },
  });
  const output = child.output();
  const command = await pidIn(path);
  await eventually(() => childrenOf(child.pid).length === 2, "the command and the guard");
  const [guard] = childrenOf(child.pid).filter((pid) => pid !== command);
  for (const pid of [child.pid, guard!]) {
    for (const file of ["cmdline", "environ", "comm"]) {
      const seen = new TextDecoder("latin1").decode(Deno.readFileSync(`/proc/${pid}/${file}`));
      assert.notEqual(seen, "");
      for (const value of [SECRET, PASSPHRASE, "another passphrase"]) {
        assert.ok(!seen.includes(value), `${pid} ${file}`);
      }
    }
  }
  await eventually(() => commandLineOf(command)[0] === "sleep", "the command");
  assert.deepEqual(commandLineOf(command), ["sleep", "60"]);
  const environment = Deno.readTextFileSync(`/proc/${command}/environ`);
  assert.ok(environment.includes(`SECRET=${SECRET}\0`) && !environment.includes("assphrase"));
  child.kill("SIGTERM");
  await output;
}, ROOT_ONLY);

endToEnd("coffer run leaves no core file of its own", async (coffer) => {
  await coffer.given({ SECRET });
  const cores = () => [...Deno.readDirSync(coffer.project)].filter(({ name }) => name.startsWith("core"));
  const path = `${coffer.temp}/pid`;
  await using child = coffer.spawn(["run", "--", "sh", "-c", `${saying(path)}; exec sleep 60`], { through: UNLIMITED });
  const output = child.output();
  await pidIn(path);
  child.kill("SIGFPE");
  assert.equal((await output).signal, "SIGFPE");
  assert.deepEqual(cores(), []);
  // The command is a program like any other.
  const { code } = await coffer.run(["run", "--", "sh", "-c", "kill -FPE $$"], { through: UNLIMITED });
  assert.equal(code, 136);
  assert.equal(cores().length, 1);
}, { ...BUNDLE_ONLY, lacking: coresLacking() });

for (const { name, command } of TARGETS.filter((target) => target.name === "bundle" && target.command)) {
  const lacking = needs("setpriv", "python3") ?? ROOT_ONLY.lacking;
  Deno.test({
    name: `coffer run works for a user who is not root, and others of that user cannot look into it [${name}${
      lacking ? `, ignored: ${lacking}` : ""
    }]`,
    ignore: lacking !== undefined,
    async fn() {
      using nobody = await unprivileged(command!);
      const env = { DENO_DIR: `${nobody.home}/deno` };
      // Its own environment, which the kernel shows to root only, byte for byte.
      const environ = await nobody.run(["run", "--no-mask", "--", "cat", "/proc/self/environ"], {
        env,
        through: `export BYTES=$'\\xff'; exec "$@"`,
      });
      assert.ok(new TextDecoder("latin1").decode(environ.stdout).includes("\0BYTES=\xff\0"), environ.stderr);
      const { code, text, stderr } = await nobody.run(
        ["run", "--file", "SECRET", "--passphrase-fd", "3", "--", "sh", "-c", 'cat "$SECRET_FILE"; cat <&3'],
        { env: { ...env, COFFER_PASSPHRASE: undefined }, through: `exec "$@" 3< <(printf '%s' '${PASSPHRASE}')` },
      );
      assert.deepEqual([code, text], [2, "*******"], stderr);
      const steps = [{ expect: "stack dev" }, { send: `${PASSPHRASE}\r` }];
      const words = ["run", "--", "printf", "[%s]", SECRET];
      assert.equal((await atTerminal(nobody, words, steps, { env, stdout: true })).stdout, "[*******]");

      const path = `${nobody.temp}/pid`;
      await using child = nobody.spawn(["run", "--", "sh", "-c", `${saying(path)}; exec sleep 60`], { env });
      const output = child.output();
      const started = await pidIn(path);
      for (const file of ["environ", "mem", "maps"]) {
        assert.ok(!canRead(child.pid, file), file);
        assert.ok(canRead(started, file), `the command's ${file}: it is what the test would see`);
      }
      child.kill("SIGTERM");
      await output;
    },
  });
}

/** Coffer with a project, and all that it needs, of a user who may read little else. */
async function unprivileged([deno, ...words]: readonly string[]): Promise<Coffer> {
  // From the project, where it runs: where that will be is not known before it is made.
  const command = [...NOBODY, "../deno", ...words.slice(0, -1), "../coffer.js"];
  const nobody = new Coffer({ name: "bundle", command, reason: "" });
  Deno.copyFileSync(deno!, `${nobody.root}/deno`);
  Deno.copyFileSync(words.at(-1)!, `${nobody.root}/coffer.js`);
  await nobody.given({ SECRET });
  const { success } = new Deno.Command("chown", { args: ["-R", "65534:65534", nobody.root, nobody.runtime] })
    .outputSync();
  assert.ok(success);
  return nobody;
}

/** Whether another process of that user can open a file of /proc. */
function canRead(pid: number, file: string): boolean {
  const [program, ...flags] = NOBODY;
  const open = ["sh", "-c", '< "/proc/$1/$2"', "sh", String(pid), file];
  return new Deno.Command(program, { args: [...flags, ...open], stderr: "null" }).outputSync().success;
}

/** Whether a program that is killed leaves a file in its folder here, so that none means something. */
function coresLacking(): string | undefined {
  if (Deno.build.os !== "linux") return "needs Linux";
  using folder = temporaryFolder();
  const args = ["-c", UNLIMITED, "bash", "sh", "-c", "kill -FPE $$"];
  new Deno.Command("bash", { args, cwd: folder.path, stderr: "null" }).outputSync();
  return [...Deno.readDirSync(folder.path)].length > 0 ? undefined : "needs core files in the working folder";
}
