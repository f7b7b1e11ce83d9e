/** A token and a value that can be told anywhere, and a server that repeats all it hears: no fault may. */
import assert from "node:assert/strict";
import { Fault } from "../../../../core/fault.ts";
import { parseSecretName, parseStackName } from "../../../../core/name.ts";
import { checkVault } from "../../../../core/providers/vault/check.ts";
import type { VaultAuth } from "../../../../core/providers/vault/config.ts";
import { configureVault } from "../../../../core/providers/vault/configure.ts";
import { Secret } from "../../../../core/secret.ts";
import { persist, secret } from "../../../contract/provider.ts";
import { json, PLACE, tokenAuth, VaultDouble } from "./vault_double.ts";

const [TOKEN, VALUE] = ["s.canary-token-4711", "canary-value-0815"];
const NAME = parseSecretName("name");

Deno.test("no fault tells the token, a value, or what the server says of them", async () => {
  const double = await VaultDouble.start();
  using _served = double.served;
  const auths: (() => VaultAuth)[] = [
    () => tokenAuth(TOKEN),
    () => ({ method: "approle", mount: "approle", roleId: VALUE, secretId: Secret.fromText(TOKEN) }),
    () => ({ method: "userpass", mount: "userpass", username: VALUE, password: Secret.fromText(TOKEN) }),
    () => ({ method: "kubernetes", mount: "kubernetes", role: VALUE, jwtFile: "/jwt" }),
  ];
  let faults = 0;
  for (const auth of auths) {
    // A login is let through at first, so that what comes after it fails as well.
    for (const failing of ["login", "secret", ""]) {
      for (const status of [200, 204, 301, 307, 400, 401, 403, 404, 405, 409, 412, 413, 429, 500, 502, 503, 0]) {
        double.inFront = (request) => {
          const heard = `${VALUE} ${TOKEN} ${request.body} ${request.headers.get("x-vault-token")}`;
          if (!request.path.includes(failing)) return goodAnswer(request.path);
          if (status === 0) throw new TypeError("fetch failed", { cause: new Error("client error (SendRequest)") });
          const headers = { location: `https://other.example/${VALUE}?${TOKEN}` };
          if (status === 204 || status < 400 && status > 299) return new Response(null, { status, headers });
          return json(status, { errors: [heard], warnings: [heard], data: { [heard]: heard, data: heard } }, headers);
        };
        faults += await provoke(double, auth);
      }
    }
  }
  assert.ok(faults > 1000, `${faults} faults`);
});

function goodAnswer(path: string): Response {
  if (path.includes("login")) {
    return json(200, { auth: { client_token: TOKEN, lease_duration: 60, renewable: true } });
  }
  if (path.includes("lookup-self")) return json(200, { data: { ttl: 60, creation_ttl: 60, renewable: true } });
  if (path.includes("seal-status")) return json(200, { sealed: false, initialized: true });
  return json(200, { data: { path: "secret/", type: "kv", options: { version: "2" } } });
}

/** Everything that can fail. Returns how many times it did. */
async function provoke(double: VaultDouble, auth: () => VaultAuth): Promise<number> {
  const options = () => ({
    auth: auth(),
    retry: { attempts: 2, firstMs: 0 },
    readFile: () => Promise.resolve(Secret.fromText(TOKEN)),
  });
  await using provider = double.provider({}, options());
  await using session = double.session(options());
  const next = { value: Secret.fromText(VALUE), type: "bytes" } as const;
  const acts: (() => Promise<unknown>)[] = [
    async () => {
      for (const result of await provider.resolve([secret("name"), secret("other")])) inspect(result);
    },
    () => persist(provider, NAME, VALUE),
    () => provider.change(NAME, () => next),
    () => provider.list(),
    () => provider.remove([NAME]),
    () => provider.history(NAME),
    () => provider.at(NAME, 1),
    () => provider.rollback(NAME, 1),
    () => checkVault(session, PLACE),
    () => configureVault(session, { mount: parseStackName("acme") }),
  ];
  let faults = 0;
  for (const act of acts) {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      faults++;
      inspect(error);
    }
  }
  return faults;
}

function inspect(thing: unknown): void {
  const texts = [Deno.inspect(thing, { depth: 9 }), JSON.stringify(thing), String(thing)];
  if (thing instanceof Fault) texts.push(thing.message, thing.hint ?? "");
  for (const text of texts) assert.ok(!/4711|0815/.test(text), text);
}
