/** The self-extracting file with a stand-in for the runtime, a shell script that says how it was called. */
import assert from "node:assert/strict";
import { selfExtracting } from "../../scripts/self_extracting.ts";
import { type TemporaryFolder, temporaryFolder } from "../fixture/temporary_folder.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const FLAGS = ["--allow-all", "--no-prompt"];

/** Prints its arguments, each ended by NUL; the program's first argument may ask for something else. */
const RUNTIME = `#!/bin/sh
[ "$1" = --version ] && exit 0
case \${5-} in
  env) exec env ;;
  cat) exec cat ;;
  exit) exit "$6" ;;
  wait) echo ready; exec sleep 60 ;;
  umask) umask ;;
  *) printf '%s\\0' "$@" ;;
esac
`;

interface Given {
  readonly folder: TemporaryFolder;
  readonly file: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
}

async function given(runtime = RUNTIME, target: string = Deno.build.target): Promise<Given & Disposable> {
  const folder = temporaryFolder();
  const file = `${folder.path}/coffer`;
  const bytes = await selfExtracting({
    program: encoder.encode("the program\n"),
    runtime: new Blob([runtime]).stream(),
    target,
    flags: FLAGS,
  });
  await Deno.writeFile(file, bytes, { mode: 0o755 });
  const home = `${folder.path}/home`;
  await Deno.mkdir(home);
  const env = { PATH: Deno.env.get("PATH")!, HOME: home };
  return { folder, file, home, env, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

interface Options {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Commands for sh to run before. */
  readonly before?: string;
}

function spawn({ file, env, folder }: Given, options: Options = {}): Deno.ChildProcess {
  return new Deno.Command("sh", {
    args: ["-c", `${options.before ?? ":"}; exec "$@"`, "sh", file, ...options.args ?? []],
    env: { ...options.env ?? env },
    clearEnv: true,
    cwd: folder.path,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function run(from: Given, options: Options = {}) {
  const child = spawn(from, options);
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(encoder.encode(options.stdin));
    await writer.close();
  }
  const { code, signal, stdout, stderr } = await child.output();
  return { code, signal, text: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The folder that holds what was unpacked. */
function unpacked(home: string): string {
  const base = `${home}/.cache/coffer`;
  return `${base}/${[...Deno.readDirSync(base)].map(({ name }) => name).join()}`;
}

const HARD_ARGUMENTS = ["", " ", "two words", "a\nb\n", "'\"`$(id)\\", "*", "--", "-n", "é\u0001", "$HOME", "%s\\n"];

Deno.test("the self-extracting file hands arguments over byte for byte, at the first run and later", async () => {
  using file = await given();
  for (const _ of ["first", "later"]) {
    const { code, text, stderr } = await run(file, { args: HARD_ARGUMENTS });
    assert.deepEqual([code, stderr], [0, ""]);
    const program = `${unpacked(file.home)}/coffer.js`;
    assert.deepEqual(text.split("\0"), ["run", ...FLAGS, program, ...HARD_ARGUMENTS, ""]);
  }
  assert.equal(await Deno.readTextFile(`${unpacked(file.home)}/coffer.js`), "the program\n");
});

Deno.test("the self-extracting file leaves stdin, exit code and umask to the program", async () => {
  using file = await given();
  for (const _ of ["first", "later"]) {
    assert.equal((await run(file, { args: ["cat"], stdin: "all\nof it" })).text, "all\nof it");
    assert.equal((await run(file, { args: ["exit", "37"] })).code, 37);
    assert.equal((await run(file, { args: ["umask"], before: "umask 027" })).text.trim(), "0027");
  }
});

Deno.test("a signal reaches the program itself, not a shell around it", async () => {
  using file = await given();
  await run(file);
  const child = spawn(file, { args: ["wait"] });
  const reader = child.stdout.getReader();
  assert.equal(decoder.decode((await reader.read()).value), "ready\n");
  child.kill("SIGTERM");
  assert.equal((await child.status).signal, "SIGTERM");
  await reader.cancel();
  await child.stderr.cancel();
});

Deno.test("what the self-extracting file sets is listed for the program; what the user has set stays", async () => {
  using file = await given();
  const variables = async (extra: Record<string, string>) => {
    const { text } = await run(file, { args: ["env"], env: { ...file.env, ...extra } });
    return new Map(text.trim().split("\n").map((line) => line.split(/=(.*)/s) as [string, string]));
  };
  const bare = await variables({});
  assert.equal(bare.get("DENO_DISABLE_NODE_SHIM"), "1");
  assert.ok(bare.get("DENO_DIR")!.startsWith(file.home));
  assert.deepEqual(bare.get("COFFER_RUNTIME_VARIABLES")!.trim().split(" "), [
    ...["DENO_DIR", "DENO_NO_UPDATE_CHECK", "DENO_DISABLE_NODE_SHIM"],
  ]);
  // Names that a script is tempted to use for itself.
  const own = { DENO_DIR: "/mine", base: "b", folder: "f", cache: "c", digest: "d", start: "s", new: "n", tool: "t" };
  const full = await variables(own);
  for (const [name, value] of Object.entries(own)) assert.equal(full.get(name), value, name);
  assert.equal(full.get("COFFER_RUNTIME_VARIABLES")!.includes("DENO_DIR"), false);
  assert.equal(full.get("PATH"), file.env.PATH);
});

Deno.test("what is unpacked is for its owner alone, whatever the umask", async () => {
  using file = await given();
  await run(file, { before: "umask 0" });
  const folder = unpacked(file.home);
  assert.equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
  assert.equal((await Deno.stat(`${file.home}/.cache/coffer`)).mode! & 0o777, 0o700);
  assert.equal((await Deno.stat(`${folder}/coffer`)).mode! & 0o777, 0o700);
  assert.equal((await Deno.stat(`${folder}/coffer.js`)).mode! & 0o777, 0o600);
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["coffer", "coffer.js"]);
});

Deno.test("a file that was changed anywhere behind the script unpacks nothing", async () => {
  using file = await given();
  const bytes = await Deno.readFile(file.file);
  const changes: [string, Uint8Array][] = [
    ["the program", bytes.map((byte, at) => at === 8192 ? byte ^ 1 : byte)],
    ["the runtime", bytes.map((byte, at) => at === bytes.length - 1 ? byte ^ 1 : byte)],
    ["cut off", bytes.slice(0, -1)],
    ["too long", new Uint8Array([...bytes, 0])],
  ];
  for (const [name, changed] of changes) {
    await Deno.writeFile(file.file, changed);
    const { code, text, stderr } = await run(file);
    assert.deepEqual([code, text], [125, ""], name);
    assert.match(stderr, /damaged/);
    assert.deepEqual([...Deno.readDirSync(unpacked(file.home))], [], name);
  }
});

Deno.test("a folder that is a symbolic link is refused, also when a program is there already", async () => {
  using file = await given();
  await run(file);
  const folder = unpacked(file.home);
  const elsewhere = `${file.folder.path}/elsewhere`;
  await Deno.rename(folder, elsewhere);
  await Deno.symlink(elsewhere, folder);
  assert.match((await run(file)).stderr, /symbolic link/);
  const base = `${file.home}/.cache/coffer`;
  await Deno.remove(folder);
  await Deno.rename(base, `${elsewhere}2`);
  await Deno.symlink(`${elsewhere}2`, base);
  const { code, text, stderr } = await run(file);
  assert.deepEqual([code, text], [125, ""]);
  assert.match(stderr, /symbolic link/);
});

Deno.test({
  name: "another user's folder is refused, also when a program is there already (needs root)",
  ignore: Deno.uid() !== 0,
  async fn() {
    using file = await given();
    await run(file);
    await Deno.chown(unpacked(file.home), 65534, 65534);
    const { code, text, stderr } = await run(file);
    assert.deepEqual([code, text], [125, ""]);
    assert.match(stderr, /another user/);
  },
});

Deno.test("first runs at the same time all succeed and leave one whole copy", async () => {
  using file = await given(`${RUNTIME}#${"x".repeat(1e6)}\n`);
  const runs = await Promise.all(Array.from({ length: 8 }, () => run(file, { args: ["exit", "3"] })));
  assert.deepEqual(runs.map(({ code, stderr }) => [code, stderr]), Array(8).fill([3, ""]));
  assert.deepEqual([...Deno.readDirSync(unpacked(file.home))].map(({ name }) => name).sort(), ["coffer", "coffer.js"]);
});

Deno.test("without a home the self-extracting file unpacks into a private folder of $TMPDIR", async () => {
  using file = await given();
  const { PATH } = file.env as { PATH: string };
  const temp = `${file.folder.path}/temp`;
  await Deno.mkdir(temp);
  // A home below a file cannot be made, not even by root, whom no mode keeps from writing.
  for (const home of [{}, { HOME: "" }, { HOME: `${file.file}/home` }]) {
    const { code, stderr } = await run(file, { args: ["exit", "4"], env: { PATH, TMPDIR: temp, ...home } });
    assert.deepEqual([code, stderr], [4, ""]);
  }
  const folder = `${temp}/coffer-${Deno.uid()}`;
  assert.deepEqual([...Deno.readDirSync(temp)].map(({ name }) => name), [`coffer-${Deno.uid()}`]);
  assert.equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
});

Deno.test({
  name: "a home that cannot be written to is no obstacle (needs root, to become somebody else)",
  ignore: Deno.uid() !== 0,
  async fn() {
    using file = await given();
    await Deno.chmod(file.folder.path, 0o711);
    await Deno.chmod(file.home, 0o555);
    const temp = `${file.folder.path}/temp`;
    await Deno.mkdir(temp);
    await Deno.chmod(temp, 0o1777);
    const { code, stderr } = await new Deno.Command(file.file, {
      args: ["exit", "5"],
      env: { ...file.env, TMPDIR: temp },
      clearEnv: true,
      uid: 65534,
      gid: 65534,
    }).output();
    assert.deepEqual([code, decoder.decode(stderr)], [5, ""]);
    assert.deepEqual([...Deno.readDirSync(temp)].map(({ name }) => name), ["coffer-65534"]);
  },
});

Deno.test("COFFER_RUNTIME_DIR says where to unpack", async () => {
  using file = await given();
  const env = { ...file.env, COFFER_RUNTIME_DIR: `${file.folder.path}/a folder/of mine` };
  assert.equal((await run(file, { args: ["exit", "6"], env })).code, 6);
  assert.equal([...Deno.readDirSync(`${file.folder.path}/a folder/of mine`)].length, 1);
  assert.deepEqual([...Deno.readDirSync(file.home)], []);
});

Deno.test("the first run names the tool that it misses", async () => {
  using file = await given();
  const bin = `${file.folder.path}/bin`;
  await Deno.mkdir(bin);
  const tools = ["mkdir", "mktemp", "tail", "head", "chmod", "mv", "rm", "uname", "sh", "sleep"];
  for (const tool of tools) await Deno.symlink(which(tool), `${bin}/${tool}`);
  const env = { ...file.env, PATH: bin };
  assert.match((await run(file, { env })).stderr, /needs the command gzip/);
  await Deno.symlink(which("gzip"), `${bin}/gzip`);
  const { code, stderr } = await run(file, { env });
  assert.equal(code, 125);
  assert.match(stderr, /sha256sum or shasum/);
});

Deno.test("a file for another system, and a runtime that does not run, are told apart from damage", async () => {
  using other = await given(RUNTIME, Deno.build.os === "darwin" ? "x86_64-unknown-linux-gnu" : "aarch64-apple-darwin");
  assert.match((await run(other)).stderr, /this file is for/);
  using broken = await given("#!/nowhere/sh\n");
  const { code, stderr } = await run(broken);
  assert.equal(code, 125);
  assert.match(stderr, /runtime cannot be run/);
});

for (const shell of [["dash"], ["bash", "--posix"], ["busybox", "sh"], ["ksh"], ["zsh", "--emulate", "sh"]]) {
  Deno.test({
    name: `the self-extracting file is for any POSIX shell: ${shell.join(" ")}`,
    ignore: !find(shell[0]!),
    async fn() {
      using file = await given();
      for (const _ of ["first", "later"]) {
        const { code, stdout, stderr } = await new Deno.Command(shell[0]!, {
          args: [...shell.slice(1), file.file, ...HARD_ARGUMENTS],
          env: { ...file.env },
          clearEnv: true,
        }).output();
        assert.deepEqual([code, decoder.decode(stderr)], [0, ""]);
        assert.deepEqual(decoder.decode(stdout).split("\0").slice(4), [...HARD_ARGUMENTS, ""]);
      }
    },
  });
}

Deno.test("the same parts make the same file", async () => {
  using one = await given();
  using other = await given();
  assert.deepEqual(await Deno.readFile(one.file), await Deno.readFile(other.file));
});

function which(program: string): string {
  const path = find(program);
  assert.ok(path, program);
  return path;
}

function find(program: string): string | undefined {
  const folders = Deno.env.get("PATH")!.split(":");
  return folders.map((folder) => `${folder}/${program}`).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}
