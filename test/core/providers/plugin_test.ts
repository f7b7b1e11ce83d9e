import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import type { ProviderConfig, Surroundings } from "../../../core/providers/kind.ts";
import { plugin } from "../../../core/providers/plugin/plugin.ts";
import type { WritableProvider } from "../../../core/providers/provider.ts";
import { codeOf, persist, providerContract, secret, take, textOf } from "../../contract/provider.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { eventually } from "../../fixture/coffer_cli.ts";
import { ROOT, TARGETS } from "../../fixture/coffer_targets.ts";
import { goPrograms } from "../../fixture/go_plugin.ts";
import { isAlive, pidIn } from "../../fixture/processes.ts";
import { type TemporaryFolder, temporaryFolder } from "../../fixture/temporary_folder.ts";

const GO = await goPrograms();
const BUNDLE = TARGETS.find(({ name }) => name === "bundle");

/** Whoever plays the plugin: a program in Go where there is Go, and always one of ours. */
const PEERS = [
  { name: "a Go plugin", lacking: GO.lacking, command: [GO.plugin!] },
  {
    name: "a double",
    lacking: undefined,
    command: [
      ...[Deno.execPath(), "run", "-A", "-q", "--no-lock", "--no-check", "--cached-only", "--no-code-cache"],
      ...["--config", `${ROOT}/deno.json`, `${ROOT}/test/program/plugin_double.ts`],
    ],
  },
];
type Peer = typeof PEERS[number];

/** A folder with a program in it that starts a peer, and what the provider says to its user. */
class Bench implements Disposable {
  readonly #folder: TemporaryFolder = temporaryFolder("memory");
  readonly warnings: string[] = [];
  readonly around: Surroundings = {
    env: (name) => name === "XDG_RUNTIME_DIR" ? this.path : Deno.env.get(name),
    cwd: this.path,
    secretsOf: () => assert.fail("a plugin needs no stack"),
    warn: (text) => this.warnings.push(text),
  };

  get path(): string {
    return this.#folder.path;
  }

  /** A shell script, as a plugin. */
  script(text: string, mode = 0o755): string {
    const path = `${this.path}/fake-${crypto.randomUUID()}`;
    Deno.writeTextFileSync(path, `#!/bin/sh\n${text}\n`);
    Deno.chmodSync(path, mode);
    return path;
  }

  peer({ command }: Peer): string {
    return this.script(`exec ${command.map((word) => `'${word}'`).join(" ")} "$@"`);
  }

  async open(path: string, mode: string, more: ProviderConfig = {}): Promise<WritableProvider> {
    const config = table({ folder: this.path, pid: `${this.path}/pid` });
    const given = { plugin: `fake.${mode}`, path, start_timeout: "60s", config, ...more };
    return await plugin.open(given, this.around) as WritableProvider;
  }

  /** Nothing is left behind: no socket's folder. */
  assertClean(): void {
    const left = [...Deno.readDirSync(this.path)].filter(({ name }) => name.startsWith("coffer-plugin-"));
    assert.deepEqual(left, []);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

const EXCEPTIONS = {
  change: "the protocol has Resolve and Create only",
  persistAll: "the protocol has Resolve and Create only",
  list: "the protocol has Resolve and Create only",
  remove: "the protocol has Resolve and Create only",
  history: "the protocol has Resolve and Create only",
  bytes: "the protocol's values are UTF-8",
  fields: "the protocol's values are texts",
};

const CONTRACTED = [
  { title: "PluginProvider, a Go plugin", lacking: GO.lacking, command: PEERS[0]!.command, store: "files" },
  {
    title: "PluginProvider, Coffer itself",
    lacking: BUNDLE ? undefined : "x",
    command: BUNDLE?.command,
    store: "filesystem",
  },
];
for (const { title, lacking, command, store } of CONTRACTED) {
  providerContract(
    title,
    async () => {
      const bench = new Bench();
      const path = bench.script(`exec ${command!.map((word) => `'${word}'`).join(" ")} "$@"`);
      const config = table({ folder: `${bench.path}/secrets` });
      Deno.mkdirSync(`${bench.path}/secrets`, { mode: 0o700 });
      const [provider, second] = await Promise.all([1, 2].map(() => bench.open(path, store, { config })));
      return {
        provider: provider!,
        second: second!,
        async [Symbol.asyncDispose]() {
          await Promise.all([provider, second].map((one) => one![Symbol.asyncDispose]()));
          bench.assertClean();
          bench[Symbol.dispose]();
        },
      };
    },
    EXCEPTIONS,
    lacking !== undefined,
  );
}

function onEachPeer(name: string, check: (bench: Bench, peer: Peer) => Promise<void>, only?: string): void {
  for (const peer of PEERS) {
    if (only !== undefined && peer.name !== only) continue;
    Deno.test({
      name: `PluginProvider, ${peer.name}: ${name}${peer.lacking ? ` [ignored: ${peer.lacking}]` : ""}`,
      ignore: peer.lacking !== undefined,
      async fn() {
        using bench = new Bench();
        await check(bench, peer);
        bench.assertClean();
      },
    });
  }
}

onEachPeer("keeps and finds values, and passes its errors through as they are", async (bench, peer) => {
  await using provider = await bench.open(bench.peer(peer), "files");
  await persist(provider, "a", "value");
  assert.equal(await textOf(provider, "a"), "value");
  const [missing] = await provider.resolve([secret("none")]);
  assert.ok(missing instanceof Fault);
  assert.equal(missing.message, "no secret found at none in 100% of “fake”\n(second line)");
  await provider[Symbol.asyncDispose]();
  const pid = await pidIn(`${bench.path}/pid`);
  assert.ok(!isAlive(pid));
});

const FAILING: readonly (readonly [mode: string, code: string, pattern: RegExp])[] = [
  ["crash", "UNAVAILABLE", /ended with 7 \(panic: out of ideas\) in the middle of a call/],
  ["hang", "UNAVAILABLE", /did not answer within 2 s/],
  ["huge", "UNAVAILABLE", /more than 16 MiB/],
  ["lie", "UNAVAILABLE", /no answer/],
  ["binary", "UNAVAILABLE", /no answer/],
  ["flood", "UNAVAILABLE", /more than 64 MiB in a minute/],
];
for (const [mode, code, pattern] of FAILING) {
  onEachPeer(`a call that meets ${mode} fails for good, and the plugin is ended`, async (bench, peer) => {
    await using provider = await bench.open(bench.peer(peer), mode, { timeout: mode === "hang" ? "2s" : "60s" });
    // Several at once come to the same end, and nothing is handed out.
    const error = await fault(provider.resolve([secret("a"), secret("b"), secret("c")]));
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    const pid = await pidIn(`${bench.path}/pid`);
    await eventually(() => !isAlive(pid), "its end");
    bench.assertClean();
  });
}

onEachPeer("what it says is shown when it warns, without the values that went through it", async (bench, peer) => {
  await using provider = await bench.open(bench.peer(peer), "gossip");
  assert.equal(await textOf(provider, "a"), "hunter2-gossip");
  await eventually(() => bench.warnings.length >= 2, "the warnings");
  assert.deepEqual(bench.warnings, ["the plugin fake resolved", "the plugin fake the value of it is *******"]);
});

onEachPeer("it gets the environment that it needs, and nothing of ours", async (bench, peer) => {
  for (const name of ["COFFER_PASSPHRASE", "UNRELATED", "FAKE_TOKEN", "FAKE_OTHER", "LC_TEST"]) Deno.env.set(name, "x");
  await using provider = await bench.open(bench.peer(peer), "environment", { env: ["FAKE_*", "C*"] });
  await provider.resolve([secret("a")]);
  const text = Deno.readTextFileSync(`${bench.path}/environment`);
  for (const name of ["COFFER_", "UNRELATED"]) assert.ok(!text.includes(name), name);
  for (const name of ["FAKE_TOKEN", "FAKE_OTHER", "LC_TEST", "HOME"]) assert.ok(text.includes(name), name);
  const folder = /"?TMPDIR"?[=:]"?([^"\n]*)/.exec(text)![1]!;
  assert.match(folder.slice(bench.path.length), /^\/coffer-plugin-/);
  assert.equal(Deno.statSync(folder).mode! & 0o777, 0o700);
  for (const name of ["COFFER_PASSPHRASE", "UNRELATED", "FAKE_TOKEN", "FAKE_OTHER", "LC_TEST"]) Deno.env.delete(name);
});

onEachPeer("it can be reached at the loopback", async (bench, peer) => {
  await using provider = await bench.open(bench.peer(peer), "tcp");
  await persist(provider, "a", "value");
  assert.equal(await textOf(provider, "a"), "value");
}, "a double");

onEachPeer("many calls at once, and one of them that fails in between", async (bench, peer) => {
  await using provider = await bench.open(bench.peer(peer), "files");
  const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);
  await Promise.all(keys.filter((_, i) => i !== 100).map((key) => persist(provider, key, `of ${key}`)));
  const results = await provider.resolve(keys.map(secret));
  assert.deepEqual(results.map(codeOf), keys.map((_, i) => i === 100 ? "NOT_FOUND" : "ok"));
  results.forEach((result, i) => i === 100 || assert.equal(take(result), `of ${keys[i]}`));
}, "a Go plugin");

onEachPeer("what is larger than a message is refused before it is sent", async (bench, peer) => {
  await using provider = await bench.open(bench.peer(peer), "files");
  await persist(provider, "fits", "x".repeat(4 * 1024 * 1024 - 1024));
  await assertFault("UNSUPPORTED", () => persist(provider, "a", "x".repeat(4 * 1024 * 1024)));
  const [refused] = await provider.resolve([secret("k".repeat(4 * 1024 * 1024))]);
  assert.equal(codeOf(refused!), "UNSUPPORTED");
  assert.equal((await textOf(provider, "fits"))!.length, 4 * 1024 * 1024 - 1024);
}, "a Go plugin");

onEachPeer("one that was killed is started again by the next call", async (bench, peer) => {
  await using provider = await bench.open(bench.peer(peer), "files");
  await persist(provider, "a", "value");
  Deno.kill(await pidIn(`${bench.path}/pid`), "SIGKILL");
  await eventually(async () => await textOf(provider, "a").catch(() => undefined) === "value", "another one");
}, "a Go plugin");

const NOT_STARTING: Readonly<Record<string, readonly [script: string, code: string, pattern: RegExp]>> = {
  "ends at once": ["echo 'no such vault' >&2; exit 3", "UNAVAILABLE", /ended with 3 \(no such vault\)/],
  "is killed": ["kill -9 $$", "UNAVAILABLE", /was ended by SIGKILL/],
  "says nothing": ["sleep 60", "UNAVAILABLE", /did not say within 0.5 s/],
  "closes stdout and stays": ["exec >&-; sleep 60", "UNAVAILABLE", /did not say within 0.5 s/],
  "prints something else": ["echo starting up; sleep 60", "CONFIG", /something else than where it listens/],
  "prints without end": ["exec cat /dev/zero", "CONFIG", /prints without end/],
  "logs without end": ["cat /dev/zero >&2", "UNAVAILABLE", /more than 64 MiB|did not say/],
  "speaks another go-plugin": [`echo '2|2|unix|/tmp/p|grpc|'; sleep 60`, "CONFIG", /version 2 of go-plugin, not 1/],
  "speaks an older protocol": [
    `echo '1|1|unix|/tmp/p|grpc|'; sleep 60`,
    "CONFIG",
    /version 1 of the secrets protocol, not 2/,
  ],
  "speaks net/rpc": [`echo '1|2|unix|/tmp/p|netrpc|'; sleep 60`, "CONFIG", /gRPC/],
  "listens elsewhere": [`echo '1|2|tcp|192.0.2.1:1|grpc|'; sleep 60`, "CONFIG", /no place of this machine/],
  "takes everybody": [`echo '1|2|unix|/tmp/p|grpc|'; sleep 60`, "DENIED", /no certificate/],
  "shows no certificate": [
    `echo '1|2|unix|/tmp/p|grpc|${"!".repeat(99)}'; sleep 60`,
    "CONFIG",
    /certificate that is none/,
  ],
};
for (const [name, [script, code, pattern]] of Object.entries(NOT_STARTING)) {
  Deno.test(`PluginProvider: one that ${name} is told apart, and ended`, async () => {
    using bench = new Bench();
    const path = bench.script(`echo $$ > '${bench.path}/pid'\n${script}`);
    await using provider = await bench.open(path, "any", { start_timeout: "500ms", timeout: "2s" });
    const error = await fault(provider.resolve([secret("a")]));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, pattern);
    const pid = await pidIn(`${bench.path}/pid`);
    await eventually(() => !isAlive(pid), "its end");
    bench.assertClean();
  });
}

Deno.test("PluginProvider: a plugin that is not there, not a program, not the pinned one or anybody's does not start", async () => {
  using bench = new Bench();
  const ran = `${bench.path}/ran`;
  const path = bench.script(`touch '${ran}'`);
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", Deno.readFileSync(path))).toHex();
  const refused: readonly (readonly [code: string, path: string, more?: ProviderConfig])[] = [
    ["CONFIG", `${bench.path}/none`],
    ["CONFIG", bench.path],
    ["CONFIG", bench.script("", 0o644)],
    ["DENIED", bench.script(`touch '${ran}'`, 0o777)],
    ["DENIED", path, { sha256: "0".repeat(64) }],
  ];
  for (const [code, path, more] of refused) {
    await using provider = await bench.open(path, "any", more);
    assert.equal((await fault(provider.resolve([secret("a")]))).code, code, path);
  }
  assert.throws(() => Deno.statSync(ran), Deno.errors.NotFound);
  await using pinned = await bench.open(path, "any", { sha256: sha256.toUpperCase() });
  await fault(pinned.resolve([secret("a")]));
  assert.ok(Deno.statSync(ran).isFile);
});

Deno.test("PluginProvider: a plugin is looked for among Coffer's own, then Porter's", async () => {
  using bench = new Bench();
  const install = (home: string, text: string) => {
    Deno.mkdirSync(`${bench.path}/${home}/plugins/fake`, { recursive: true });
    Deno.renameSync(bench.script(`echo "${text}" >&2; exit 1`), `${bench.path}/${home}/plugins/fake/fake`);
  };
  const env = (name: string) =>
    ({ COFFER_HOME: `${bench.path}/coffer`, PORTER_HOME: "porter", XDG_RUNTIME_DIR: bench.path } as Record<
      string,
      string
    >)[name];
  const said = async () => {
    await using provider = await plugin.open({ plugin: "secrets.fake.any" }, { ...bench.around, env });
    return (await fault(provider.resolve([secret("a")]))).message;
  };
  assert.match(await said(), /there is no plugin fake/);
  install("porter", "porter's");
  assert.match(await said(), /porter's/);
  install("coffer", "own");
  assert.match(await said(), /own/);
});

Deno.test("PluginProvider: a configuration that cannot be meant is refused", async () => {
  using bench = new Bench();
  for (
    const config of [
      {},
      { plugin: "azure" },
      { plugin: "filesystem" },
      { plugin: "a.b.c.d" },
      { plugin: "../x.y" },
      { plugin: "fake.a", path: "relative" },
      { plugin: "fake.a", sha256: "abc" },
      { plugin: "fake.a", env: ["COFFER_PASSPHRASE"] },
      { plugin: "fake.a", env: ["A=B"] },
      { plugin: "fake.a", timeout: "soon" },
      { plugin: "fake.a", start_timeout: 5 },
      { plugin: "fake.a", config: "text" },
      { plugin: "fake.a", unknown: "x" },
    ]
  ) await assertFault("CONFIG", () => plugin.open(config, bench.around));
});

Deno.test({
  name: "PluginProvider: when Coffer is killed, the plugin and its folder go as well",
  async fn() {
    using bench = new Bench();
    const peer = PEERS.find(({ lacking }) => lacking === undefined)!;
    const config = {
      plugin: "fake.files",
      path: bench.peer(peer),
      config: { folder: bench.path, pid: `${bench.path}/pid` },
    };
    const program = `
      const { plugin } = await import(${JSON.stringify(`${ROOT}/core/providers/plugin/plugin.ts`)});
      const config = ${JSON.stringify(config)};
      config.config = Object.assign(Object.create(null), config.config);
      const around = { env: (name) => name === "XDG_RUNTIME_DIR" ? ${
      JSON.stringify(bench.path)
    } : Deno.env.get(name), cwd: "/", warn() {} };
      const provider = await plugin.open(config, around);
      await provider.resolve([{ kind: "secret", hint: "a" }]);
      console.log("started");
      setInterval(() => {}, 1000);`;
    const flags = ["eval", "--no-lock", "--no-check", "--config", `${ROOT}/deno.json`, program];
    const child = new Deno.Command(Deno.execPath(), { args: flags, stdout: "piped" }).spawn();
    const reader = child.stdout.getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "started\n");
    const pid = await pidIn(`${bench.path}/pid`);
    assert.ok(isAlive(pid));
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    await eventually(() => !isAlive(pid), "the plugin's end");
    await eventually(
      () => ![...Deno.readDirSync(bench.path)].some(({ name }) => name.startsWith("coffer-plugin-")),
      "its folder",
    );
  },
});

/** As a table of a configuration file is. */
function table(entries: Record<string, unknown>): ProviderConfig {
  return Object.assign(Object.create(null), entries);
}

async function fault(steps: Promise<unknown>): Promise<Fault> {
  try {
    await steps;
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return error;
  }
  return assert.fail("it did not fail");
}
