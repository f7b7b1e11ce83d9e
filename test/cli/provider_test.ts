/** A stack whose secrets are with a provider, through the command line: with a Vault, and with plain files. */
import assert from "node:assert/strict";
import { BUNDLE_ONLY, Coffer, endToEnd, filesBelow } from "../fixture/coffer_cli.ts";
import { NO_PASSPHRASE, serve } from "../fixture/coffer_server.ts";
import { openBao, startBaoDevServer } from "../fixture/openbao.ts";

const LOCAL = { API_KEY: "local-value", "db/password": "local-password" };
const BAO = await openBao();
const WITH_BAO = { ...BUNDLE_ONLY, lacking: BAO.lacking };

/** A Vault that a stack can be registered with. */
interface Vault extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
}

async function bao(): Promise<Vault> {
  const server = await startBaoDevServer();
  return {
    url: `${server.address}/secret`,
    token: server.token,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Another Coffer, of another person, whose stack `dev` is served. */
async function anotherCoffer(coffer: Coffer): Promise<Vault> {
  const theirs = new Coffer(coffer.target);
  await theirs.given({});
  const server = await serve(theirs);
  return {
    url: `${server.url}/dev`,
    token: server.token,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      theirs[Symbol.dispose]();
    },
  };
}

async function register(coffer: Coffer, { url, token }: Vault, ...more: string[]): Promise<void> {
  await coffer.ok(["provider", "register", "--url", url, "--token-stdin", ...more], { stdin: `${token}\n` });
}

const digestsIn = (coffer: Coffer) =>
  Object.fromEntries(
    [...filesBelow(coffer.stackFolder())].filter(([path]) => !path.endsWith("provider.json")).map((
      [path, bytes],
    ) => [path, new TextDecoder("latin1").decode(bytes)]),
  );

async function endUse(coffer: Coffer, vault: Vault): Promise<void> {
  await coffer.given(LOCAL);
  const before = digestsIn(coffer);
  await register(coffer, vault);
  assert.deepEqual(await coffer.json(["list"]), [], "the Vault is empty");
  // Reads and writes go there.
  assert.deepEqual(await coffer.json(["set", "API_KEY"], { stdin: "s1" }), { name: "API_KEY", version: 1 });
  assert.deepEqual(await coffer.json(["set", "API_KEY"], { stdin: "s2\n" }), { name: "API_KEY", version: 2 });
  assert.equal(await coffer.ok(["get", "API_KEY"]), "s2");
  assert.equal(await coffer.ok(["get", "API_KEY", "--version", "1"]), "s1");
  const history = await coffer.json(["history", "API_KEY"]) as { versions: { version: number }[] };
  assert.deepEqual(history.versions.map(({ version }) => version), [2, 1]);
  assert.deepEqual(await coffer.json(["rollback", "API_KEY", "1"]), { name: "API_KEY", version: 3 });
  const odd = "a\n\n  é\u0000b\n";
  await coffer.ok(["set", "odd", "--from-file", coffer.file("odd", odd)]);
  assert.equal(await coffer.ok(["get", "odd"]), odd);
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  await coffer.ok(["set", "bytes", "--from-file", coffer.file("bytes", bytes)]);
  assert.deepEqual((await coffer.run(["get", "bytes"])).stdout, bytes);
  await coffer.ok(["set", "db", "--field", "user"], { stdin: "ada" });
  await coffer.ok(["set", "db", "--field", "password"], { stdin: "of-ada" });
  assert.equal(await coffer.ok(["get", "db", "--field", "user"]), "ada", "its neighbour is still there");
  assert.deepEqual(await coffer.json(["list"]), ["API_KEY", "bytes", "db", "odd"]);
  const imported = await coffer.json(["import", "-", "-f", "dotenv"], { stdin: "API_KEY=s1\nNEW=n\n" });
  assert.deepEqual(imported, { added: 1, updated: 0, unchanged: 1, names: ["API_KEY", "NEW"] });
  await coffer.ok(["rm", "bytes", "odd"]);
  await coffer.fault("NOT_FOUND", ["rm", "NEW", "none"]);
  await coffer.fault("NOT_FOUND", ["get", "db/password"]);
  assert.deepEqual(await coffer.json(["list"]), ["API_KEY", "NEW", "db"]);
  // And so does what uses them.
  const script = 'test "$API_KEY" = s1 && test "$DB_USER" = ada && echo "$API_KEY-of-run"';
  assert.equal(await coffer.ok(["run", "-s", "API_KEY", "-s", "db#user", "--", "sh", "-c", script]), "s1-of-run\n");
  const long = await coffer.ok(["run", "-s", "db#password", "--", "sh", "-c", 'echo "$DB_PASSWORD"']);
  assert.equal(long, "*******\n");
  assert.equal(await coffer.ok(["inject"], { stdin: "k={{ coffer:///API_KEY }}" }), "k=s1");
  assert.deepEqual(JSON.parse(await coffer.ok(["export", "-f", "json", "--prefix", "NEW"])), { NEW: "n" });
  await coffer.fault("NOT_FOUND", ["run", "-s", "none", "-s", "API_KEY", "--", "true"]);
  assert.deepEqual(digestsIn(coffer), before, "the stack's own secrets are as they were");
  // No token in any file, and no value that went there.
  for (const [path, content] of filesBelow(coffer.root)) {
    const text = new TextDecoder("latin1").decode(content);
    for (const secret of [vault.token, "of-ada"]) assert.ok(!text.includes(secret), path);
  }
  await coffer.ok(["provider", "unregister"]);
  assert.equal(await coffer.ok(["get", "API_KEY"]), LOCAL.API_KEY);
  assert.deepEqual(await coffer.json(["list"]), ["API_KEY", "db/password"]);
}

endToEnd("a stack's secrets are with an OpenBao from when it is registered until it is not", async (coffer) => {
  await using vault = await bao();
  await endUse(coffer, vault);
}, WITH_BAO);

endToEnd("a stack's secrets are with another Coffer from when it is registered until it is not", async (coffer) => {
  await using vault = await anotherCoffer(coffer);
  await endUse(coffer, vault);
}, BUNDLE_ONLY);

endToEnd("coffer provider register keeps nothing unless everything is right", async (coffer) => {
  await coffer.given(LOCAL);
  await using vault = await anotherCoffer(coffer);
  const attempt = (url: string, token = vault.token) =>
    [["provider", "register", "--url", url, "--token-stdin"], { stdin: token }] as const;
  const { port } = new URL(vault.url);
  await coffer.fault("UNAVAILABLE", ...attempt("http://127.0.0.1:1/dev"));
  await coffer.fault("DENIED", ...attempt(vault.url, "hvs.wrong"));
  await coffer.fault("CONFIG", ...attempt("http://vault.example/dev"));
  const notLoopback = ["provider", "register", "--url", "http://0.0.0.0:1/dev", "--token-stdin"];
  await coffer.fault("CONFIG", notLoopback, { stdin: "t" });
  await coffer.fault("UNAVAILABLE", [...notLoopback, "--allow-http"], { stdin: "t" });
  await coffer.fault("USAGE", ["provider", "register", "--kind", "plugin", "--allow-http"]);
  await coffer.fault("CONFIG", ...attempt("not a url"));
  await coffer.fault("USAGE", ...attempt(vault.url, ""));
  await coffer.fault("UNSUPPORTED", ["provider", "register", "--kind", "sealed"]);
  await coffer.fault("USAGE", ["provider", "register", "--kind", "filesystem", "--url", vault.url]);
  await coffer.fault("USAGE", ["provider", "register", "--kind", "plugin", "--token-stdin"], { stdin: "t" });
  await coffer.fault("USAGE", [...attempt(vault.url)[0], "--cache-ttl", "0"], { stdin: vault.token });
  const config = coffer.file("vault.json", JSON.stringify({ prefix: "folder" }));
  await coffer.fault("USAGE", [...attempt(vault.url)[0], "--config", config], { stdin: vault.token });
  {
    await using own = await serve(coffer);
    await coffer.fault("CONFLICT", ...attempt(`${own.url}/dev`, own.token));
  }
  for (const mount of ["none", "dev/data"]) {
    const { code } = await coffer.run(...attempt(`http://127.0.0.1:${port}/${mount}`));
    assert.ok([3, 4, 5].includes(code), `${mount}: ${code}`);
  }
  assert.ok(![...filesBelow(coffer.stackFolder()).keys()].some((path) => path.endsWith("provider.json")));
  assert.equal(await coffer.ok(["get", "API_KEY"]), LOCAL.API_KEY);
  await register(coffer, vault);
  await coffer.fault("CONFLICT", ...attempt(vault.url));
  assert.deepEqual(await coffer.json(["provider", "show"]), {
    stack: "dev",
    provider: "vault",
    created: (await coffer.json(["provider", "show"]) as { created: string }).created,
    url: vault.url,
  });
  await coffer.ok(["provider", "unregister"]);
  await coffer.fault("NOT_FOUND", ["provider", "unregister"]);
  assert.deepEqual(await coffer.json(["provider", "show"]), { stack: "dev", provider: "sealed" });
}, BUNDLE_ONLY);

endToEnd("a provider is one stack's, and goes with its keys", async (coffer) => {
  await coffer.given(LOCAL);
  await coffer.given({ API_KEY: "of staging" }, "staging");
  await using vault = await anotherCoffer(coffer);
  await register(coffer, vault);
  await coffer.ok(["set", "API_KEY"], { stdin: "from the vault" });
  assert.equal(await coffer.ok(["get", "API_KEY", "--stack", "staging"]), "of staging");
  await coffer.ok(["rekey"]);
  await coffer.ok(["passphrase", "change", "--work-factor", "10"], {
    env: { COFFER_NEW_PASSPHRASE: "a new long passphrase" },
  });
  const env = { COFFER_PASSPHRASE: "a new long passphrase" };
  assert.equal(await coffer.ok(["get", "API_KEY"], { env }), "from the vault");
  await coffer.ok(["verify"], { env });
  const path = `${coffer.stackFolder()}/provider.json`;
  const text = Deno.readTextFileSync(path);
  Deno.writeTextFileSync(path, text.replace('"vault"', '"host"'));
  await coffer.fault("TAMPERED", ["get", "API_KEY"], { env });
  await coffer.fault("TAMPERED", ["set", "API_KEY"], { env, stdin: "x" });
  assert.equal((await coffer.run(["verify"], { env })).code, 7);
}, BUNDLE_ONLY);

endToEnd("coffer provider migrate copies everything, both ways, and verifies it", async (coffer) => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256);
  await coffer.given({ ...LOCAL, bytes });
  await coffer.ok(["set", "fields", "--field", "a"], { stdin: "b" });
  await using vault = await anotherCoffer(coffer);
  await coffer.fault("NOT_FOUND", ["provider", "migrate", "--to", "provider"]);
  await register(coffer, vault);
  const names = ["API_KEY", "bytes", "db/password", "fields"];
  assert.deepEqual(await coffer.json(["provider", "migrate", "--to", "provider"]), { copied: names, unchanged: [] });
  assert.deepEqual(await coffer.json(["list"]), names);
  assert.deepEqual((await coffer.run(["get", "bytes"])).stdout, bytes);
  assert.equal(await coffer.ok(["get", "fields", "--field", "a"]), "b");
  assert.deepEqual(await coffer.json(["provider", "migrate", "--to", "provider"]), { copied: [], unchanged: names });
  await coffer.ok(["set", "API_KEY"], { stdin: "newer" });
  await coffer.ok(["set", "NEW"], { stdin: "new" });
  await coffer.fault("CONFLICT", ["provider", "migrate", "--to", "stack"]);
  const back = await coffer.json(["provider", "migrate", "--to", "stack", "--replace"]);
  assert.deepEqual(back, { copied: ["API_KEY", "NEW"], unchanged: ["bytes", "db/password", "fields"] });
  await coffer.ok(["provider", "unregister"]);
  assert.equal(await coffer.ok(["get", "API_KEY"]), "newer");
  assert.equal(await coffer.ok(["get", "API_KEY", "--version", "1"]), LOCAL.API_KEY);
}, BUNDLE_ONLY);

endToEnd("values are there while the Vault is away, for as long as it was said", async (coffer) => {
  await coffer.given({});
  const env: Record<string, string> = {};
  {
    await using vault = await anotherCoffer(coffer);
    await register(coffer, vault, "--cache-ttl", "1h");
    await coffer.ok(["set", "A"], { stdin: "cached-value" });
    await coffer.ok(["set", "B"], { stdin: "never read" });
    assert.equal(await coffer.ok(["get", "A"]), "cached-value");
    assert.deepEqual(await coffer.json(["list"]), ["A", "B"]);
    assert.equal(await coffer.ok(["get", "A", "--offline"]), "cached-value");
  }
  const { text, stderr } = await coffer.run(["run", "-s", "A", "--no-mask", "--", "printenv", "A"], { env });
  assert.equal(text, "cached-value\n");
  assert.ok(stderr.includes("warning"));
  const offline = await coffer.run(["get", "A", "--offline"]);
  assert.deepEqual([offline.text, offline.stderr], ["cached-value", ""]);
  assert.deepEqual(await coffer.json(["list", "--offline"]), ["A", "B"]);
  await coffer.fault("UNAVAILABLE", ["run", "-s", "A", "-s", "B", "--", "true"]);
  await coffer.fault("UNAVAILABLE", ["get", "B", "--offline"]);
  await coffer.fault("UNAVAILABLE", ["set", "A"], { stdin: "x" });
  for (const [path, content] of filesBelow(coffer.home)) {
    assert.ok(!new TextDecoder("latin1").decode(content).includes("cached-value"), path);
  }
}, BUNDLE_ONLY);

endToEnd("coffer serve answers from the provider, also when it is registered meanwhile", async (coffer) => {
  await coffer.given(LOCAL);
  await using vault = await anotherCoffer(coffer);
  await using server = await serve(coffer);
  const value = async (name: string) => (await (await server.fetch(`/v1/dev/data/${name}`)).json()).data?.data?.value;
  assert.equal(await value("API_KEY"), LOCAL.API_KEY);
  await register(coffer, vault);
  assert.equal(await value("API_KEY"), undefined);
  await coffer.ok(["set", "API_KEY"], { stdin: "remote", env: NO_PASSPHRASE });
  assert.equal(await value("API_KEY"), "remote");
  const put = { method: "PUT", body: JSON.stringify({ data: { value: "by a client" }, options: { cas: 1 } }) };
  assert.equal((await (await server.fetch("/v1/dev/data/API_KEY", put)).json()).data.version, 2);
  assert.equal(await coffer.ok(["get", "API_KEY"], { env: NO_PASSPHRASE }), "by a client");
  const resolve = { method: "POST", body: JSON.stringify({ references: ["API_KEY"] }) };
  const resolved = await (await server.fetch("/v1/coffer/resolve", resolve)).json();
  assert.deepEqual(resolved.data.values, [{ text: "by a client" }]);
  const through = { COFFER_ADDR: server.url, COFFER_TOKEN: server.token, COFFER_PASSPHRASE: undefined };
  assert.equal(
    await coffer.ok(["run", "-s", "API_KEY", "--no-mask", "--", "printenv", "API_KEY"], { env: through }),
    "by a client\n",
  );
  await coffer.ok(["provider", "unregister"]);
  assert.equal(await value("API_KEY"), LOCAL.API_KEY);
  await coffer.ok(["audit", "--verify"]);
}, BUNDLE_ONLY);

endToEnd("a stack's secrets can be Porter's plain files, which cannot do everything", async (coffer) => {
  await coffer.given(LOCAL);
  const config = coffer.file("files.json", JSON.stringify({ folder: `${coffer.root}/porter/secrets` }));
  await coffer.ok(["provider", "register", "--kind", "filesystem", "--config", config]);
  const { stderr } = await coffer.run(["set", "A"], { stdin: "plain" });
  assert.ok(stderr.includes("plaintext"));
  assert.equal(Deno.readTextFileSync(`${coffer.root}/porter/secrets/A`), "plain");
  assert.equal(await coffer.ok(["get", "A"]), "plain");
  assert.deepEqual(await coffer.json(["list"]), ["A"]);
  await coffer.fault("UNSUPPORTED", ["history", "A"]);
  await coffer.fault("UNSUPPORTED", ["get", "A", "--version", "1"]);
  await coffer.fault("UNSUPPORTED", ["set", "B", "--field", "x"], { stdin: "y" });
  await coffer.fault("UNSUPPORTED", ["run", "--watch", "-s", "A", "--", "true"]);
  await coffer.ok(["rm", "A"]);
  await coffer.ok(["provider", "unregister"]);
  await coffer.fault("CONFIG", [
    "provider",
    "register",
    "--kind",
    "filesystem",
    "--config",
    coffer.file("f.json", '{"foldr":"x"}'),
  ]);
  await coffer.fault("CONFIG", ["provider", "register", "--kind", "volt"]);
}, BUNDLE_ONLY);

endToEnd("neither token nor value of a provider is shown, whatever succeeds or fails", async (coffer) => {
  await coffer.given(LOCAL);
  await using vault = await anotherCoffer(coffer);
  const value = "canary-of-the-vault";
  const register = ["provider", "register", "--url", vault.url, "--token-stdin"];
  const steps: [args: string[], stdin?: string][] = [
    [register, `${vault.token}x`],
    [[...register, "--mount", vault.token], vault.token],
    [[...register, "--auth", "userpass", "--username", "ada"], vault.token],
    [[...register, "--auth", vault.token], vault.token],
    [["provider", "register", "--kind", "vault", "--config", "-"], JSON.stringify({ token: vault.token })],
    [["provider", "register", "--kind", "plugin", "--config", "-"], vault.token],
    [register, vault.token],
    [register, vault.token],
    [["provider", "show"]],
    [["provider", "show", "--json"]],
    [["set", "A"], value],
    [["set", "A", "--field", "x"], value],
    [["list", "--json"]],
    [["history", "A"]],
    [["run", "-s", "A", "--", "env"]],
    [["provider", "migrate", "--to", "provider"]],
    [["provider", "migrate", "--to", "stack"]],
    [["verify"]],
    [["doctor"]],
    [["audit"]],
    [["rekey"]],
    [["vault", "configure", "--url", vault.url, "--token-stdin", "--register"], vault.token],
    [["provider", "unregister", "--json"]],
  ];
  for (const [args, stdin] of steps) {
    const { text, stderr } = await coffer.run(args, stdin === undefined ? {} : { stdin });
    for (const secret of [vault.token, value]) {
      assert.ok(!`${text}${stderr}`.includes(secret), `${args.join(" ")}: ${stderr}`);
    }
    for (const [path, content] of filesBelow(coffer.root)) {
      const file = new TextDecoder("latin1").decode(content);
      for (const secret of [vault.token, value]) assert.ok(!file.includes(secret), `${args.join(" ")}: ${path}`);
    }
  }
}, BUNDLE_ONLY);

endToEnd("accesses by way of a provider are in the audit log", async (coffer) => {
  await coffer.given(LOCAL);
  await using vault = await anotherCoffer(coffer);
  await register(coffer, vault);
  await coffer.ok(["set", "A"], { stdin: "x" });
  await coffer.ok(["get", "A"]);
  await coffer.run(["get", "none"]);
  await coffer.ok(["list"]);
  await coffer.ok(["rm", "A"]);
  await coffer.ok(["provider", "migrate", "--to", "provider"]);
  await coffer.ok(["provider", "unregister"]);
  type Line = { operation: string; access: string; secrets: { name: string }[]; missing: number; outcome: string };
  const lines = (await coffer.json(["audit"]) as Line[]).map(({ operation, access, secrets, missing, outcome }) =>
    [operation, access, ...secrets.map(({ name }) => name), ...(missing ? [`+${missing}`] : []), outcome].join(" ")
  );
  assert.deepEqual(lines.slice(0, 5), [
    "provider register provider ok",
    "set write A ok",
    "get read A ok",
    "get read +1 ok",
    "rm remove A ok",
  ]);
  assert.equal(lines.at(-1), "provider unregister provider ok");
  for (const name of Object.keys(LOCAL)) {
    assert.ok(lines.includes(`provider migrate write ${name} ok`), lines.join("\n"));
  }
}, BUNDLE_ONLY);

endToEnd("coffer vault configure makes a place in an OpenBao, and a token that opens nothing else", async (coffer) => {
  await using server = await startBaoDevServer();
  await coffer.given(LOCAL, "acme");
  const asked = ["vault", "configure", "--url", server.address, "--stack", "acme", "--token-stdin"];
  const made = await coffer.json([...asked, "--ttl", "2h"], { stdin: server.token }) as Record<string, unknown>;
  assert.deepEqual({ ...made, token: "" }, { mount: "acme", policy: "acme", ttl: 7200, token: "" });
  const ask = async (method: string, path: string, body?: unknown) => {
    const headers = { "X-Vault-Token": String(made.token) };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(`${server.address}/v1/${path}`, init);
    return { status: answer.status, json: JSON.parse(await answer.text() || "null") };
  };
  assert.equal((await ask("POST", "acme/data/x", { data: { a: "b" } })).status, 200);
  assert.equal((await ask("POST", "secret/data/x", { data: { a: "b" } })).status, 403);
  assert.equal((await ask("GET", "sys/policies/acl")).status, 403);
  const { data } = (await ask("GET", "auth/token/lookup-self")).json;
  assert.deepEqual([data.policies, data.orphan, data.renewable, data.ttl > 7100], [["acme"], true, true, true]);
  // The one who got it registers it; or it is registered at once.
  const registration = ["provider", "register", "--stack", "acme", "--url", `${server.address}/acme`, "--token-stdin"];
  await coffer.ok(registration, { stdin: String(made.token) });
  assert.equal(await coffer.ok(["get", "x", "--field", "a", "--stack", "acme"]), "b");
  await coffer.fault("CONFLICT", [...asked, "--register"], { stdin: server.token });
  await coffer.ok(["provider", "unregister", "--stack", "acme"]);
  const again = await coffer.run([...asked, "--register"], { stdin: server.token });
  assert.deepEqual([again.code, again.text], [0, ""], again.stderr);
  assert.ok(!again.stderr.includes(server.token));
  await coffer.ok(["provider", "migrate", "--to", "provider", "--stack", "acme"]);
  assert.equal(await coffer.ok(["get", "API_KEY", "--stack", "acme"]), LOCAL.API_KEY);
  await coffer.fault("DENIED", [...asked, "--mount", "other"], { stdin: String(made.token) });
  // The address may name the mount, as for register. Of two names neither is made.
  const inUrl = ["vault", "configure", "--url", `${server.address}/team`, "--stack", "acme", "--token-stdin"];
  const { mount } = await coffer.json(inUrl, { stdin: server.token }) as { mount: string };
  assert.equal(mount, "team");
  await coffer.fault("CONFIG", [...inUrl, "--mount", "two"], { stdin: server.token });
  await coffer.fault("USAGE", inUrl.with(3, `${server.address}/team/kv`), { stdin: server.token });
  const root = { headers: { "X-Vault-Token": server.token } };
  const { data: mounts } = await (await fetch(`${server.address}/v1/sys/mounts`, root)).json();
  const kept = Object.keys(mounts).filter((path) => mounts[path].type === "kv");
  assert.deepEqual(kept.sort(), ["acme/", "secret/", "team/"]);
  await coffer.fault("UNAVAILABLE", [
    "vault",
    "configure",
    "--url",
    "http://127.0.0.1:1",
    "--token-stdin",
    "--stack",
    "x",
  ], {
    stdin: "t",
  });
}, WITH_BAO);
