import assert from "node:assert/strict";
import { disposeOfAuth, readVaultConfig } from "../../../../core/providers/vault/config.ts";
import { providerKind } from "../../../../core/providers/registry.ts";
import { Secret } from "../../../../core/secret.ts";
import { assertFault } from "../../../fixture/assert_fault.ts";

const URL_ = "https://vault.example:8200";
const GIVEN = { url: URL_, token: "s.token" };

Deno.test("readVaultConfig() takes a URL and a token, and has a default for all else", () => {
  const { auth, ...rest } = readVaultConfig(GIVEN);
  assert.deepEqual(rest, {
    origin: URL_,
    mount: "secret",
    prefix: "",
    kvVersion: undefined,
    namespace: undefined,
    caCert: undefined,
    caCertFile: undefined,
    timeoutMs: 15_000,
  });
  assert.ok(auth.method === "token" && auth.token.revealText() === "s.token");
});

Deno.test("readVaultConfig() takes the mount from the URL's path or from its own key", () => {
  const places: [Record<string, unknown>, string, string][] = [
    [{ url: `${URL_}/acme` }, URL_, "acme"],
    [{ url: `${URL_}/acme/` }, URL_, "acme"],
    [{ url: `${URL_}/team/kv` }, URL_, "team/kv"],
    [{ url: "https://VAULT.example/acme" }, "https://vault.example", "acme"],
    [{ url: URL_, mount: "/team/kv/" }, URL_, "team/kv"],
    [{ url: `${URL_}/acme`, mount: "acme" }, URL_, "acme"],
    [{ url: "http://127.0.0.1:8200" }, "http://127.0.0.1:8200", "secret"],
  ];
  for (const [config, origin, mount] of places) {
    const read = readVaultConfig({ ...GIVEN, ...config });
    assert.deepEqual([read.origin, read.mount], [origin, mount]);
  }
});

Deno.test("readVaultConfig() takes http: for this machine only, unless it is told to", async () => {
  const near = ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "host.docker.internal", "host.containers.internal"];
  for (const host of near) {
    assert.equal(readVaultConfig({ ...GIVEN, url: `http://${host}:1` }).origin, `http://${host}:1`);
  }
  const far = ["vault.example", "10.0.0.1", "localhost.example", "127.0.0.1.example", "[::2]", "0.0.0.0"];
  for (const host of far) {
    const config = { ...GIVEN, url: `http://${host}:8200` };
    await assertFault("CONFIG", () => readVaultConfig(config));
    await assertFault("CONFIG", () => readVaultConfig({ ...config, allow_http: false }));
    assert.equal(readVaultConfig({ ...config, allow_http: true }).origin, `http://${host}:8200`);
  }
});

Deno.test("readVaultConfig() reads every method of authentication", () => {
  const secret = { role_id: "r", secret_id: "s3cret" };
  const read = (config: Record<string, unknown>) => {
    const { auth } = readVaultConfig({ url: URL_, ...config });
    const shown = Object.entries(auth).map(([key, part]) => [key, part instanceof Secret ? part.revealText() : part]);
    disposeOfAuth(auth);
    for (const part of Object.values(auth)) if (part instanceof Secret) assert.throws(() => part.size);
    return Object.fromEntries(shown);
  };
  assert.deepEqual(read({ token: Secret.fromText("t") }), { method: "token", token: "t" });
  assert.deepEqual(read({ auth: "approle", ...secret }), {
    method: "approle",
    mount: "approle",
    roleId: "r",
    secretId: "s3cret",
  });
  assert.deepEqual(read({ auth: "userpass", username: "ada", password: "p", auth_mount: "people/" }), {
    method: "userpass",
    mount: "people",
    username: "ada",
    password: "p",
  });
  const kubernetes = { method: "kubernetes", mount: "kubernetes", role: "web" };
  assert.deepEqual(read({ auth: "kubernetes", role: "web", jwt_file: "jwt" }), { ...kubernetes, jwtFile: "jwt" });
  assert.deepEqual(read({ auth: "kubernetes", role: "web" }), {
    ...kubernetes,
    jwtFile: "/var/run/secrets/kubernetes.io/serviceaccount/token",
  });
});

Deno.test("readVaultConfig() names every key that is wrong, and shows none of what they hold", async () => {
  const wrong: [Record<string, unknown>, string][] = [
    [{ token: "hunter2" }, "config.url"],
    [{ url: "hunter2", token: "t" }, "config.url"],
    [{ url: "ftp://hunter2/", token: "t" }, "config.url"],
    [{ url: "https://user:hunter2@vault.example", token: "t" }, "config.url"],
    [{ url: `${URL_}/?token=hunter2`, token: "t" }, "config.url"],
    [{ url: `${URL_}/#hunter2`, token: "t" }, "config.url"],
    [{ url: `${URL_}/a%2F..%2Fhunter2`, token: "t" }, "config.url"],
    [{ url: `${URL_}/acme`, token: "t", mount: "other" }, "config.mount"],
    [{ ...GIVEN, mount: "../sys" }, "config.mount"],
    [{ ...GIVEN, prefix: "a//b" }, "config.prefix"],
    [{ ...GIVEN, prefix: "a?hunter2" }, "config.prefix"],
    [{ ...GIVEN, namespace: "a\r\nX-Header: hunter2" }, "config.namespace"],
    [{ ...GIVEN, kv_version: 3 }, "config.kv_version"],
    [{ ...GIVEN, kv_version: "2" }, "config.kv_version"],
    [{ ...GIVEN, timeout: 0 }, "config.timeout"],
    [{ ...GIVEN, ca_cert: "hunter2", ca_cert_file: "hunter2" }, "config.ca_cert_file"],
    [{ url: URL_ }, "config.token"],
    [{ url: URL_, token: "" }, "config.token"],
    [{ url: URL_, token: "hunter2\nX-Header: x" }, "config.token"],
    [{ url: URL_, token: 1 }, "config.token"],
    [{ url: URL_, auth: "github", token: "hunter2" }, "config.auth"],
    [{ url: URL_, auth: "approle", role_id: "hunter2" }, "config.secret_id"],
    [{ url: URL_, auth: "approle", role_id: "r", secret_id: "s", token: "hunter2" }, "config.token"],
    [{ url: URL_, auth: "userpass", username: "..", password: "hunter2" }, "config.username"],
    [{ url: URL_, auth: "userpass", username: "a/b", password: "hunter2" }, "config.username"],
    [{ url: URL_, auth: "kubernetes", role: "r", auth_mount: "a?b" }, "config.auth_mount"],
    [{ ...GIVEN, jwt_file: "f" }, "config.jwt_file"],
    [{ ...GIVEN, auth_mount: "f" }, "config.auth_mount"],
    [{ ...GIVEN, tokn: "hunter2" }, "did you mean token"],
    [{ ...GIVEN, secret_di: "hunter2" }, "did you mean secret_id"],
  ];
  for (const [config, named] of wrong) {
    const { message, hint } = await assertFault("CONFIG", () => readVaultConfig(config));
    assert.ok(message.includes(named), message);
    assert.ok(!`${message} ${hint}`.includes("hunter2"), message);
  }
  const { message } = await assertFault("CONFIG", () => readVaultConfig({ mont: "a", kv_version: 9, timeout: -1 }));
  for (const key of ["url", "mont", "kv_version", "timeout", "token"]) assert.ok(message.includes(key), message);
});

Deno.test("the provider vault is opened from its configuration, and sends nothing yet", async () => {
  const { open } = await providerKind("vault");
  const around = {
    env: () => undefined,
    cwd: "/",
    secretsOf: () => Promise.reject(new Error("not asked for")),
    warn: () => assert.fail(),
  };
  await using provider = await open({ url: "http://127.0.0.1:9", token: "t" }, around);
  assert.deepEqual(await provider.resolve([]), []);
  await assertFault("CONFIG", () => open({ url: URL_, token: "t", ca_cert: "no certificate" }, around));
  await assertFault("CONFIG", () => open({ url: URL_, token: "t", ca_cert_file: "no/such/file" }, around));
  await assertFault("CONFIG", () => open({ url: URL_, token: "t", ca_cert_file: "/dev/zero" }, around));
});
