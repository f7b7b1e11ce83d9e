import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, eventually } from "../fixture/coffer_cli.ts";
import { type CofferServer, serve } from "../fixture/coffer_server.ts";

const CLIENTS = 16;
/** Of each client; each makes eight requests or nine. */
const ROUNDS = 20;

endToEnd(
  "coffer serve keeps what it confirmed when it is killed, and nothing open that it does not use",
  async (coffer) => {
    await coffer.given({ NAME: "value" });
    const confirmed = new Map<string, string>();
    {
      await using server = await serve(coffer);
      await Promise.all(Array.from({ length: CLIENTS }, (_, client) => use(server, client, 1, new Map())));
      const before = descriptorsOf(server);
      await Promise.all(Array.from({ length: CLIENTS }, (_, client) => use(server, client, ROUNDS, confirmed)));
      // Connections may come and go; files that were left open would be hundreds.
      await eventually(() => descriptorsOf(server) <= before + CLIENTS, "the descriptors to be closed");
      const tokens = await ask(server, "LIST", "auth/token/accessors");
      assert.equal(tokens.data.keys.length, 1, "the owner's is left");
      server.process.kill("SIGKILL");
    }
    await using server = await serve(coffer);
    assert.equal(confirmed.size, CLIENTS * ROUNDS);
    for (const [name, value] of confirmed) {
      assert.equal((await ask(server, "GET", `dev/data/${name}`)).data.data.key, value);
    }
    assert.deepEqual((await ask(server, "LIST", "dev/metadata/kept")).data.keys.length, confirmed.size);
    await coffer.ok(["verify"]);
    await coffer.ok(["audit", "--verify"]);
  },
  { ...BUNDLE_ONLY, lacking: Deno.build.os === "linux" ? undefined : "needs /proc" },
);

/** One of everything, over and over. */
async function use(
  server: CofferServer,
  client: number,
  rounds: number,
  confirmed: Map<string, string>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const [name, value] = [`kept/${client}-${round}`, crypto.randomUUID()];
    await ask(server, "POST", `dev/data/${name}`, { data: { key: value } });
    confirmed.set(name, value);
    assert.equal((await ask(server, "GET", `dev/data/${name}`)).data.data.key, value);
    await ask(server, "LIST", "dev/metadata/kept");
    const references = [`coffer:///NAME`];
    assert.equal((await ask(server, "POST", "coffer/resolve", { references })).data.values[0].text, "value");
    const { accessor } = (await ask(server, "POST", "auth/token/create", { ttl: "1h" })).auth;
    await ask(server, "POST", "auth/token/revoke-accessor", { accessor });
    const { token } =
      (await ask(server, "POST", "sys/wrapping/wrap", { key: value }, { "X-Vault-Wrap-TTL": "60" })).wrap_info;
    assert.equal((await ask(server, "POST", "sys/wrapping/unwrap", { token })).data.key, value);
  }
}

// deno-lint-ignore no-explicit-any
async function ask(server: CofferServer, method: string, path: string, body?: unknown, headers = {}): Promise<any> {
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const answer = await server.fetch(`/v1/${path}`, init);
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

function descriptorsOf({ process }: CofferServer): number {
  return [...Deno.readDirSync(`/proc/${process.pid}/fd`)].length;
}
