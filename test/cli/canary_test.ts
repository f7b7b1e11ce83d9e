/**
 * Nothing that Coffer was given to keep turns up where it was not asked for: not in a file, not on stderr, not in the
 * output of a command that prints something else, not in any process's command line; whatever succeeds or fails.
 */
import assert from "node:assert/strict";
import { canaries, CanarySearch } from "../fixture/canary.ts";
import { BUNDLE_ONLY, endToEnd, needs, type Outcome, type RunOptions } from "../fixture/coffer_cli.ts";
import { atTerminal } from "../fixture/terminal_session.ts";

const COUNT = 200;
const LACKING = { lacking: needs("python3") };

endToEnd("coffer shows no value anywhere but where it is asked to, in any command or failure", async (coffer) => {
  const values = new Map(canaries(COUNT).map((value, i) => [`name-${i}`, value]));
  const passphrase = "canary passphrase " + crypto.randomUUID();
  const next = "next passphrase " + crypto.randomUUID();
  const secrets = new Map([...values, ["passphrase", bytes(passphrase)], ["next passphrase", bytes(next)]]);
  const search = new CanarySearch(secrets);
  const given = `${coffer.root}/given`; // what the user keeps in plaintext, outside of all that is searched
  const env = { COFFER_PASSPHRASE: undefined, COFFER_PASSPHRASE_FILE: coffer.file(`${given}/passphrase`, passphrase) };
  const watcher = await watchCommandLines(`${coffer.root}/command-lines`);
  let commands = 0;

  const clean = (
    label: string,
    { text, stdout, stderr }: Pick<Outcome, "text" | "stdout" | "stderr">,
    prints = false,
  ) => {
    commands++;
    assert.deepEqual(search.in(bytes(stderr)), [], `stderr of ${label}`);
    if (!prints) assert.deepEqual(search.in(stdout), [], `stdout of ${label}: ${text.length}`);
    for (const folder of [coffer.project, coffer.home, coffer.temp, coffer.runtime]) {
      assert.deepEqual(search.below(folder), [], `after ${label}`);
    }
  };
  const run = async (args: readonly string[], options: RunOptions & { prints?: boolean } = {}) => {
    const outcome = await coffer.run(args, { ...options, env: { ...env, ...options.env } });
    clean(args.join(" ").slice(0, 80), outcome, options.prints);
    return outcome;
  };

  // Setting: by import, stdin, file, prompt, editor, field.
  await run(["init", "--work-factor", "10"]);
  await run(["stack", "new", "second", "--work-factor", "10"]);
  const [byStdin, byFile, byField, byPrompt, byEditor, ...byImport] = [...values.keys()].filter((_, i) => i % 4 !== 3);
  const binary = [...values.keys()].filter((_, i) => i % 4 === 3);
  const text = (name: string) => new TextDecoder().decode(values.get(name)!);
  const file = (name: string) => coffer.file(`${given}/${name}`, values.get(name)!);
  const entries = Object.fromEntries(byImport.map((name) => [name, text(name)]));
  await run(["import", coffer.file(`${given}/all.json`, JSON.stringify(entries))]);
  await run(["set", byStdin!, "--raw"], { stdin: values.get(byStdin!)! });
  await run(["set", byFile!, "--from-file", file(byFile!)]);
  await run(["set", byField!, "--field", "user"], { stdin: values.get(byField!)! });
  const editor = coffer.file(`${coffer.root}/editor`, `#!/bin/sh\ncp '${file(byEditor!)}' "$1"\n`, 0o755);
  await run(["edit", byEditor!], { env: { EDITOR: editor } });
  for (const name of binary) {
    await coffer.ok(["set", name, "--from-file", file(name)], { env });
  }
  const prompted = text(byPrompt!).split("\n")[0]!;
  const session = await atTerminal(coffer, ["set", byPrompt!], [{ expect: "not shown" }, { send: `${prompted}\r` }], {
    env,
  });
  assert.equal(session.code, 0);
  clean("set at a prompt", { stderr: session.transcript, stdout: new Uint8Array(0), text: "" });
  assert.equal((JSON.parse((await run(["list", "--json"])).text) as unknown[]).length, COUNT);

  // Everything else, and every way in which it can fail.
  const template = coffer.file("t.tpl", `{{ coffer:///${byStdin} }}`);
  const references = coffer.file("app.env", `TOKEN=coffer:///${byStdin}\n`);
  const damaged = coffer.file("damaged.json", '{"a": "x"');
  const printing: string[][] = [
    ["get", byStdin!],
    ["get", byStdin!, "--json"],
    ["get", byField!, "--field", "user"],
    ["inject", template],
    ["export", "-f", "json", "--prefix", byStdin!],
    ["run", "--no-mask", "-s", `${byStdin}=V`, "--", "env"],
  ];
  for (const args of printing) {
    const { code, stdout } = await run(args, { prints: true });
    assert.equal(code, 0, args.join(" "));
    assert.notDeepEqual(search.in(stdout), [], "the search finds what is there");
  }
  // Values that are typed where a name belongs, and cannot be one.
  const typed = byImport.filter((name) => text(name).includes(" ")).slice(0, 3);
  const silent: (readonly string[])[] = [
    ["list"],
    ["history", byStdin!],
    ["rollback", byStdin!, "1"],
    ["rollback", byStdin!, "99"],
    ["verify"],
    ["verify", "--json"],
    ["doctor"],
    ["doctor", "--json"],
    ["audit"],
    ["audit", "--json"],
    ["audit", "--verify"],
    ["stack", "list"],
    ["stack", "select", "dev"],
    ["version"],
    ["completion", "bash"],
    ["__complete", "get", ""],
    ["--help"],
    ["rekey"],
    ["run", "-s", `${byStdin}=V`, "--", "env"],
    [
      "run",
      "-s",
      `${byStdin}=V`,
      "--env-file",
      references,
      "--",
      "sh",
      "-c",
      'echo "$V" | base64 -w0; echo "$TOKEN" >&2',
    ],
    [
      "run",
      "-s",
      `${byStdin}=V`,
      "--file",
      binary[0]!,
      "--template",
      `${template}=t`,
      "--",
      "sh",
      "-c",
      'cat "$COFFER_FILES/t"',
    ],
    ["run", "-s", `${byStdin}=V`, "--", "no-such-command"],
    ["run", "-s", `${byStdin}=V`, "-s", `${byFile}=V`, "--", "true"],
    ["run", "-s", `${binary[0]}=V`, "--", "true"],
    ["run", "--", "true"],
    ["run", "-s", "missing", "-s", byStdin!, "--", "true"],
    ["run", "-s", `${byStdin}=V`, "--file", `${byFile}=../x`, "--", "true"],
    ["get", "missing"],
    ["get", byStdin!, "--field", "user"],
    ["get", byField!, "--field", "missing"],
    ["get", byStdin!, "--version", "99"],
    ["set", byStdin!, "--field", "user"],
    ["set", "a", text(typed[0]!)],
    ["set", text(typed[1]!)],
    ["get", text(typed[2]!)],
    ["export", "-f", "docker"],
    ["export", "-f", "csv", "--prefix", binary[0]!],
    ["export", "-o", `${coffer.temp}/missing/folder`],
    ["import", damaged],
    ["import", `${given}/all.json`, "--prefix", "/"],
    ["import", `${given}/all.json`, "-f", "yaml", "--prefix", "not a name "],
    ["import", `${given}/all.json`, "-f", "csv"],
    ["import", `${given}/all.json`, "-f", "docker"],
    ["import", `${given}/all.json`, "-f", "dotenv"],
    ["inject", "missing"],
    ["edit", byStdin!],
    ["get", byStdin!, "--stack", "second"],
    ["passphrase", "change"],
    ["init"],
    ["rm", "missing", byStdin!],
    ["stack", "rm", "second"],
  ];
  const killedEditor = coffer.file(`${coffer.root}/killed`, "#!/bin/sh\nkill -9 $$\n", 0o755);
  for (const args of silent) await run(args, { stdin: "x", env: { EDITOR: killedEditor } });
  await run(["import", "-", "-f", "json"], { stdin: JSON.stringify(entries).slice(0, -1) });
  await run(["import", "-", "-f", "dotenv"], { stdin: JSON.stringify(entries) });
  await run(["inject"], { stdin: `{{ coffer:///${byStdin} }} {{ coffer:///missing }}` });
  await run(["mask", "--all", "-s", `${byField}#user`], {
    stdin: JSON.stringify(entries) + values.get(byFile!)!.toHex(),
  });
  for (const output of ["/dev/full", "/dev/null"]) await run(["get", byStdin!], { through: `"$@" > ${output}` });
  await run(["export", "-f", "json"], { through: `umask 022; "$@" > '${given}/open.json'` });
  await run(["export", "-f", "json", "-o", `${given}/out.json`]);
  await run(["export", "-f", "github", "--prefix", "none"], { env: { GITHUB_ENV: `${given}/github` } });
  await run(["get", byStdin!], { env: { COFFER_PASSPHRASE_FILE: coffer.file(`${given}/wrong`, next) } });
  await run(["get", byStdin!, "--passphrase-fd", "3"], { fds: { 3: next } });
  // A project file with rules that the values break, and one with a value where none belongs.
  const rules =
    `A = { secret = "${byStdin}", type = "bool" }\nB = { secret = "${byFile}", pattern = "x" }\nC = { enum = ["x"] }`;
  const quoted = JSON.stringify(text(byStdin!));
  const declared = [
    coffer.file("declared/coffer.toml", `[env]\n${rules}\n`),
    coffer.file(`${given}/key/coffer.toml`, `[env]\nA = { type = ${quoted}, pattern = ${quoted}, enum = ${quoted} }\n`),
    coffer.file(`${given}/syntax/coffer.toml`, `[env]\nA = ${quoted} ${quoted}\n`),
  ];
  for (const path of declared) {
    const options = { cwd: path.slice(0, path.lastIndexOf("/")), env: { C: text(byStdin!) } };
    for (const args of [["check"], ["check", "--json"], ["run", "--", "env"]]) {
      assert.notEqual((await run(args, options)).code, 0);
    }
  }
  await sets();
  await run(["passphrase", "change", "--new-passphrase-fd", "3", "--work-factor", "10"], { fds: { 3: next } });
  const changed = { env: { COFFER_PASSPHRASE_FILE: coffer.file(`${given}/next`, next) } };
  await run(["verify"], changed);
  const path = `${coffer.stackFolder()}/secrets/${byStdin}.json`;
  const whole = Deno.readTextFileSync(path);
  for (const broken of [whole.slice(0, -9), whole.replace(/"mac": "../, '"mac": "AA'), `<<<<<<< HEAD\n${whole}`]) {
    coffer.file(path, broken);
    await run(["get", byStdin!], changed);
    await run(["verify"], changed);
    await run(["run", "--", "env"], changed);
    await run(["set", byStdin!], { ...changed, stdin: values.get(byStdin!)! });
  }
  coffer.file(path, whole);
  await run(["rm", byStdin!, byFile!, "--yes"], changed);
  await run(["stack", "rm", "second", "--yes"], changed);
  assert.ok(commands > 80);

  /** Values in sets, in what they name, and in the configuration. */
  async function sets() {
    const names = byImport.slice(3, 8);
    const document = (entries: Record<string, unknown>, rest = {}) =>
      JSON.stringify({
        schemaVersion: "1.0.1",
        name: "canary",
        ...rest,
        credentials: Object.entries(entries).map(([name, source]) => ({ name, source })),
      });
    const literals = Object.fromEntries(names.map((name) => [name, { value: text(name) }]));
    const literal = coffer.file(`${given}/literal.json`, document(literals));
    const wrong = coffer.file(
      `${given}/wrong.json`,
      document({ ...literals, a: { vault: text(names[0]!) } }, { nmae: 1 }),
    );
    const broken = coffer.file(`${given}/broken.yaml`, `name: ${quoted}\n  - : [${quoted}`);
    const mixed = document({
      ...literals,
      path: { path: file(byFile!) },
      env: { env: "CANARY" },
      command: { command: `cat ${file(byStdin!)}` },
      secret: { secret: byStdin },
    });
    const environment = { env: { CANARY: text(byField!), EDITOR: killedEditor } };
    assert.equal((await run(["credentials", "apply", literal])).code, 0);
    assert.equal((await run(["credentials", "apply", "-", "-n", "dev"], { stdin: mixed })).code, 0);
    const uses: string[][] = [
      ["credentials", "apply", literal, "--json"],
      ["credentials", "apply", wrong],
      ["credentials", "apply", broken],
      ["parameters", "apply", literal],
      ["credentials", "list", "--all-namespaces", "--json"],
      ...["plaintext", "yaml", "json"].map((form) => ["credentials", "show", "canary", "-n", "dev", "-o", form]),
      ["run", "--credentials", "canary", "-n", "dev", "--", "sh", "-c", "env; env | base64 -w0"],
      ["run", "--credentials", "canary", "-s", `${byFile}=${names[0]!.replace("-", "_").toUpperCase()}`, "--", "true"],
      ["credentials", "edit", "canary"],
      ["provider", "list"],
    ];
    for (const args of uses) await run(args, environment);
    await run(["run", "--credentials", "canary", "-n", "dev", "--", "true"]); // CANARY is not set
    const typing = coffer.file(`${coffer.root}/typing`, `#!/bin/sh\ncat '${literal}' > "$1"\n`, 0o755);
    assert.equal((await run(["credentials", "edit", "canary"], { env: { EDITOR: typing } })).code, 0);
    // A configuration with values in it is the user's own file: it is not searched, and nothing tells of it.
    const home = { COFFER_HOME: `${given}/home` };
    Deno.mkdirSync(home.COFFER_HOME, { mode: 0o700 });
    const store = {
      name: "s",
      plugin: "azure.keyvault",
      config: { token: text(names[0]!), [names[1]!]: "${env.CANARY}" },
    };
    const configuration = JSON.stringify({ "default-secrets": "s", secrets: [{ ...store, plugin: "filesystem" }] });
    for (const written of [configuration, configuration.slice(0, -3)]) {
      coffer.file(`${home.COFFER_HOME}/config.json`, written);
      await run(["provider", "list"], { env: { ...environment.env, ...home } });
      await run(["credentials", "apply", literal], { env: { ...environment.env, ...home } });
    }
    assert.equal((await run(["credentials", "delete", "canary"])).code, 0);
    assert.equal((await run(["credentials", "delete", "canary", "-n", "dev"])).code, 0);
  }

  const lines = await watcher.stop();
  assert.ok(lines.length > commands / 2, `the watcher saw ${lines.length} command lines`);
  // What the user typed is in the user's own command line.
  const elsewhere = new CanarySearch(new Map([...secrets].filter(([name]) => !typed.includes(name))));
  for (const line of lines) assert.deepEqual(elsewhere.in(line), [], "a command line");
}, { ...BUNDLE_ONLY, ...LACKING });

endToEnd("coffer leaves no value behind when it is killed while an editor or a command has it", async (coffer) => {
  const value = canaries(1)[0]!;
  await coffer.given({ NAME: value });
  const search = new CanarySearch(new Map([["value", value]]));
  const commands: [string[], RunOptions][] = [
    [["edit", "NAME"], { env: { EDITOR: "exec sleep 60 #" } }],
    [["run", "--file", "NAME", "--", "sleep", "60"], {}],
  ];
  for (const [args, options] of commands) {
    await using child = coffer.spawn(args, options);
    const output = child.output();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill("SIGTERM");
    await output;
    for (const folder of [coffer.project, coffer.home, coffer.temp, coffer.runtime]) {
      assert.deepEqual(search.below(folder), []);
    }
  }
}, BUNDLE_ONLY);

async function watchCommandLines(report: string) {
  const watcher = new Deno.Command("python3", {
    args: [`${import.meta.dirname}/../fixture/watch_command_lines.py`, report],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = watcher.stdout.getReader();
  await reader.read();
  return {
    async stop(): Promise<Uint8Array[]> {
      await watcher.stdin.close();
      await reader.cancel();
      await watcher.status;
      return Deno.readTextFileSync(report).split("\n").filter(Boolean).map((line) => Uint8Array.fromHex(line));
    },
  };
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
