/** Coffer as a plugin of Porter's, spoken to as Porter does. With Go's own library: porter_go_plugin_test.ts. */
import assert from "node:assert/strict";
import { makeSelfSigned } from "../../core/certificate/self_signed.ts";
import { VARIABLES } from "../../core/go_plugin/handshake.ts";
import { pluginCertificate } from "../../core/go_plugin/plugin_certificate.ts";
import { AWKWARD_KEYS } from "../contract/provider.ts";
import { type Coffer, endToEnd, eventually, filesBelow } from "../fixture/coffer_cli.ts";
import { PluginHost, PORTERS_ENVIRONMENT } from "../fixture/plugin_host.ts";
import { isAlive, pidIn, saying } from "../fixture/processes.ts";

const UNKNOWN = 2, UNIMPLEMENTED = 12;

endToEnd(
  "as a plugin, Coffer says where it listens, keeps what is created, and ends when it is told to",
  async (coffer) => {
    await coffer.given({ "db/password": "hunter2" });
    await using host = await PluginHost.start(coffer, "sealed");
    assert.match(host.line, /^1\|2\|unix\|\/.+\|grpc\|$/);
    const { mode } = Deno.lstatSync(host.socket);
    const folder = host.socket.slice(0, host.socket.lastIndexOf("/"));
    assert.deepEqual([mode! & 0o777, Deno.lstatSync(folder).mode! & 0o777], [0o600, 0o700]);
    assert.equal(await host.resolve("db/password"), "hunter2");
    for (const text of ["", "first", "ü日本🙂\n"]) {
      await host.create("01J9ZV6XQ4T7N0B8K3M5R2WYCD-password", text);
      assert.equal(await host.resolve("01J9ZV6XQ4T7N0B8K3M5R2WYCD-password"), text);
    }
    await host.shutdown();
    const shutdown = performance.now();
    assert.equal((await host.status).code, 0);
    assert.ok(performance.now() - shutdown < 2000, "Porter would have killed it"); // half a second on an idle machine
    assert.throws(() => Deno.lstatSync(folder), Deno.errors.NotFound);
    assert.equal(await host.nextLine(), undefined);
    assert.ok(!/hunter2|first|日本/.test(await host.stderr));
    assert.equal(await coffer.ok(["get", "01J9ZV6XQ4T7N0B8K3M5R2WYCD-password"]), "ü日本🙂\n");
    const audit = await coffer.json(["audit"]) as { operation: string; access: string }[];
    assert.deepEqual(
      audit.filter(({ operation }) => operation === "plugin").map(({ access }) => access),
      ["read", "write", "read", "write", "read", "write", "read"],
    );
  },
);

endToEnd("a plugin's name without Porter's cookie is no command, unless it is behind --", async (coffer) => {
  for (const cookie of [undefined, "", "wrong"]) {
    const { code, text, stderr } = await coffer.run(["run", "secrets.coffer.sealed"], { env: { PORTER: cookie } });
    assert.deepEqual([code, text], [1, ""]);
    assert.match(stderr, /^This binary is a plugin\. These are not meant to be executed directly\.\n/);
  }
  await coffer.given();
  const { code } = await coffer.run(["run", "--", "secrets.coffer.sealed"], { env: PORTERS_ENVIRONMENT });
  assert.equal(code, 127);
});

endToEnd("every form of configuration on stdin starts a plugin, and anything else does not", async (coffer) => {
  const folder = `${coffer.root}/plain`;
  for (const config of ["", "null", "{}", " {} \n", JSON.stringify({ folder }), `{"project":"${coffer.root}"}\n`]) {
    await using host = await PluginHost.start(coffer, "filesystem", { config });
    await assertFailure(host.resolve("none"), UNKNOWN);
  }
  for (const config of ["{", "[]", "7", '"text"', "{} {}", "x".repeat(2_000_000)]) {
    await using host = await PluginHost.launch(coffer, "filesystem", { config });
    assert.equal((await host.status).code, 1);
    assert.equal(await host.nextLine(), undefined);
    assert.notEqual(await host.stderr, "");
  }
  await using unknown = await PluginHost.launch(coffer, "nothing");
  assert.equal((await unknown.status).code, 1);
  assert.match(await unknown.stderr, /invalid plugin key specified: "secrets\.coffer\.nothing"/);
}, { targets: ["bundle"] });

endToEnd("with AutoMTLS, a plugin takes nobody but its host", async (coffer) => {
  await using host = await PluginHost.start(coffer, "filesystem", {
    config: `{"folder":"${coffer.root}/plain"}`,
    mtls: true,
  });
  assert.ok(host.handshake.certificate!.length > 200);
  await host.create("a", "value");
  assert.equal(await host.resolve("a"), "value");
  for (const certificate of [undefined, await makeSelfSigned(pluginCertificate(new Date()))]) {
    assert.equal(await host.letsIn(certificate), false);
  }
  assert.equal(await host.letsIn(host.own), true);
  assert.equal(await host.resolve("a"), "value");
});

endToEnd("a plugin puts its socket where its host says, and agrees to multiplexing", async (coffer) => {
  const place = `${coffer.root}/s`;
  Deno.mkdirSync(place);
  for (const multiplexing of ["true", "0"]) {
    const env = { [VARIABLES.socketFolder]: place, [VARIABLES.multiplexing]: multiplexing, XDG_RUNTIME_DIR: undefined };
    await using host = await PluginHost.start(coffer, "host", { env });
    assert.ok(host.socket.startsWith(`${place}/`));
    assert.ok(host.line.endsWith("|grpc||true")); // as go-plugin answers to any value
    assert.equal(Deno.lstatSync(host.socket).mode! & 0o777, 0o600);
    if (multiplexing === "0") assert.equal(await host.resolve("x", "value"), "x");
    Deno.kill(host.pid, "SIGTERM");
    assert.equal((await host.status).code, 0);
    assert.deepEqual([...Deno.readDirSync(place)], []);
  }
}, { targets: ["bundle"] });

endToEnd("what a store cannot do is told in Porter's words", async (coffer) => {
  await using host = await PluginHost.start(coffer, "host", { env: { SAMPLE: "from the environment" } });
  assert.equal(await host.resolve("SAMPLE", "env"), "from the environment");
  assert.equal(await host.resolve("SAMPLE", "ENV"), "from the environment");
  assert.equal(await host.resolve("as it is", "value"), "as it is");
  await assertFailure(
    host.create("a", "b"),
    UNKNOWN,
    "the default secrets plugin, secrets.porter.host, does not support persisting secrets: not implemented",
  );
  await assertFailure(host.resolve("a"), UNKNOWN, "unsupported keyName secret");
  await assertFailure(host.resolve("a", "vault"), UNKNOWN, "unsupported keyName vault");
  await assertFailure(host.call("/plugins.SecretsProtocol/List", new Uint8Array(0)), UNIMPLEMENTED);
}, { targets: ["bundle"] });

for (const store of ["sealed", "filesystem"]) {
  endToEnd(`whatever a key looks like, the ${store} plugin keeps it inside, and finds it again`, async (coffer) => {
    await coffer.given();
    const before = filesOutside(coffer);
    await using host = await PluginHost.start(coffer, store, {
      config: store === "sealed" ? "" : `{"folder":"${coffer.project}/.coffer/plain"}`,
    });
    for (const key of AWKWARD_KEYS) await host.create(key, `of ${key}`);
    for (const key of AWKWARD_KEYS) assert.equal(await host.resolve(key), `of ${key}`);
    assert.deepEqual(filesOutside(coffer), before);
  }, { targets: ["bundle"] });
}

endToEnd(
  "a plugin carries 6 MiB, and 32 calls at once; a field of a secret, and no bytes that are no text",
  async (coffer) => {
    await coffer.given({ bytes: new Uint8Array([0xff, 0xfe]) });
    await coffer.ok(["set", "db", "--field", "password"], { stdin: "hunter2" });
    await using host = await PluginHost.start(coffer, "sealed");
    const large = "0123456789abcdef".repeat(6 * 65_536);
    await host.create("large", large);
    assert.ok(await host.resolve("large") === large);
    const keys = Array.from({ length: 32 }, (_, i) => `parallel/${i}`);
    await Promise.all(keys.map((key) => host.create(key, key)));
    assert.deepEqual(await Promise.all(keys.map((key) => host.resolve(key))), keys);
    assert.equal(await host.resolve("db#password"), "hunter2");
    assert.equal(await host.resolve("db"), '{"password":"hunter2"}');
    await assertFailure(host.resolve("bytes"), UNKNOWN);
    await assertFailure(host.resolve("schlüssel – 100%: #/?\n“no”"), UNKNOWN);
  },
  { targets: ["bundle"] },
);

endToEnd("a plugin asks nobody for a passphrase, and goes on once there is one", async (coffer) => {
  await coffer.given({ a: "value" });
  const env = { COFFER_PASSPHRASE: undefined };
  await using host = await PluginHost.start(coffer, "sealed", { env });
  await assertFailure(host.resolve("a"), UNKNOWN, /coffer serve.*COFFER_PASSPHRASE_FILE/);
  const server = coffer.spawn(["serve"], { stdin: "" });
  const output = Promise.all([
    server.stdin.close(),
    new Response(server.stdout).text(),
    new Response(server.stderr).text(),
  ]);
  try {
    await eventually(async () => await host.resolve("a").catch(() => undefined) === "value", "the server's key");
  } finally {
    server.kill("SIGTERM");
    await Promise.all([output, server.status]);
  }
  assert.equal(await host.resolve("a"), "value"); // it stays open
}, { targets: ["bundle"] });

endToEnd("a plugin ends with its host, at SIGTERM, and not at Ctrl-C", async (coffer) => {
  await using host = await PluginHost.start(coffer, "host");
  Deno.kill(host.pid, "SIGINT");
  assert.equal(await host.resolve("x", "value"), "x");
  Deno.kill(host.pid, "SIGTERM");
  assert.equal((await host.status).code, 0);
  assert.throws(() => Deno.lstatSync(host.socket), Deno.errors.NotFound);

  // A shell as host, which is killed and can tell it nothing.
  const [pidFile, out] = [`${coffer.root}/pid`, `${coffer.root}/out`];
  const command = coffer.command(["run", "secrets.coffer.host"]).map((word) => `'${word}'`).join(" ");
  const child = new Deno.Command("sh", {
    args: ["-c", `${command} </dev/null >'${out}' & ${saying(pidFile, "$!")}; wait`],
    env: coffer.environment(PORTERS_ENVIRONMENT),
    clearEnv: true,
    cwd: coffer.project,
  }).spawn();
  const pid = await pidIn(pidFile);
  await eventually(() => Deno.readTextFileSync(out).includes("\n"), "the handshake");
  child.kill("SIGKILL");
  await child.status;
  await eventually(() => !isAlive(pid), "the plugin's end");
  assert.throws(() => Deno.lstatSync(Deno.readTextFileSync(out).split("|")[3]!), Deno.errors.NotFound);
}, { targets: ["bundle"] });

async function assertFailure(call: Promise<unknown>, code: number, details: string | RegExp = /./): Promise<void> {
  await assert.rejects(call, (error: { code: number; details: string }) => {
    assert.equal(error.code, code, error.details);
    if (typeof details === "string") assert.equal(error.details, details);
    else assert.match(error.details, details);
    return true;
  });
}

/** What is anywhere but in the project's folder and Coffer's own. */
function filesOutside(coffer: Coffer): string[] {
  const own = [`${coffer.project}/.coffer/`, `${coffer.home}/.coffer/`, `${coffer.home}/.cache/`];
  return [...filesBelow(coffer.root).keys()].filter((path) => !own.some((folder) => path.startsWith(folder))).sort();
}
