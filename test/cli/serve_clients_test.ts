import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, needs } from "../fixture/coffer_cli.ts";
import { type CofferServer, serve } from "../fixture/coffer_server.ts";
import { openBao } from "../fixture/openbao.ts";
import { hvac, nodeVault } from "../fixture/vault_clients.ts";

const PROGRAMS = `${import.meta.dirname}/../program`;
const [BAO, HVAC, NODE_VAULT] = await Promise.all([openBao(), hvac(), nodeVault()]);

endToEnd("hvac works with coffer serve as its documentation says", async (coffer) => {
  await coffer.given({ NAME: "value" });
  await using server = await serve(coffer);
  const output = await flow(coffer, server, "python3", [`${PROGRAMS}/hvac_flow.py`], { PYTHONPATH: HVAC.path! });
  assert.equal(output, "ok\n");
}, { ...BUNDLE_ONLY, lacking: needs("python3") ?? HVAC.lacking });

endToEnd("node-vault works with coffer serve as its documentation says", async (coffer) => {
  await coffer.given({ NAME: "value" });
  await using server = await serve(coffer);
  const output = await flow(coffer, server, "node", [`${PROGRAMS}/node_vault_flow.mjs`, NODE_VAULT.path!]);
  assert.equal(output, "ok\n");
}, { ...BUNDLE_ONLY, lacking: needs("node") ?? NODE_VAULT.lacking });

endToEnd("OpenBao's command line works with coffer serve", async (coffer) => {
  await coffer.given({ NAME: "value" });
  await using server = await serve(coffer);
  const output = await flow(coffer, server, "bash", [`${PROGRAMS}/bao_flow.sh`], { BAO: BAO.path! });
  assert.equal(output, "ok\n");
}, { ...BUNDLE_ONLY, lacking: needs("bash") ?? BAO.lacking });

endToEnd("values keep their bytes between the command line and Vault's API", async (coffer) => {
  const values = { TEXT: "line\nend ü\n", EMPTY: "", QUOTED: '{"a":"b"}', ZERO: "a\0b" };
  await coffer.given({ ...values, BYTES: new Uint8Array([0, 255, 10]) });
  await coffer.ok(["set", "FIELDS", "--field", "user"], { stdin: "ada" });
  await using server = await serve(coffer);
  for (const [name, value] of Object.entries(values)) {
    const { data } = await (await server.fetch(`/v1/dev/data/${name}`)).json();
    assert.equal(data.data.value, value, name);
    const again = await server.fetch(`/v1/dev/data/${name}`, {
      method: "POST",
      body: JSON.stringify({ data: data.data, options: { cas: 1 } }),
    });
    assert.equal(again.status, 200);
    await again.body?.cancel();
    assert.equal(await coffer.ok(["get", name]), value, name);
  }
  const fields = await (await server.fetch("/v1/dev/data/FIELDS")).json();
  assert.deepEqual(fields.data.data, { user: "ada" });
  const put = { method: "PUT", body: JSON.stringify({ data: { user: "grace", n: 1.5, deep: { a: [null] } } }) };
  await (await server.fetch("/v1/dev/data/FIELDS", put)).body?.cancel();
  assert.equal(await coffer.ok(["get", "FIELDS", "--field", "user"]), "grace");
  const bytes = await (await server.fetch("/v1/dev/data/BYTES")).json();
  const back = { method: "PUT", body: JSON.stringify({ data: bytes.data.data }) };
  await (await server.fetch("/v1/dev/data/BYTES", back)).body?.cancel();
  assert.deepEqual((await coffer.run(["get", "BYTES"])).stdout, new Uint8Array([0, 255, 10]));
});

async function flow(
  coffer: Coffer,
  { url, token }: CofferServer,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: coffer.temp,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH")!, HOME: coffer.temp, VAULT_ADDR: url!, VAULT_TOKEN: token, MOUNT: "dev", ...env },
  }).output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}
