import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, eventually } from "../fixture/coffer_cli.ts";
import { isAlive, isFile, pidIn, saying } from "../fixture/processes.ts";

const LINUX = { lacking: Deno.build.os === "linux" ? undefined : "needs Linux" };

endToEnd("coffer run --watch starts the command again when a secret has another value", async (coffer) => {
  await coffer.given({ KEY: "first value", OTHER: "other" });
  await using watched = await Watched.start(coffer, ["-s", "KEY"], 'echo "$KEY ${#KEY}"');
  await watched.has(1);
  await coffer.ok(["set", "OTHER"], { stdin: "not what it was given" });
  await coffer.ok(["set", "KEY"], { stdin: "first value" });
  await pause(500);
  await coffer.ok(["set", "KEY"], { stdin: "the second value" });
  await watched.has(2);
  await coffer.ok(["rollback", "KEY", "1"]);
  await watched.has(3);
  const { code, text, stderr } = await watched.end("SIGTERM");
  assert.deepEqual([code, text], [143, "******* 11\n******* 16\n******* 11\n"]);
  assert.equal(stderr.match(/^warning: something has changed/gm)?.length, 2);
}, BUNDLE_ONLY);

endToEnd("coffer run --watch sees an env file and a template change, in place and exchanged", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const env = coffer.file("app.env", "A=1\n");
  const template = coffer.file("in.tpl", "b={{ coffer:///KEY }}");
  const script = 'echo "$A $(cat "$COFFER_FILES/out")"';
  await using watched = await Watched.start(
    coffer,
    ["--env-file", "app.env", "--template", "in.tpl=out", "--no-mask"],
    script,
  );
  await watched.has(1);
  coffer.file("unrelated.env", "A=2\n");
  Deno.writeTextFileSync(env, "# the same\nA=1\n");
  await pause(500);
  Deno.writeTextFileSync(env, "A=2\n");
  await watched.has(2);
  Deno.renameSync(coffer.file("app.env.new", "A=3\n"), env);
  await watched.has(3);
  Deno.writeTextFileSync(template, "c={{ coffer:///KEY }}");
  await watched.has(4);
  Deno.renameSync(template, `${template}~`); // as editors do
  Deno.writeTextFileSync(template, "d={{ coffer:///KEY }}");
  await watched.has(5);
  const { text } = await watched.end("SIGTERM");
  assert.equal(text, "1 b=value\n2 b=value\n3 b=value\n3 c=value\n3 d=value\n");
  assert.deepEqual([...Deno.readDirSync(coffer.runtime)], []);
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run --watch sees a link on the way to a file exchanged, again and again", async (coffer) => {
  await coffer.given({});
  const link = (target: string, path: string) => {
    Deno.symlinkSync(target, `${path}.new`);
    Deno.renameSync(`${path}.new`, path);
  };
  // As Kubernetes mounts a ConfigMap.
  const folder = `${coffer.project}/config`;
  coffer.file("config/..1/app.env", "A=1\n");
  link("..1", `${folder}/..data`);
  link("..data/app.env", `${folder}/app.env`);
  await using watched = await Watched.start(coffer, ["--env-file", "config/app.env"], 'echo "$A"');
  await watched.has(1);
  for (const round of [2, 3]) {
    coffer.file(`config/..${round}/app.env`, `A=${round}\n`);
    link(`..${round}`, `${folder}/..data`);
    Deno.removeSync(`${folder}/..${round - 1}`, { recursive: true });
    await watched.has(round);
  }
  Deno.writeTextFileSync(`${folder}/..3/app.env`, "A=4\n");
  await watched.has(4);
  assert.equal((await watched.end("SIGTERM")).text, "1\n2\n3\n4\n");
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run --watch keeps the command when something is missing, until it is back", async (coffer) => {
  await coffer.given({ KEY: "first value" });
  await using watched = await Watched.start(coffer, ["-s", "KEY"], 'echo "${#KEY}"');
  await watched.has(1);
  await coffer.ok(["rm", "KEY", "--yes"]);
  await eventually(() => watched.stderr.includes("warning: not started again: "), "the warning");
  assert.ok(isAlive(watched.command));
  await coffer.ok(["set", "KEY"], { stdin: "the second value" });
  await watched.has(2);
  const { code, text, stderr } = await watched.end("SIGINT");
  assert.deepEqual([code, text], [130, "11\n16\n"]);
  assert.ok(stderr.includes("KEY") && !stderr.includes("value"));
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run --watch lets the command end in peace, and gives the next a folder of its own", async (coffer) => {
  await coffer.given({ KEY: "first value" });
  const script = `trap 'sleep 0.3; echo "bye \${#KEY}"; exit 0' TERM; echo "\${#KEY}"`;
  await using watched = await Watched.start(coffer, ["--fifo", "KEY", "-s", "KEY"], script);
  await watched.has(1);
  const [folder] = [...Deno.readDirSync(coffer.runtime)].map(({ name }) => name);
  await coffer.ok(["set", "KEY"], { stdin: "the second value" });
  await watched.has(2);
  assert.notEqual([...Deno.readDirSync(coffer.runtime)][0]!.name, folder);
  assert.equal([...Deno.readDirSync(coffer.runtime)].length, 1);
  const { code, text } = await watched.end("SIGTERM");
  assert.deepEqual([code, text], [0, "11\nbye 11\n16\nbye 16\n"]);
  assert.deepEqual([...Deno.readDirSync(coffer.runtime)], []);
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run --watch ends when the command does", async (coffer) => {
  await coffer.given({ KEY: "value" });
  assert.equal((await coffer.run(["run", "--watch", "--", "sh", "-c", "exit 7"])).code, 7);
  assert.equal((await coffer.run(["run", "--watch", "--", "sh", "-c", "kill -9 $$"])).code, 137);
  assert.equal((await coffer.run(["run", "--watch", "--", "no-such-command"])).code, 127);
  // What changes while the command ends does not start it again.
  await using watched = await Watched.start(coffer, [], `trap 'touch trapped; sleep 1; exit 5' TERM; echo on`);
  await watched.has(1);
  watched.child.kill("SIGTERM");
  await eventually(() => isFile(`${coffer.project}/trapped`), "the trap");
  await coffer.ok(["set", "KEY"], { stdin: "another" });
  const { code, text } = await watched.ended();
  assert.deepEqual([code, text], [5, "on\n"]);
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run --watch sees what a project file names since it was changed", async (coffer) => {
  await coffer.given({ KEY: "value" });
  await coffer.given({ KEY: "of other" }, "other");
  const env = '[env]\nA = "coffer:///KEY"\n';
  const file = coffer.file("coffer.toml", env);
  const script = 'echo "${#A} ${#B} $(cat "$COFFER_FILES/out" 2>/dev/null)"';
  await using watched = await Watched.start(coffer, ["--no-mask"], script);
  await watched.has(1);
  const more = `${env}B = "coffer://other/KEY"\n[templates]\nout = "templates/in.tpl"\n`;
  Deno.mkdirSync(`${coffer.project}/templates`);
  Deno.writeTextFileSync(file, more);
  await eventually(() => watched.stderr.includes("not started again: "), "the warning");
  coffer.file("templates/in.tpl", "one");
  await watched.has(2);
  coffer.file("templates/in.tpl", "two");
  await watched.has(3);
  await coffer.ok(["set", "KEY", "--stack", "other"], { stdin: "longer than that" });
  await watched.has(4);
  assert.equal((await watched.end("SIGTERM")).text, "5 0 \n5 8 one\n5 8 two\n5 16 two\n");
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run --watch gives no other secrets while the project file is away", async (coffer) => {
  await coffer.given({ KEY: "value", OTHER: "another" });
  const file = coffer.file("coffer.toml", '[env]\nA = "coffer:///KEY"\n');
  await using watched = await Watched.start(coffer, [], 'echo "${#A} ${#OTHER}"');
  await watched.has(1);
  Deno.removeSync(file);
  await eventually(() => watched.stderr.includes("not started again: "), "the warning");
  await coffer.ok(["set", "KEY"], { stdin: "a longer one" });
  await pause(500);
  await watched.has(1);
  coffer.file("coffer.toml", '[env]\nA = "coffer:///KEY"\n');
  await watched.has(2);
  assert.equal((await watched.end("SIGTERM")).text, "5 0\n12 0\n");
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run --watch refuses what can be read only once", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const outcome = await coffer.run(["run", "--watch", "--json", "--env-file"], {
    through: `"$@" <(echo A=1) -- touch started`,
  });
  assert.equal(outcome.code, 125);
  assert.equal(JSON.parse(outcome.stderr).error.code, "USAGE");
  assert.ok(!isFile(`${coffer.project}/started`));
}, { ...BUNDLE_ONLY, ...LINUX });

/** A command that says a line for each start and then runs on. */
class Watched implements AsyncDisposable {
  readonly child: Deno.ChildProcess;
  stdout = "";
  stderr = "";
  readonly #pid: string;
  readonly #read: Promise<unknown>;

  private constructor(child: Deno.ChildProcess, pid: string) {
    this.child = child;
    this.#pid = pid;
    const collect = async (from: ReadableStream<Uint8Array>, add: (text: string) => void) => {
      for await (const text of from.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)) {
        add(text);
      }
    };
    this.#read = Promise.all([
      collect(child.stdout, (text) => this.stdout += text),
      collect(child.stderr, (text) => this.stderr += text),
    ]);
  }

  static async start(coffer: Coffer, flags: readonly string[], script: string): Promise<Watched> {
    const pid = `${coffer.temp}/watched-pid`;
    const loop = `${script}; ${saying(pid)}; while :; do sleep 0.05; done`;
    const watched = new Watched(coffer.spawn(["run", "--watch", ...flags, "--", "sh", "-c", loop]), pid);
    await pidIn(pid);
    return watched;
  }

  /** The newest start's process. */
  get command(): number {
    return Number(Deno.readTextFileSync(this.#pid));
  }

  /** Waits until the command has been started so often. */
  async has(starts: number): Promise<void> {
    const starting = () => this.stdout.split("\n").filter((line) => line !== "" && !line.startsWith("bye")).length;
    await eventually(() => starting() >= starts, `start ${starts}; there are ${this.stdout}${this.stderr}`);
    assert.equal(starting(), starts);
  }

  async end(signal: Deno.Signal) {
    this.child.kill(signal);
    return await this.ended();
  }

  async ended() {
    await this.#read;
    return { code: (await this.child.status).code, text: this.stdout, stderr: this.stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child[Symbol.asyncDispose]();
    await this.#read;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
