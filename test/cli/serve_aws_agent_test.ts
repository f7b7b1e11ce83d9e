import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd } from "../fixture/coffer_cli.ts";
import { serve } from "../fixture/coffer_server.ts";

endToEnd("coffer serve answers as AWS's Secrets Manager Agent does", async (coffer) => {
  await coffer.given({ "db/password": "first", BYTES: new Uint8Array([0, 255]) });
  await using server = await serve(coffer, ["--listen", "unix", "--aws-agent", "0"]);
  await coffer.ok(["set", "db/password"], { stdin: "second" });
  const ask = async (
    path: string,
    headers: Record<string, string> = { "X-Aws-Parameters-Secrets-Token": server.token },
  ) => {
    const answer = await fetch(`${server.url}${path}`, { headers });
    return [answer.status, await answer.text()] as const;
  };
  assert.deepEqual(await ask("/ping", {}), [200, "healthy"]);
  const [status, body] = await ask("/secretsmanager/get?secretId=db/password");
  assert.equal(status, 200);
  const { CreatedDate, VersionId, ARN, ...rest } = JSON.parse(body);
  assert.deepEqual(rest, { Name: "db/password", SecretString: "second", VersionStages: ["AWSCURRENT"] });
  assert.match(CreatedDate, /^\d+(\.\d+)?$/);
  assert.match(ARN, /^arn:/);
  assert.equal((await ask("/v1/db/password"))[1], body, "by path");
  assert.equal((await ask("/v1/db%2Fpassword", { "X-Vault-Token": server.token }))[1], body);
  assert.equal((await ask("/secretsmanager/get?secretId=db/password&refreshNow=true"))[1], body);
  assert.equal((await ask(`/secretsmanager/get?secretId=db/password&versionId=${VersionId}`))[1], body);
  const previous = JSON.parse((await ask("/secretsmanager/get?secretId=db/password&versionStage=AWSPREVIOUS"))[1]);
  assert.deepEqual([previous.SecretString, previous.VersionStages], ["first", ["AWSPREVIOUS"]]);
  assert.equal(JSON.parse((await ask("/v1/BYTES"))[1]).SecretBinary, "AP8=");

  const token = { "X-Aws-Parameters-Secrets-Token": server.token };
  assert.deepEqual(await ask("/v1/db/password", { ...token, "X-Forwarded-For": "10.0.0.1" }), [400, "Forwarded"]);
  assert.deepEqual(await ask("/v1/db/password", {}), [403, "Bad Token"]);
  assert.deepEqual(await ask("/v1/db/password", { "X-Vault-Token": "wrong" }), [403, "Bad Token"]);
  assert.deepEqual(await ask("/secretsmanager/get"), [400, "missing parameter secretId"]);
  assert.deepEqual(await ask("/secretsmanager/get?secretId=x&other=1"), [400, "unknown parameter: other"]);
  assert.equal((await ask("/v1/nothing"))[0], 404);
  assert.equal((await ask("/v1/..%2Fdb"))[0], 404);
  assert.equal((await ask("/v1/db/password", { ...token, Origin: "http://evil.example" }))[0], 403);
  const posted = await fetch(`${server.url}/v1/db/password`, { method: "POST", headers: token });
  assert.deepEqual([posted.status, await posted.text()], [405, "Not allowed"]);
  const limited = (await coffer.ok(["token", "create"])).trim();
  assert.equal(
    (await ask("/v1/db/password", { "X-Vault-Token": limited }))[0],
    403,
    "the default policy does not read",
  );
}, BUNDLE_ONLY);

endToEnd("coffer serve gives AWS's clients nothing for a token of one run, and records that", async (coffer) => {
  await coffer.given({ GIVEN: "given", OTHER: "other" });
  await using server = await serve(coffer, ["--listen", "unix", "--listen", "0", "--aws-agent", "0"]);
  const agent = server.listeners.findLast((listener) => listener.startsWith("http"))!;
  const ask = async (name: string, token: string) => {
    const answer = await fetch(`${agent}/v1/${name}`, { headers: { "X-Vault-Token": token } });
    return [answer.status, await answer.text()] as const;
  };
  const body = JSON.stringify({ references: ["GIVEN"] });
  const made = await (await server.fetch("/v1/coffer/tokens", { method: "PUT", body })).json();
  for (const name of ["GIVEN", "OTHER"]) {
    assert.deepEqual(await ask(name, made.auth.client_token), [403, "Bad Token"], "its policies are its maker's");
  }
  const lines = await coffer.json(["audit"]) as { accessor?: string; access: string; outcome: string }[];
  const denied = lines.filter(({ accessor }) => accessor === made.auth.accessor);
  assert.deepEqual(denied.map(({ access, outcome }) => [access, outcome]), [["read", "DENIED"], ["read", "DENIED"]]);
}, BUNDLE_ONLY);

endToEnd("coffer serve tells AWS's clients that it is locked while the stack that they read is", async (coffer) => {
  await coffer.given({ NAME: "value" });
  await coffer.ok(["stack", "new", "other", "--work-factor", "10"]);
  await using server = await serve(coffer, ["dev", "other", "--listen", "unix", "--aws-agent", "0"]);
  const read = async () => {
    const answer = await fetch(`${server.url}/v1/NAME`, { headers: { "X-Vault-Token": server.token } });
    return [answer.status, await answer.text()] as const;
  };
  await coffer.ok(["lock"]);
  await coffer.ok(["unlock", "--stack", "other"]);
  assert.deepEqual(await read(), [503, "locked"]);
}, BUNDLE_ONLY);
