import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd } from "../fixture/coffer_cli.ts";
import { type CofferServer, serve } from "../fixture/coffer_server.ts";
import { Engine, type EngineName, lackingFor } from "../fixture/containers.ts";

const VALUE = "hunter2-in-a-box";
const TOKEN_FILE = "/run/secrets/coffer_token";

/** What is mounted and set for a client in a container. */
function optionsFor(coffer: Coffer, address: string, tokenFile: string): string[] {
  const deno = Deno.execPath();
  const bundle = coffer.target.command!.at(-1)!;
  const mounts = [
    `${deno}:/bin/deno:ro`,
    `${bundle}:/opt/coffer.js:ro`,
    "/lib:/lib:ro", // what the runtime links to
    "/lib64:/lib64:ro",
    `${coffer.home}/.coffer/server/socket:/run/coffer/socket`,
    `${tokenFile}:${TOKEN_FILE}:ro`,
  ];
  const variables = [`COFFER_ADDR=${address}`, `COFFER_TOKEN_FILE=${TOKEN_FILE}`];
  return [...mounts.flatMap((mount) => ["-v", mount]), ...variables.flatMap((variable) => ["-e", variable])];
}

const COFFER = ["/bin/deno", "run", "-A", "--no-config", "/opt/coffer.js"];
const IN_CONTAINER = "unix:///run/coffer/socket";

async function given(coffer: Coffer): Promise<{ server: CofferServer; token: string; tokenFile: string }> {
  await coffer.given({ "db/password": VALUE });
  const server = await serve(coffer);
  const policy = 'path "dev/data/db/*" { capabilities = ["read"] }';
  const put = { method: "PUT", body: JSON.stringify({ policy }) };
  await (await server.fetch("/v1/sys/policies/acl/app", put)).body?.cancel();
  const token = (await coffer.ok(["token", "create", "--policy", "app"])).trim();
  return { server, token, tokenFile: coffer.file(`${coffer.root}/handed/token`, token, 0o400) };
}

for (const name of ["docker", "podman"] as const satisfies readonly EngineName[]) {
  const options = { ...BUNDLE_ONLY, lacking: await lackingFor(name) };

  endToEnd(`${name}: a container resolves over the mounted socket, and the engine sees no value`, async (coffer) => {
    const { server, token, tokenFile } = await given(coffer);
    await using _server = server;
    await using engine = await Engine.start(name);
    const client = optionsFor(coffer, IN_CONTAINER, tokenFile);
    const run = ["run", "-s", "db/password", "--", "/bin/sh", "-c", "echo ${#DB_PASSWORD} $DB_PASSWORD; env"];
    const { code, text, stderr } = await engine.run(["--name", "app", "--network", "none", ...client], [
      ...COFFER,
      ...run,
    ]);
    assert.equal(code, 0, stderr);
    assert.ok(text.startsWith(`${VALUE.length} *******\n`), text);
    assert.ok(text.includes("DB_PASSWORD=*******") && !text.includes("COFFER_"), text);

    const told = await engine.inspect("app");
    const { Env } = JSON.parse(told)[0].Config as { Env: string[] };
    assert.deepEqual(Env.filter((variable) => variable.startsWith("COFFER_")).sort(), [
      `COFFER_ADDR=${IN_CONTAINER}`,
      `COFFER_TOKEN_FILE=${TOKEN_FILE}`,
    ]);
    for (const secret of [VALUE, token]) {
      assert.ok(!told.includes(secret));
      assert.deepEqual(engine.filesWith(secret), []);
    }
    // The same look finds what is handed over in the usual way.
    await engine.run(["--network", "none", "-e", "LEAK=leaked-by-the-variable"], ["/bin/true"]);
    assert.notDeepEqual(engine.filesWith("leaked-by-the-variable"), []);
  }, options);

  endToEnd(
    `${name}: a container resolves over the host's loopback, as any user who can read the token`,
    async (coffer) => {
      const { server, token, tokenFile } = await given(coffer);
      await using _server = server;
      await using engine = await Engine.start(name);
      const onHost = ["--rm", "--network", "host", "--log-driver", "none"];
      const get = [...COFFER, "get", "db/password"];

      const wget = `wget -q -O - --header "X-Vault-Token: $(cat ${TOKEN_FILE})" ${server.url}/v1/dev/data/db/password`;
      const byWget = await engine.run([...onHost, ...optionsFor(coffer, "", tokenFile)], ["/bin/sh", "-c", wget]);
      assert.equal(JSON.parse(byWget.text).data.data.value, VALUE, byWget.stderr);
      const asRoot = await engine.run([...onHost, ...optionsFor(coffer, server.url!, tokenFile)], get);
      assert.equal(asRoot.text, VALUE, asRoot.stderr);

      const someone = [...onHost, "--user", "1000"];
      const closed = await engine.run([...someone, ...optionsFor(coffer, server.url!, tokenFile)], get);
      assert.deepEqual([closed.code, closed.text], [5, ""], closed.stderr);
      // Readable by all in a folder that is not: by everyone in the container, and by nobody else outside.
      const open = coffer.file(`${coffer.root}/handed/to-all`, token, 0o444);
      const read = await engine.run([...someone, ...optionsFor(coffer, server.url!, open)], get);
      assert.equal(read.text, VALUE, read.stderr);
      const atSocket = await engine.run([...someone, ...optionsFor(coffer, IN_CONTAINER, open)], get);
      assert.deepEqual([atSocket.code, atSocket.text], [5, ""], atSocket.stderr);
    },
    options,
  );
}
