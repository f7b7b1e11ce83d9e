/** Porter's credential and parameter sets, by the command line (docs/credential-sets.md). */
import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, filesBelow, PASSPHRASE } from "../fixture/coffer_cli.ts";
import { ROOT } from "../fixture/coffer_targets.ts";
import { temporaryFolder } from "../fixture/temporary_folder.ts";
import { atTerminal, NEEDS_TERMINAL } from "../fixture/terminal_session.ts";

const PORTER = `${ROOT}/test/vectors/porter`;
const BUNDLE = `${ROOT}/test/vectors/cnab/101.02-bundle.json`;

interface Document {
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Record<string, string>;
  readonly credentials?: readonly { readonly name: string; readonly source: Record<string, string> }[];
  readonly parameters?: readonly { readonly name: string; readonly source: Record<string, string> }[];
}

const list = async (coffer: Coffer, ...args: string[]) =>
  (await coffer.json([...args]) as Document[]).map(({ namespace, name }) => `${namespace}/${name}`);

function setFile(coffer: Coffer, path: string, entries: Record<string, Record<string, string>>, rest = {}): string {
  const credentials = Object.entries(entries).map(([name, source]) => ({ name, source }));
  const name = path.split("/").at(-1)!.replace(/\.json$/, "");
  return coffer.file(path, JSON.stringify({ schemaVersion: "1.0.1", name, ...rest, credentials }));
}

/** All that is kept in the home, as text. */
function homeOf(coffer: Coffer): string {
  return [...filesBelow(`${coffer.home}/.coffer`)].map(([path, bytes]) => `${path}\n${new TextDecoder().decode(bytes)}`)
    .join("\n");
}

endToEnd("coffer credentials and parameters keep Porter's own files, and show them as they are", async (coffer) => {
  await coffer.given();
  for (const [plural, one] of [["credentials", "credential"], ["parameters", "parameter"]] as const) {
    for (const extension of ["yaml", "json"]) {
      await coffer.ok([plural, "apply", `${PORTER}/${one}-set.${extension}`]);
      const shown = await coffer.json([plural, "show", "NAME", "-n", "NAMESPACE"]) as Document;
      assert.deepEqual([shown.namespace, shown.name, shown.labels], ["NAMESPACE", "NAME", { LABEL: "LABEL_VALUE" }]);
      const literal = plural === "credentials"
        ? { secret: "credentials/NAMESPACE/NAME/credential-value" }
        : { value: "parametervalue" };
      assert.deepEqual(shown[plural]!.map(({ source }) => source), [
        { path: `/path/to/${one}-path-file.txt` },
        { command: `echo '${one} command'` },
        { env: `${one.toUpperCase()}_ENV` },
        literal,
        { secret: `${one}-secret` },
      ]);
    }
    assert.deepEqual(await list(coffer, plural, "list", "--all-namespaces"), ["NAMESPACE/NAME"]);
  }
  assert.equal(await coffer.ok(["get", "credentials/NAMESPACE/NAME/credential-value"]), "credentialvalue");
});

endToEnd(
  "coffer credentials apply seals literal values, says so, and keeps none of them in the home",
  async (coffer) => {
    await coffer.given();
    const file = setFile(coffer, "azure.json", {
      token: { value: "hunter2-token" },
      "db password": { value: "hunter2-pw" },
    });
    const { stderr, text } = await coffer.run(["credentials", "apply", file, "-n", "dev"]);
    assert.equal(text, "");
    assert.ok(stderr.includes("credentials/dev/azure/token"), stderr);
    assert.ok(stderr.includes(`${file} still holds the plaintext`));
    assert.ok(!stderr.includes("hunter2"));
    assert.ok(!homeOf(coffer).includes("hunter2"));
    assert.equal(await coffer.ok(["get", "credentials/dev/azure/token"]), "hunter2-token");
    // Applied again, nothing is written anew; what the set has no more is removed from the store.
    await coffer.ok(["credentials", "apply", file, "-n", "dev"]);
    assert.equal(
      (await coffer.json(["history", "credentials/dev/azure/token"]) as { versions: unknown[] }).versions.length,
      1,
    );
    await coffer.ok(["credentials", "apply", setFile(coffer, "azure.json", { token: { env: "TOKEN" } }), "-n", "dev"]);
    assert.deepEqual(await coffer.json(["list"]), []);
  },
  BUNDLE_ONLY,
);

endToEnd(
  "coffer credentials apply changes nothing when the store persists nothing, in Porter's words",
  async (coffer) => {
    await coffer.given();
    coffer.configure('default-secrets-plugin = "host"\n');
    const file = setFile(coffer, "azure.json", { token: { value: "hunter2" } });
    const { message } = await coffer.fault("UNSUPPORTED", ["credentials", "apply", file]);
    assert.equal(
      message,
      "the default secrets plugin, secrets.porter.host, does not support persisting secrets: not implemented",
    );
    assert.deepEqual(await list(coffer, "credentials", "list"), []);
    // A parameter's value is kept as it is, and needs no store.
    await coffer.ok(["parameters", "apply", `${PORTER}/myenv-parameters.yaml`]);
    assert.deepEqual(await list(coffer, "parameters", "list"), ["/myenv"]);
  },
  BUNDLE_ONLY,
);

endToEnd("coffer credentials apply keeps literals in the store that is configured", async (coffer) => {
  using folder = temporaryFolder();
  coffer.configure(
    `default-secrets: files\nsecrets: {name: files, plugin: filesystem, config: {folder: "${folder.path}/s"}}\n`,
    "config.yaml",
  );
  const file = setFile(coffer, "azure.json", { token: { value: "hunter2" } });
  const { code, stderr } = await coffer.run(["credentials", "apply", file]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /for development only/);
  assert.equal(Deno.readTextFileSync(`${folder.path}/s/credentials/azure/token`), "hunter2");
  assert.equal(
    await coffer.ok(["run", "--credentials", "azure", "--no-mask", "--", "sh", "-c", "echo $token"]),
    "hunter2\n",
  );
  await coffer.ok(["credentials", "delete", "azure"]);
  assert.deepEqual([...filesBelow(folder.path)], []);
}, BUNDLE_ONLY);

endToEnd(
  "coffer credentials apply changes a set whose values cannot be removed, and says that they stay",
  async (coffer) => {
    await coffer.given();
    await coffer.ok(["plugin", "install-into-porter"]);
    const config = { folder: `${coffer.root}/secrets` };
    const store = { name: "p", plugin: "coffer.filesystem", start_timeout: "60s", config };
    coffer.configure(JSON.stringify({ "default-secrets": "p", secrets: [store] }), "config.json");
    await coffer.ok(["credentials", "apply", setFile(coffer, "s.json", { token: { value: "hunter2" } })]);
    const { code, stderr } = await coffer.run([
      "credentials",
      "apply",
      setFile(coffer, "s.json", { token: { env: "TOKEN" } }),
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /credentials\/s\/token/);
    const { credentials } = await coffer.json(["credentials", "show", "s"]) as Document;
    assert.deepEqual(credentials!.map(({ source }) => source), [{ env: "TOKEN" }]);
  },
  BUNDLE_ONLY,
);

endToEnd("coffer credentials apply refuses what is no set, and says all that is wrong", async (coffer) => {
  const refused: [string, string][] = [
    ["bad.yaml", "name: x\ncredentials: [{name: a, source: {vault: hunter2}}, {name: b, source: {env: A, path: b}}]"],
    ["bad.json", '{"name": "hunter2",}'],
    ["list.yaml", "- a"],
  ];
  for (const [name, text] of refused) {
    const { message, hint } = await coffer.fault("CONFIG", ["credentials", "apply", coffer.file(name, text)]);
    assert.ok(!`${message}${hint}`.includes("hunter2"));
  }
  const { message } = await coffer.fault("CONFIG", ["credentials", "apply", `${coffer.project}/bad.yaml`]);
  for (
    const part of [
      "vault is not a valid source. Valid sources are: secret, value, env, path, command",
      "multiple key/value pairs specified for source but only one may be defined",
      "(none) is not a valid semantic version: invalid schema version",
    ]
  ) assert.ok(message.includes(part), message);
  await coffer.fault("CONFIG", ["credentials", "apply", `${PORTER}/credential-set-invalid-schema.yaml`]);
  await coffer.fault("CONFIG", ["credentials", "apply", `${PORTER}/parameter-set.yaml`]);
  await coffer.fault("USAGE", ["credentials", "apply", coffer.file("set.txt", "")]);
  await coffer.fault("NOT_FOUND", ["credentials", "apply", "none.yaml"]);
  assert.deepEqual(await list(coffer, "credentials", "list", "--all-namespaces"), []);
}, BUNDLE_ONLY);

endToEnd(
  "coffer credentials take a namespace from the file, the line, a variable, the configuration",
  async (coffer) => {
    const text = (namespace?: string) =>
      JSON.stringify({
        schemaVersion: "1.0.1",
        name: "s",
        ...(namespace !== undefined && { namespace }),
        credentials: [],
      });
    const apply = (stdin: string, args: string[] = [], env = {}) =>
      coffer.json(["credentials", "apply", "-", ...args], { stdin, env }) as Promise<Document>;
    assert.equal((await apply(text("file"), ["-n", "line"])).namespace, "file");
    assert.equal((await apply(text(""), ["-n", "line"])).namespace, "");
    assert.equal((await apply(text(), ["-n", "line"], { COFFER_NAMESPACE: "variable" })).namespace, "line");
    coffer.configure('namespace = "configured"\n');
    assert.equal((await apply(text(), [], { COFFER_NAMESPACE: "variable" })).namespace, "variable");
    assert.equal((await apply(text())).namespace, "configured");
    assert.equal((await apply(text(), [], { COFFER_NAMESPACE: "" })).namespace, "");
    assert.deepEqual(await list(coffer, "credentials", "list"), ["configured/s"]);
    assert.equal((await list(coffer, "credentials", "list", "--all-namespaces")).length, 5);
    await coffer.fault("USAGE", ["credentials", "list", "-n", "../x"]);
    await coffer.fault("USAGE", ["credentials", "list"], { env: { COFFER_NAMESPACE: "../x" } });
  },
  BUNDLE_ONLY,
);

endToEnd("coffer credentials list filters by namespace, name and label, in three forms", async (coffer) => {
  const sets = [["", "one", { team: "red" }], ["dev", "two", { team: "red", tier: "1" }], [
    "dev",
    "another",
    {},
  ]] as const;
  for (const [namespace, name, labels] of sets) {
    const document = { schemaVersion: "1.0.1", namespace, name, labels, credentials: [] };
    await coffer.ok(["credentials", "apply", "-"], { stdin: JSON.stringify(document) });
  }
  const listed = (...args: string[]) => list(coffer, "credentials", "list", ...args);
  assert.deepEqual(await listed(), ["/one"]);
  assert.deepEqual(await listed("-n", "dev"), ["dev/another", "dev/two"]);
  assert.deepEqual(await listed("-n", "*"), ["/one", "dev/another", "dev/two"]);
  assert.deepEqual(await listed("--all-namespaces", "--name", "o"), ["/one", "dev/another", "dev/two"]);
  assert.deepEqual(await listed("--all-namespaces", "--name", "tw"), ["dev/two"]);
  assert.deepEqual(await listed("--all-namespaces", "-l", "team=red"), ["/one", "dev/two"]);
  assert.deepEqual(await listed("--all-namespaces", "-l", "team=red", "-l", "tier=1"), ["dev/two"]);
  assert.deepEqual(await listed("-l", "toString=x"), []);
  await coffer.fault("USAGE", ["credentials", "list", "-l", "red"]);
  const plain = await coffer.ok(["credentials", "list", "--all-namespaces"]);
  assert.match(plain, /^- {4}one +\d{4}-\d\d-\d\dT.*Z\ndev +another/);
  assert.deepEqual(
    JSON.parse(await coffer.ok(["credentials", "list", "-o", "json"])),
    await coffer.json(["credentials", "list"]),
  );
  assert.match(
    await coffer.ok(["credentials", "list", "-o", "yaml"]),
    /^- schemaType: CredentialSet\n {2}schemaVersion: 1\.0\.1\n/,
  );
}, BUNDLE_ONLY);

endToEnd(
  "coffer credentials show prints what can be applied again, of the namespace or the global one",
  async (coffer) => {
    await coffer.given();
    await coffer.ok(["credentials", "apply", `${PORTER}/kool-kreds.yaml`]);
    await coffer.ok(["credentials", "apply", setFile(coffer, "global.json", { a: { env: "A" } })]);
    const yaml = await coffer.ok(["credentials", "show", "kool-kreds", "-n", "dev", "-o", "yaml"]);
    const before = await coffer.json(["credentials", "show", "kool-kreds", "-n", "dev"]) as Document;
    await coffer.ok(["credentials", "apply", "-"], { stdin: yaml });
    const after = await coffer.json(["credentials", "show", "kool-kreds", "-n", "dev"]) as Document;
    assert.deepEqual(after.credentials, before.credentials);
    const plain = await coffer.ok(["credentials", "show", "kool-kreds", "-n", "dev"]);
    assert.match(plain, /^kool-envvar {2}env +KOOL_ENV_VAR$/m);
    assert.match(plain, /^namespace +dev$/m);
    assert.equal((await coffer.json(["credentials", "show", "global", "-n", "dev"]) as Document).namespace, "");
    await coffer.fault("NOT_FOUND", ["credentials", "show", "kool-kreds"]);
    await coffer.fault("USAGE", ["credentials", "show", "../kool-kreds"]);
  },
  BUNDLE_ONLY,
);

endToEnd("coffer credentials create writes a file that apply takes, and overwrites none", async (coffer) => {
  await coffer.given();
  for (const plural of ["credentials", "parameters"]) {
    for (const file of ["new.yaml", "new.json", "new.yml"]) {
      await coffer.ok([plural, "create", file]);
      assert.equal(Deno.statSync(`${coffer.project}/${file}`).mode! & 0o777, 0o600);
      const before = Deno.readTextFileSync(`${coffer.project}/${file}`);
      await coffer.fault("CONFLICT", [plural, "create", file]);
      assert.equal(Deno.readTextFileSync(`${coffer.project}/${file}`), before);
      await coffer.ok([plural, "apply", file]);
      Deno.removeSync(`${coffer.project}/${file}`);
    }
    const printed = await coffer.ok([plural, "create"]);
    await coffer.ok([plural, "apply", "-"], { stdin: printed });
    JSON.parse(await coffer.ok([plural, "create", "--output", "json"]));
    await coffer.fault("USAGE", [plural, "create", "new.txt"]);
    await coffer.ok([plural, "create", "new", "-o", "yaml"]);
    Deno.removeSync(`${coffer.project}/new`);
  }
}, BUNDLE_ONLY);

endToEnd("coffer credentials edit changes a set in memory, and seals what was typed", async (coffer) => {
  await coffer.given();
  await coffer.ok(["credentials", "apply", setFile(coffer, "azure.json", { token: { env: "TOKEN" } })]);
  const edit = (body: string) => ({ env: { EDITOR: editor(coffer, body) } });
  const stat = `${coffer.temp}/seen`;
  await coffer.ok(
    ["credentials", "edit", "azure"],
    edit(`stat -c '%a %n' "$1" > '${stat}'; stat -f -c %T "$1" >> '${stat}'`),
  );
  assert.match(Deno.readTextFileSync(stat), /^600 .*set\.yaml\ntmpfs\n$/);
  await coffer.ok(["credentials", "edit", "azure"], edit(`sed -i 's/env: TOKEN/value: hunter2-typed/' "$1"`));
  assert.equal(await coffer.ok(["get", "credentials/azure/token"]), "hunter2-typed");
  assert.ok(!homeOf(coffer).includes("hunter2"));
  const before = await coffer.json(["credentials", "show", "azure"]);
  for (
    const body of [
      `echo 'not: [a set' > "$1"`,
      `sed -i 's/secret:/vault:/' "$1"`,
      `sed -i 's/name: azure/name: other/' "$1"`,
    ]
  ) {
    await coffer.fault("CONFIG", ["credentials", "edit", "azure"], edit(body));
  }
  await coffer.fault("USAGE", ["credentials", "edit", "azure"], edit("exit 1"));
  await coffer.fault("NOT_FOUND", ["credentials", "edit", "none"], edit("true"));
  assert.deepEqual(await coffer.json(["credentials", "show", "azure"]), before);
  const changing = edit(
    `'${coffer.command([])[0]}' ${coffer.command([]).slice(1).map((word) => `'${word}'`).join(" ")} ` +
      `credentials apply '${coffer.project}/azure.json' 2>/dev/null; echo '# later' >> "$1"`,
  );
  await coffer.fault("CONFLICT", ["credentials", "edit", "azure"], {
    ...changing,
    env: { ...changing.env, COFFER_PASSPHRASE: undefined },
  });
  await coffer.ok(["parameters", "apply", `${PORTER}/mypset.yaml`]);
  await coffer.ok(["parameters", "edit", "mypset"], edit(`sed -i 's/foo_secret/bar_secret/' "$1"`));
  const changed = await coffer.json(["parameters", "show", "mypset"]) as Document;
  assert.deepEqual(changed.parameters, [{ name: "foo", source: { secret: "bar_secret" } }]);
  assert.deepEqual([...Deno.readDirSync(coffer.runtime)], []);
}, BUNDLE_ONLY);

endToEnd("coffer credentials edit has a set that is not valid edited again", async (coffer) => {
  await coffer.given();
  await coffer.ok(["credentials", "apply", setFile(coffer, "azure.json", { token: { env: "TOKEN" } })]);
  const typing =
    `if grep -q vault: "$1"; then sed -i 's/vault:/env:/' "$1"; else sed -i 's/env: TOKEN/vault: OTHER/' "$1"; fi`;
  const session = await atTerminal(coffer, ["credentials", "edit", "azure"], [
    { expect: "again?" },
    { send: "y\r" },
    { expect: "azure" },
  ], { env: { EDITOR: editor(coffer, typing), COFFER_PASSPHRASE: PASSPHRASE } });
  assert.equal(session.code, 0, session.transcript);
  const { credentials } = await coffer.json(["credentials", "show", "azure"]) as Document;
  assert.deepEqual(credentials, [{ name: "token", source: { env: "OTHER" } }]);
}, { ...BUNDLE_ONLY, ...NEEDS_TERMINAL });

endToEnd("coffer credentials delete removes a set and the values that it had put into the store", async (coffer) => {
  await coffer.given({ shared: "mine" });
  const entries = { token: { value: "hunter2" }, other: { secret: "shared" } };
  await coffer.ok(["credentials", "apply", setFile(coffer, "azure.json", entries)]);
  await coffer.ok(["credentials", "apply", setFile(coffer, "azure.json", entries), "-n", "dev"]);
  await coffer.fault("NOT_FOUND", ["credentials", "delete", "azure", "-n", "prod"]); // not the global one
  await coffer.fault("LOCKED", ["credentials", "delete", "azure"], { env: { COFFER_PASSPHRASE: "wrong" } });
  assert.deepEqual(await list(coffer, "credentials", "list"), ["/azure"]);
  await coffer.ok(["credentials", "delete", "azure"]);
  assert.deepEqual(await coffer.json(["list"]), ["credentials/dev/azure/token", "shared"]);
  await coffer.fault("NOT_FOUND", ["credentials", "delete", "azure"]);
  await coffer.ok(["credentials", "delete", "azure", "--force"]);
  // By force, also when the store cannot be opened; what stays in it is named.
  const { code, stderr } = await coffer.run(["credentials", "delete", "azure", "-n", "dev", "--force"], {
    env: { COFFER_PASSPHRASE: "wrong" },
  });
  assert.equal(code, 0, stderr);
  assert.ok(stderr.includes("credentials/dev/azure/token"));
  assert.deepEqual(await list(coffer, "credentials", "list", "-n", "dev"), []);
  await coffer.ok(["parameters", "apply", `${PORTER}/mypset.yaml`]);
  await coffer.ok(["parameters", "delete", "mypset"], { env: { COFFER_PASSPHRASE: undefined } });
  assert.deepEqual(await list(coffer, "parameters", "list"), []);
}, BUNDLE_ONLY);

endToEnd("coffer credentials generate makes a set of what a bundle wants, and replaces none", async (coffer) => {
  await coffer.given();
  const made = await coffer.json(["credentials", "generate", "--from", BUNDLE, "-n", "dev", "-l", "team=red"]);
  assert.deepEqual(made, {
    namespace: "dev",
    name: "helloworld",
    credentials: ["hostkey", "image_token", "kubeconfig"],
  });
  const shown = await coffer.json(["credentials", "show", "helloworld", "-n", "dev"]) as Document;
  assert.deepEqual(shown.labels, { team: "red" });
  assert.deepEqual(
    shown.credentials!.map(({ source }) => source),
    ["hostkey", "image_token", "kubeconfig"].map((secret) => ({ secret })),
  );
  await coffer.fault("CONFLICT", ["credentials", "generate", "--from", BUNDLE, "-n", "dev"]);
  await coffer.ok(["credentials", "generate", "mine", "--from", BUNDLE, "--source", "env"]);
  coffer.file("bundle.json", Deno.readFileSync(BUNDLE));
  await coffer.ok(["parameters", "generate", "sizes"]);
  const sizes = await coffer.json(["parameters", "show", "sizes"]) as Document;
  assert.deepEqual(sizes.parameters, [{ name: "backend_port", source: { value: "80" } }]);
  await coffer.fault("CONFIG", ["credentials", "generate", "x", "--from", coffer.file("no.json", "{}")]);
  await coffer.fault("NOT_FOUND", ["credentials", "generate", "x", "--from", "none.json"]);
}, BUNDLE_ONLY);

endToEnd("coffer keeps sets 0600 in 0700 whatever the umask, and refuses ones that others can read", async (coffer) => {
  const open = { through: 'umask 000; "$@"' };
  await coffer.ok(["parameters", "apply", `${PORTER}/mypset.yaml`], open);
  await coffer.ok(["parameters", "create", "new.yaml"], open);
  const folder = `${coffer.home}/.coffer`;
  const [path] = [...filesBelow(`${folder}/parameters`).keys()];
  for (
    const [place, mode] of [[folder, 0o700], [`${folder}/parameters`, 0o700], [path!, 0o600], [
      `${coffer.project}/new.yaml`,
      0o600,
    ]] as const
  ) {
    assert.equal(Deno.statSync(place).mode! & 0o777, mode, place);
  }
  Deno.chmodSync(path!, 0o644);
  const { hint } = await coffer.fault("DENIED", ["parameters", "show", "mypset"]);
  assert.ok((await new Deno.Command("sh", { args: ["-c", hint!] }).output()).success);
  await coffer.ok(["parameters", "show", "mypset"]);
}, BUNDLE_ONLY);

let editors = 0;

function editor(coffer: Coffer, body: string): string {
  return coffer.file(`${coffer.root}/editors/${editors++}`, `#!/bin/sh\n${body}\n`, 0o755);
}
