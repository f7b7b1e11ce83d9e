/**
 * Porter itself with Coffer as its secret store. `porter` is not fetched: COFFER_TEST_PORTER names one, or it is on PATH.
 * COFFER_TEST_MONGO is the address of a MongoDB, or of something that can stand in for one, for Porter's records.
 */
import assert from "node:assert/strict";
import { type Coffer, endToEnd, needs, type Outcome, PASSPHRASE } from "../fixture/coffer_cli.ts";
import { Engine, lackingFor } from "../fixture/containers.ts";

const PORTER = Deno.env.get("COFFER_TEST_PORTER") ?? (needs("porter") === undefined ? "porter" : undefined);
const MONGO = Deno.env.get("COFFER_TEST_MONGO");
const LACKING = PORTER === undefined || MONGO === undefined
  ? "needs COFFER_TEST_PORTER and COFFER_TEST_MONGO"
  : await lackingFor("docker");

const IMAGE = "coffer-test-bundle:v1";
const RUN = `#!/bin/sh
echo "$CNAB_ACTION: a password of \${#PASSWORD} characters"
mkdir -p /cnab/app/outputs
printf %s "secret-of-$NAME" > /cnab/app/outputs/name
`;
const BUNDLE = {
  schemaVersion: "1.2.0",
  name: "sensitive-data",
  version: "0.1.0",
  invocationImages: [{ imageType: "docker", image: IMAGE }],
  definitions: {
    password: { type: "string", writeOnly: true },
    text: { type: "string", default: "ada" },
    output: { type: "string", writeOnly: true },
  },
  parameters: {
    password: { definition: "password", destination: { env: "PASSWORD" }, required: true },
    name: { definition: "text", destination: { env: "NAME" } },
  },
  outputs: { name: { definition: "output", path: "/cnab/app/outputs/name" } },
};
const PASSWORDS = ["first-of-a-kind-4711", "second-of-a-kind-4712"];

endToEnd("porter installs Coffer, and keeps a bundle's sensitive values with it", async (coffer) => {
  await using engine = await Engine.start("docker");
  await importBundle(coffer, engine);
  const home = `${coffer.root}/porter-home`;
  const porter = (...args: string[]) => run(coffer, PORTER!, args, home, engine);
  coffer.file(`${home}/config.toml`, await configuration(coffer, home));

  // As it is published, from a server: both files that Porter asks for are the same here.
  const release = Deno.readFileSync(`${home}/plugins/coffer/coffer`);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) =>
      new Response(/^\/latest\/coffer-[a-z]+-[a-z0-9]+$/.test(new URL(request.url).pathname) ? release : null),
  );
  Deno.removeSync(`${home}/plugins`, { recursive: true });
  await porter("plugins", "install", "coffer", "--url", `http://127.0.0.1:${server.addr.port}`);
  assert.match(await porter("plugins", "list"), /coffer +\d/);

  const bundle = coffer.file(`${coffer.root}/bundle.json`, JSON.stringify(BUNDLE));
  const common = ["--cnab-file", bundle, "--no-logs"];
  const name = `coffer-test-${crypto.randomUUID()}`;
  const installed = await porter("install", name, ...common, "--param", `password=${PASSWORDS[0]}`);
  assert.match(installed, /install: a password of 20 characters/);
  assert.match(await porter("upgrade", name, ...common), /upgrade: a password of 20 characters/);
  const upgraded = await porter("upgrade", name, ...common, "--param", `password=${PASSWORDS[1]}`);
  assert.match(upgraded, /upgrade: a password of 21 characters/);
  assert.match(await porter("installations", "show", name), /password +string +\*+/);
  assert.equal((await porter("installations", "output", "show", "name", "-i", name)).trim(), "secret-of-ada");

  const keys = await coffer.json(["list"]) as string[];
  assert.ok(keys.every((key) => /^[0-9A-HJKMNP-TV-Z]{26}-(password|name)$/.test(key)), keys.join(" "));
  const values = await Promise.all(keys.map((key) => coffer.ok(["get", key])));
  assert.deepEqual(new Set(values), new Set([...PASSWORDS, "secret-of-ada"]));
  // The installation's own key was written again, and has versions.
  type History = { versions: unknown[] };
  const histories = await Promise.all(keys.map((key) => coffer.json(["history", key]) as Promise<History>));
  assert.ok(histories.some(({ versions }) => versions.length === 2));
  await porter("uninstall", name, ...common);
  assert.deepEqual([...Deno.readDirSync(coffer.runtime)], []);
}, { targets: ["executable"], lacking: LACKING });

/** Has Coffer install itself, and returns the lines that it says belong into Porter's configuration, with the rest. */
async function configuration(coffer: Coffer, home: string): Promise<string> {
  await coffer.given();
  const { config } = await coffer.json(["plugin", "install-into-porter", "--porter-home", home]) as { config: string };
  const [first, ...rest] = config.split("\n");
  const storage =
    `[[storage]]\nname = "mongo"\nplugin = "mongodb"\n\n[storage.config]\nurl = "${MONGO}"\ntimeout = 30\n`;
  return [first, 'default-storage = "mongo"', "", storage, ...rest].join("\n");
}

async function importBundle(coffer: Coffer, engine: Engine): Promise<void> {
  const root = `${coffer.root}/image`;
  coffer.file(`${root}/cnab/app/run`, RUN, 0o755);
  coffer.file(`${root}/bin/busybox`, Deno.readFileSync("/usr/bin/busybox"), 0o755);
  for (const applet of ["sh", "mkdir"]) Deno.symlinkSync("busybox", `${root}/bin/${applet}`);
  await run(coffer, "tar", ["-C", root, "-cf", `${root}.tar`, "."]);
  await run(coffer, "docker", ["-H", `unix://${engine.folder}/socket`, "import", `${root}.tar`, IMAGE]);
}

async function run(coffer: Coffer, program: string, args: string[], home?: string, engine?: Engine): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: coffer.root,
    clearEnv: true,
    env: {
      ...coffer.env,
      COFFER_PASSPHRASE: PASSPHRASE,
      ...home !== undefined && { PORTER_HOME: home },
      ...engine && { DOCKER_HOST: `unix://${engine.folder}/socket` },
    },
    stdin: "null",
  }).output();
  const said: Pick<Outcome, "text" | "stderr"> = { text: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  assert.equal(code, 0, `${program} ${args.join(" ")}: ${said.text}${said.stderr}`);
  return said.text + (program === PORTER ? said.stderr : "");
}

const decoder = new TextDecoder();
