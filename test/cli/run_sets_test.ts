/** `coffer run --credentials SET --parameters SET`: what Porter's sets name, in the command's environment. */
import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, eventually } from "../fixture/coffer_cli.ts";
import { serve } from "../fixture/coffer_server.ts";

type Sources = Record<string, Record<string, unknown>>;

async function given(
  coffer: Coffer,
  kind: "credentials" | "parameters",
  name: string,
  entries: Sources,
  namespace = "",
) {
  const list = Object.entries(entries).map(([name, source]) => ({ name, source }));
  const document = { schemaVersion: "1.0.1", name, namespace, [kind]: list };
  await coffer.ok([kind, "apply", "-"], { stdin: JSON.stringify(document) });
}

const audited = async (coffer: Coffer) =>
  (await coffer.json(["audit"]) as {
    operation: string;
    access: string;
    stack?: string;
    secrets: { name: string }[];
    outcome: string;
  }[])
    .map(({ operation, access, stack = "-", secrets, outcome }) =>
      [operation, access, stack, ...secrets.map(({ name }) => name), outcome].join(" ")
    );

endToEnd(
  "coffer run --credentials gives the command what a set names, from every kind of source, masked",
  async (coffer) => {
    await coffer.given({ "my-key": "secret-value", "x/y": "deep-value" });
    const file = coffer.file("token.txt", "file-value\n");
    await given(coffer, "credentials", "all", {
      "from-secret": { secret: "my-key" },
      "from/deep": { secret: "x/y" },
      FROM_ENV: { env: "OUTSIDE" },
      "from path": { path: "$DIR/token.txt" },
      "from.command": { command: `sh ${coffer.file("noisy", `echo noise >&2; cat '${file}'`)}` },
      FROM_HOME: { path: "$HOME/in-home" },
      literal: { value: "literal-value" },
    });
    coffer.file(`${coffer.home}/in-home`, "home-value");
    const env = { OUTSIDE: "env-value", DIR: coffer.project };
    const names = ["FROM_SECRET", "FROM_DEEP", "FROM_ENV", "FROM_PATH", "FROM_COMMAND", "FROM_HOME", "literal"];
    const shell = names.map((name) => `echo "$${name} \${#${name}}"`).join("; ");
    const run = ["run", "--credentials", "all"];
    const bare = await coffer.run([...run, "--no-mask", "--", "sh", "-c", shell], { env });
    const texts = [
      "secret-value",
      "deep-value",
      "env-value",
      "file-value\n",
      "file-value\n",
      "home-value",
      "literal-value",
    ];
    assert.equal(bare.text, texts.map((text) => `${text} ${text.length}\n`).join(""));
    assert.equal(bare.stderr, "noise\n", "what a command says is for people");
    const masked = await coffer.ok([...run, "--", "sh", "-c", shell], { env });
    assert.ok(!/-value/.test(masked), masked);
    assert.match(masked, /^\*{7} 12\n\*{7} 10\n\*{7} 9\n/);
    const exec = await coffer.ok([...run, "--exec", "--", "sh", "-c", "echo ${#FROM_SECRET}"], { env });
    assert.equal(exec, "12\n");
    assert.deepEqual((await audited(coffer)).slice(-2).sort(), [
      "run read - ok",
      "run read dev my-key x/y credentials/all/literal ok",
    ]);
  },
);

endToEnd("coffer run starts nothing when entries have no value, and one error names them all", async (coffer) => {
  await coffer.given({ good: "good-value" });
  await given(coffer, "credentials", "creds", {
    good: { secret: "good" },
    "bad-secret": { secret: "none" },
    "bad-env": { env: "NOT_SET_ANYWHERE" },
    "bad-path": { path: "/no/such/file" },
  });
  const started = `${coffer.temp}/started`;
  const args = ["run", "--credentials", "creds", "--", "touch", started];
  const { message } = await coffer.fault("NOT_FOUND", args);
  assert.ok(message.startsWith("3 errors occurred: "), message);
  for (
    const part of [
      "bad-secret from secret none",
      "bad-env from env NOT_SET_ANYWHERE",
      "bad-path from path /no/such/file",
    ]
  ) {
    assert.ok(message.includes(`unable to resolve credential creds.${part}: `), message);
  }
  assert.ok(!message.includes("creds.good") && !message.includes("good-value"));
  assert.throws(() => Deno.statSync(started), Deno.errors.NotFound);
  // A store that fails as a whole fails for each of its entries; what is missing besides is named too.
  const locked = await coffer.fault("LOCKED", args, { env: { COFFER_PASSPHRASE: "wrong" } });
  assert.ok(locked.message.startsWith("4 errors occurred: "), locked.message);
  const both = await coffer.fault("NOT_FOUND", ["run", "-s", "gone", ...args.slice(1)]);
  assert.ok(
    both.message.includes("3 errors occurred") && both.message.includes("there is no secret gone"),
    both.message,
  );
  assert.throws(() => Deno.statSync(started), Deno.errors.NotFound);
}, BUNDLE_ONLY);

endToEnd("coffer run says which entry has no value in Porter's words, when it is one", async (coffer) => {
  await given(coffer, "parameters", "sizes", { port: { env: "NOT_SET_ANYWHERE" }, ok: { value: "x" } });
  const { message } = await coffer.fault("NOT_FOUND", ["run", "--parameters", "sizes", "--", "true"]);
  assert.equal(
    message,
    "unable to resolve parameter sizes.port from env NOT_SET_ANYWHERE: the environment variable NOT_SET_ANYWHERE is not defined",
  );
}, BUNDLE_ONLY);

endToEnd("coffer run opens no stack for a set that needs none, and no set but those named", async (coffer) => {
  await given(coffer, "credentials", "outside", { TOKEN: { env: "OUTSIDE" } });
  const none = { COFFER_PASSPHRASE: undefined, OUTSIDE: "env-value" }; // and there is no stack
  assert.equal(
    await coffer.ok(["run", "--credentials", "outside", "--", "sh", "-c", "echo ${#TOKEN}"], { env: none }),
    "9\n",
  );
  await coffer.fault("NOT_FOUND", ["run", "--credentials", "nowhere", "--", "true"], { env: none });
  await coffer.fault("USAGE", ["run", "--credentials", "../outside", "--", "true"], { env: none });
  assert.deepEqual(await audited(coffer), ["run read - ok"]);
}, BUNDLE_ONLY);

endToEnd(
  "coffer run takes an entry from the last set that has it; two names for one variable are a collision",
  async (coffer) => {
    await given(coffer, "credentials", "one", { A: { env: "ONE" }, B: { env: "ONE" } });
    await given(coffer, "credentials", "two", { B: { env: "TWO" } });
    await given(coffer, "parameters", "sizes", { b: { value: "lower" }, "the-port": { value: 8080 } });
    const env = { ONE: "first", TWO: "second" };
    const shell = ["--no-mask", "--", "sh", "-c", "echo $A $B $b $THE_PORT"];
    const both = await coffer.ok([
      "run",
      "--credentials",
      "one",
      "--credentials",
      "two",
      "--parameters",
      "sizes",
      ...shell,
    ], { env });
    assert.equal(both, "first second lower 8080\n");
    assert.equal(
      await coffer.ok(["run", "--credentials", "two", "--credentials", "one", ...shell], { env }),
      "first first\n",
    );
    await given(coffer, "parameters", "clash", { B: { value: "hunter2" } });
    const { message } = await coffer.fault("CONFLICT", [
      "run",
      "--credentials",
      "one",
      "--parameters",
      "clash",
      "--",
      "true",
    ], { env });
    assert.ok(message.includes("B (from env ONE and plain text)") && !message.includes("hunter2"), message);
    await given(coffer, "credentials", "alike", { "a-b": { env: "ONE" }, "a.b": { env: "TWO" } });
    await coffer.fault("CONFLICT", ["run", "--credentials", "alike", "--", "true"], { env });
    await coffer.fault("CONFLICT", ["run", "--credentials", "one", "-s", "x=A", "--", "true"], { env });
  },
  BUNDLE_ONLY,
);

endToEnd("coffer run takes a set of the namespace before the global one", async (coffer) => {
  await given(coffer, "credentials", "s", { V: { env: "GLOBAL" } });
  await given(coffer, "credentials", "s", { V: { env: "OF_DEV" } }, "dev");
  const env = { GLOBAL: "global", OF_DEV: "of dev" };
  const run = async (args: string[], more = {}) =>
    await coffer.ok(["run", "--credentials", "s", ...args, "--no-mask", "--", "sh", "-c", "echo $V"], {
      env: { ...env, ...more },
    });
  assert.equal(await run([]), "global\n");
  assert.equal(await run(["-n", "dev"]), "of dev\n");
  assert.equal(await run(["-n", "prod"]), "global\n");
  assert.equal(await run([], { COFFER_NAMESPACE: "dev" }), "of dev\n");
}, BUNDLE_ONLY);

endToEnd("coffer run leaves a parameter's literal value unmasked, and masks one from elsewhere", async (coffer) => {
  await given(coffer, "parameters", "p", { LITERAL: { value: "literal-value" }, OUTSIDE: { env: "FROM" } });
  const printed = await coffer.ok(["run", "--parameters", "p", "--", "sh", "-c", "echo $LITERAL $OUTSIDE"], {
    env: { FROM: "env-value" },
  });
  assert.equal(printed, "literal-value *******\n");
}, BUNDLE_ONLY);

endToEnd("coffer run never takes a source from the variables that unlock the stack", async (coffer) => {
  await given(coffer, "credentials", "thief", { PW: { env: "COFFER_PASSPHRASE" } });
  await coffer.fault("NOT_FOUND", ["run", "--credentials", "thief", "--", "env"]);
}, BUNDLE_ONLY);

endToEnd(
  "coffer run drops a line end from files and outputs where the configuration's host store says so",
  async (coffer) => {
    coffer.configure('[[secrets]]\nname = "machine"\nplugin = "host"\nconfig = { trim = true }\n');
    await given(coffer, "credentials", "s", {
      A: { path: coffer.file("f", "from a file\n") },
      B: { command: "echo from-a-command" },
    });
    const printed = await coffer.ok(["run", "--credentials", "s", "--no-mask", "--", "sh", "-c", 'echo "[$A][$B]"']);
    assert.equal(printed, "[from a file][from-a-command]\n");
  },
  BUNDLE_ONLY,
);

endToEnd(
  "coffer run resolves secrets of a set in the store that is configured, by context and variable",
  async (coffer) => {
    const [one, two] = ["one", "two"].map((name) => {
      coffer.file(`${coffer.root}/${name}/key`, `of ${name}`);
      Deno.chmodSync(`${coffer.root}/${name}`, 0o700);
      return `${coffer.root}/${name}`;
    });
    const store = (name: string, folder: string) => ({ name, plugin: "filesystem", config: { folder } });
    coffer.configure(
      JSON.stringify({
        schemaVersion: "2.0.0",
        "current-context": "a",
        contexts: [
          {
            name: "a",
            config: { "default-secrets": "one", secrets: [store("one", one!), store("two", "${env.TWO}")] },
          },
          { name: "b", config: { "default-secrets": "two", secrets: store("two", two!) } },
        ],
      }),
      "config.json",
    );
    await given(coffer, "credentials", "s", { V: { secret: "key" } });
    const run = async (args: string[], env = {}) =>
      await coffer.ok(["run", "--credentials", "s", ...args, "--no-mask", "--", "sh", "-c", "echo $V"], { env });
    assert.equal(await run([]), "of one\n");
    assert.equal(await run(["--context", "b"]), "of two\n");
    assert.equal(await run([], { COFFER_CONTEXT: "b" }), "of two\n");
    assert.equal(await run([], { COFFER_DEFAULT_SECRETS: "two", TWO: two }), "of two\n");
    const fault = await coffer.fault("CONFIG", ["run", "--credentials", "s", "--", "true"], {
      env: { COFFER_DEFAULT_SECRETS: "two" },
    });
    assert.ok(fault.message.includes("${env.TWO} is not set"), fault.message);
    await coffer.fault("CONFIG", ["run", "--credentials", "s", "--context", "c", "--", "true"]);
  },
  BUNDLE_ONLY,
);

endToEnd("coffer run --watch starts the command again when a set or its secret has changed", async (coffer) => {
  await coffer.given({ key: "first-value", other: "other-value" });
  await given(coffer, "credentials", "s", { V: { secret: "key" } });
  const seen = `${coffer.temp}/seen`;
  const shell = `echo "$V" >> '${seen}'; exec sleep 60`;
  await using child = coffer.spawn(["run", "--watch", "--credentials", "s", "--", "sh", "-c", shell]);
  const output = child.output();
  const has = (text: string) => () => read(seen).includes(text);
  await eventually(has("first-value"), "the first start");
  await coffer.ok(["set", "key"], { stdin: "second-value" });
  await eventually(has("second-value"), "a start with the new value");
  await given(coffer, "credentials", "s", { V: { secret: "other" } });
  await eventually(has("other-value"), "a start with the other secret");
  child.kill("SIGTERM");
  await output;
}, BUNDLE_ONLY);

endToEnd("COFFER_ADDR: a set's sources are the server's, where it and the policy allow them", async (coffer) => {
  await coffer.given({ "my-key": "secret-value" });
  await given(coffer, "credentials", "s", { A: { secret: "my-key" }, B: { env: "ON_SERVER" } });
  const run = ["run", "--credentials", "s", "--no-mask", "--", "sh", "-c", "echo $A $B"];
  const client = {
    env: {
      COFFER_PASSPHRASE: undefined,
      COFFER_ADDR: `unix://${coffer.home}/.coffer/server/socket`,
      ON_SERVER: "of the client",
    },
  };
  const withToken = (token: string) => ({ env: { ...client.env, COFFER_TOKEN: token } });
  {
    await using server = await serve(coffer, ["--listen", "0"], { ON_SERVER: "of the server" });
    const { message, hint } = await coffer.fault("DENIED", run, withToken(server.token));
    assert.ok(message.includes("unable to resolve credential s.B from env ON_SERVER: "), message);
    assert.ok(hint!.includes("--allow-source"));
  }
  await using server = await serve(coffer, ["--listen", "0", "--allow-source", "env,path"], {
    ON_SERVER: "of the server",
  });
  assert.equal(await coffer.ok(run, withToken(server.token)), "secret-value of the server\n");
  const policy = 'path "dev/data/*" { capabilities = ["read"] }';
  const tokenFor = async (policy: string) => {
    const put = { method: "PUT", body: JSON.stringify({ policy }) };
    await (await server.fetch("/v1/sys/policies/acl/client", put)).body?.cancel();
    return await coffer.ok(["token", "create", "--policy", "client"]);
  };
  await coffer.fault("DENIED", run, withToken((await tokenFor(policy)).trim()));
  const allowed = `${policy} path "coffer/sources/env" { capabilities = ["read"] }`;
  const token = (await tokenFor(allowed)).trim();
  assert.equal(await coffer.ok(run, withToken(token)), "secret-value of the server\n");
  // What is missing is told entry by entry; what is not switched on stays denied, also for the owner.
  await given(coffer, "credentials", "bad", {
    A: { secret: "none" },
    B: { env: "NOT_THERE" },
    C: { secret: "my-key" },
    P: { env: "COFFER_PASSPHRASE" },
  });
  const { message } = await coffer.fault("NOT_FOUND", ["run", "--credentials", "bad", "--", "true"], withToken(token));
  assert.ok(message.startsWith("3 errors occurred: unable to resolve credential bad.A from secret none: "), message);
  assert.ok(message.includes("unable to resolve credential bad.B from env NOT_THERE: "), message);
  await given(coffer, "credentials", "command", { A: { command: "echo hello" } });
  await coffer.fault("DENIED", ["run", "--credentials", "command", "--", "true"], withToken(server.token));
  await coffer.fault("USAGE", ["serve", "--allow-source", "env,value"]);
  const lines = await audited(coffer);
  assert.ok(lines.includes("resolve read - ok"), lines.join("\n"));
}, BUNDLE_ONLY);

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
