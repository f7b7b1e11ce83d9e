/** Masks that `coffer run` registers with the CI system around it: with its runner, or with nobody. */
import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, type EndToEndOptions, needs } from "../fixture/coffer_cli.ts";
import { CAN_MOUNT } from "../fixture/temporary_folder.ts";

const TOKEN = "canary-t0ken-100%;]";
const KEY = "-----BEGIN KEY-----\ncanary-line-0ne\n\n }\ncanary-line-tw0\r\n-----END KEY-----\n";
const SECRETS = { KEY, TOKEN };
const ON_GITHUB = [
  "::add-mask::-----BEGIN KEY-----",
  "::add-mask::canary-line-0ne",
  "::add-mask::canary-line-tw0",
  "::add-mask::-----END KEY-----",
  "::add-mask::canary-t0ken-100%25;]",
];
const ON_AZURE = ON_GITHUB.map((line) =>
  line.replace("::add-mask::", "##vso[task.setsecret]").replace("%25;]", "%AZP25%3B%5D")
);
const PRINT = "coffer run -- printenv TOKEN";
const PRINTED = "*******\n";

const LINUX: EndToEndOptions = {
  ...BUNDLE_ONLY,
  lacking: Deno.build.os === "linux" ? needs("bash", "script", "tee") : "looks at Linux's /proc",
};

/** A runner and what its job has in its environment. */
interface Runner {
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How it starts the step, with the script in `$1`, and puts what it reads into the file `log`. */
  readonly starts?: string;
}

/** In bash, `$(…)` is a pipe that bash itself reads. */
const READS_STDOUT = `log=$(exec bash -e "$1" 2> stderr); printf '%s\\n' "$log" > log`;
/** `script` makes a terminal. */
const ON_A_TERMINAL = `forgejo-runner -qec "bash -e '$1'" /dev/null > raw < /dev/null; tr -d '\\r' < raw > log; rm raw`;
const READS_STDERR = `log=$(exec bash -e "$1" 2>&1 > stdout); printf '%s\\n' "$log" > log`;

/** Runs a step as a runner does. Returns what the runner read, and whether any value is in that or any other file. */
async function inStep(
  coffer: Coffer,
  step: string,
  { program = "Runner.Worker", env = { GITHUB_ACTIONS: "true" }, starts = READS_STDOUT }: Runner = {},
): Promise<{ log: string; leaks: boolean }> {
  const folder = Deno.makeTempDirSync({ dir: coffer.root });
  const words = coffer.command([]).map((word) => `'${word}'`).join(" ");
  coffer.file(`${folder}/bin/coffer`, `#!/bin/sh\ncd '${coffer.project}' && exec ${words} "$@"\n`, 0o755);
  // A program's name is that of its file.
  copyProgram("bash", `${folder}/bin/${program}`);
  copyProgram("script", `${folder}/bin/forgejo-runner`);
  const { code, stderr } = await new Deno.Command(`${folder}/bin/${program}`, {
    args: ["-c", starts, program, coffer.file(`${folder}/step.sh`, step)],
    cwd: folder,
    env: coffer.environment({ PATH: `${folder}/bin:${coffer.env["PATH"]}`, ...env }),
    clearEnv: true,
    detached: true,
    stdin: "null",
    stderr: "piped",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const files = [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile);
  const texts = files.map(({ name }) => Deno.readTextFileSync(`${folder}/${name}`));
  const log = withoutEndOfInput(Deno.readTextFileSync(`${folder}/log`));
  return { log, leaks: texts.some((text) => text.includes("canary")) };
}

/** With an empty stdin, `script` types an end of input, which the terminal may echo at any time. */
function withoutEndOfInput(log: string): string {
  return log.replaceAll("^@", "").replaceAll("^D\b\b", "");
}

function copyProgram(program: string, to: string): void {
  const folder = Deno.env.get("PATH")!.split(":").find((folder) => isFile(`${folder}/${program}`));
  // By another process: a copy that we had open for writing could not be executed while a fork of ours still has it.
  assert.ok(new Deno.Command("cp", { args: ["-L", `${folder}/${program}`, to] }).outputSync().success);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** What was logged before the command's output: an empty line, then masks. */
function masksIn(log: string): string[] {
  const [before, after] = log.split(PRINTED);
  assert.equal(after, "", log);
  const [first, ...masks] = before!.split("\n");
  assert.equal(first, "", "a line that somebody has begun is ended first");
  return masks.slice(0, -1);
}

endToEnd(
  "coffer run registers each line of each value with the runner that reads its output, first",
  async (coffer) => {
    await coffer.given(SECRETS);
    for (const program of ["Runner.Worker", "act_runner", "gitea-runner"]) {
      const { log } = await inStep(coffer, PRINT, { program });
      assert.deepEqual(masksIn(log), ON_GITHUB, program);
    }
  },
  LINUX,
);

endToEnd(
  "coffer run registers masks through scripts in between, after a line that was begun, and on stderr",
  async (coffer) => {
    await coffer.given(SECRETS);
    const nested = `echo "${PRINT}; true" > nested.sh; sh -c 'bash nested.sh; true'; true`;
    assert.deepEqual(masksIn((await inStep(coffer, nested)).log), ON_GITHUB);
    const { log } = await inStep(coffer, `printf 'deploying... '; ${PRINT}`);
    assert.ok(log.startsWith("deploying... \n::add-mask::"), log);
    const onStderr = await inStep(coffer, `${PRINT} > printed; cat printed >&2`, { starts: READS_STDERR });
    assert.deepEqual(masksIn(onStderr.log), ON_GITHUB);
  },
  LINUX,
);

endToEnd("coffer run --exec registers masks: the runner is all that masks then", async (coffer) => {
  await coffer.given(SECRETS);
  const { log } = await inStep(coffer, "coffer run --exec -- printenv TOKEN");
  assert.deepEqual(log.split("\n"), ["", ...ON_GITHUB, TOKEN, ""]);
}, LINUX);

endToEnd("coffer run registers masks with a runner that reads a terminal that it made", async (coffer) => {
  await coffer.given(SECRETS);
  const { log } = await inStep(coffer, `exec 2> notes; ${PRINT} | cat; ${PRINT}`, {
    program: "sh",
    starts: ON_A_TERMINAL,
  });
  assert.equal(log.slice(0, PRINTED.length), PRINTED, "not through the pipe");
  assert.deepEqual(masksIn(log.slice(PRINTED.length)), ON_GITHUB);
  const inner = `exec 2> notes; script -qec "${PRINT}" recorded > /dev/null < /dev/null; tr -d '\\r' < recorded`;
  const recorded = await inStep(coffer, inner, { program: "sh", starts: ON_A_TERMINAL });
  assert.ok(recorded.log.includes(PRINTED) && !recorded.leaks, recorded.log);
}, LINUX);

endToEnd("coffer run takes no other terminal of the same name for the runner's", async (coffer) => {
  await coffer.given(SECRETS);
  const inner = `mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts
    for ((i = 0; i < $1; i++)); do exec {fd}<> /dev/ptmx; done
    script -qec "tty; ${PRINT}" recorded > /dev/null < /dev/null`;
  const step = `exec 2> notes; outer=$(tty); echo "$outer"
    unshare -m bash -ec '${inner}' inner "\${outer#/dev/pts/}"; tr -d '\\r' < recorded`;
  const { log, leaks } = await inStep(coffer, step, { program: "sh", starts: ON_A_TERMINAL });
  const [outer, ...rest] = log.split("\n");
  assert.ok(outer!.startsWith("/dev/pts/") && rest.includes(outer!), log);
  assert.ok(log.includes(PRINTED) && !leaks, log);
}, { ...LINUX, lacking: LINUX.lacking ?? needs("unshare") ?? (CAN_MOUNT ? undefined : "needs the right to mount") });

endToEnd("coffer run prints no mask that anybody but the runner could read", async (coffer) => {
  await coffer.given(SECRETS);
  const steps: Record<string, [step: string, runner?: Runner]> = {
    "a pipe to a program": [`${PRINT} 2>&1 | tee copy`],
    "a pipe to a program, by the shell": [`exec > >(tee copy) 2>&1; ${PRINT}; exec >&-; sleep 0.2`],
    "a file": [`${PRINT} > copy 2>&1; cat copy`],
    "a variable of the script": [`out=$(${PRINT} 2>&1); echo "$out"`],
    "a program that records": [`${PRINT}`, { program: "turbo" }],
    "a runner that only writes": [PRINT, {
      starts: `exec 9> >(cat > log); bash -e "$1" >&9 2>&9; exec 9>&-; wait $!`,
    }],
    "no CI": [PRINT, { env: {} }],
    "another CI's runner": [PRINT, { env: { TF_BUILD: "True" } }],
    "commands stopped by the step": [`echo '::stop-commands::x'; ${PRINT}`],
    "commands stopped by a script": [
      `echo "echo '::stop-commands::x'; ${PRINT}; true" > inner.sh; bash ./inner.sh; true`,
    ],
    "commands stopped on a command line": [`sh -c "echo '::stop-commands::x'; ${PRINT}; true"`],
    "masking is off": [`coffer run --no-mask -- true; ${"echo '*******'"}`],
  };
  for (const [name, [step, runner]] of Object.entries(steps)) {
    const { log, leaks } = await inStep(coffer, step, runner);
    assert.ok(log.includes(PRINTED), `${name}: ${log}`);
    assert.ok(!leaks && !log.includes("add-mask") && !log.includes("##vso"), `${name}: ${log}`);
  }
}, LINUX);

endToEnd(
  "coffer run writes many masks so that other processes' output does not get between, and leaves out the longest",
  async (coffer) => {
    const values = Array.from({ length: 300 }, (_, i) => [`V${i}`, `canary-${i}-${"x".repeat(i)}`]);
    await coffer.given({ ...Object.fromEntries(values), HUGE: `canary-huge-${"x".repeat(4096)}`, TOKEN });
    const { log } = await inStep(coffer, PRINT);
    const masks = log.split("\n").filter((line) => line !== "");
    assert.equal(masks.pop(), PRINTED.trim());
    assert.deepEqual(
      masks.sort(),
      [...values.map(([, value]) => `::add-mask::${value}`), ON_GITHUB.at(-1)!].sort(),
    );
    let longest = 0;
    for (const batch of log.split("\n\n")) longest = Math.max(longest, batch.length);
    assert.ok(longest > 3000 && longest < 4096, `${longest}`);
  },
  LINUX,
);

endToEnd("coffer run registers nothing that is not text, and no short line", async (coffer) => {
  await coffer.given({
    BINARY: new Uint8Array([0xff, 0xfe, 0x61, 0x62, 0x63]),
    LINES: "abc\nabcd\n",
    PIN: "123",
    TOKEN,
  });
  const { log } = await inStep(coffer, "coffer run -s TOKEN -s LINES -s PIN --file BINARY -- printenv TOKEN");
  assert.deepEqual(masksIn(log).sort(), ["::add-mask::abcd", ON_GITHUB.at(-1)]);
}, LINUX);

/** A script task of Azure's agent: Node.js between the agent and the shell. */
const TASK = `
const { spawn } = require("node:child_process");
const child = spawn("bash", ["-e", process.argv[2]]);
child.stdout.on("data", (data) => process.stdout.write(data));
child.stderr.on("data", (data) => process.stdout.write(data));
child.on("close", (code) => process.exitCode = code);
`;

/** @param then what the task's own output goes through */
function startsTask(task: string, then = ""): string {
  return `mkdir -p 'agent/_tasks/${task}/3.1.0' && cat > "$_/bash.js" << 'END'\n${TASK}END
    log=$(exec node "$PWD/agent/_tasks/${task}/3.1.0/bash.js" "$1" 2> stderr${then}); printf '%s\n' "$log" > log`;
}

endToEnd("coffer run registers masks with Azure's agent, through its script tasks only", async (coffer) => {
  await coffer.given(SECRETS);
  const id = "6c731c3c-3c68-459a-a5c9-bde6e6595b5b";
  using elsewhere = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const read = elsewhere.accept().then((connection) => new Response(connection.readable).text());
  const azure = { program: "Agent.Worker", env: { TF_BUILD: "True" } };
  for (const starts of [READS_STDOUT, startsTask(`Bash_${id}`), startsTask(`CmdLine_${id}`)]) {
    const { log } = await inStep(coffer, `${PRINT}; true`, { ...azure, starts });
    assert.deepEqual(masksIn(log), ON_AZURE);
  }
  for (
    const [step, starts] of [
      [`${PRINT}; true`, startsTask(`Recorder_${id}`)],
      [`${PRINT}; true`, startsTask(`Bash_${id}`, " | tee copy")],
      [`${PRINT} 2>&1 | tee copy`, startsTask(`Bash_${id}`)],
      [
        `exec > /dev/tcp/127.0.0.1/${elsewhere.addr.port}; ${PRINT} 2>&1; echo '${PRINTED}' >&2`,
        startsTask(`Bash_${id}`),
      ],
      [`${PRINT} > copy 2>&1; cat copy`, startsTask(`Bash_${id}`)],
      [`node -e 'process.stdout.write(require("child_process").execSync("${PRINT} 2>&1"))'`, startsTask(`Bash_${id}`)],
    ] as const
  ) {
    const { log, leaks } = await inStep(coffer, step, { ...azure, starts });
    assert.ok(log.includes(PRINTED) && !leaks && !log.includes("##vso"), log);
  }
  assert.equal(await read, PRINTED);
}, { ...LINUX, lacking: LINUX.lacking ?? needs("node") });

endToEnd("coffer run gives values to Buildkite's agent on its stdin", async (coffer) => {
  await coffer.given(SECRETS);
  const agent = `#!/bin/sh\n{ echo "$*"; cat; echo; env; } > "$BUILDKITE_SEEN"; echo noise; echo noise >&2\n`;
  const bin = coffer.file(`${coffer.root}/buildkite/buildkite-agent`, agent, 0o755).replace(/\/[^/]*$/, "");
  const seen = `${coffer.root}/seen`;
  const env = { BUILDKITE: "true", BUILDKITE_SEEN: seen, PATH: `${bin}:${coffer.env["PATH"]}` };
  const { code, text, stderr } = await coffer.run(["run", "--", "printenv", "TOKEN"], { env });
  assert.deepEqual({ code, text }, { code: 0, text: PRINTED });
  assert.ok(!stderr.includes("noise"));
  const [args, json, ...variables] = Deno.readTextFileSync(seen).trim().split("\n");
  assert.equal(args, "redactor add --format json");
  assert.deepEqual(
    Object.values(JSON.parse(json!)),
    ON_GITHUB.map((line) => line.slice("::add-mask::".length).replace("%25", "%")),
  );
  assert.ok(!variables.some((line) => line.startsWith("COFFER_")));
  Deno.removeSync(seen);
  assert.equal((await coffer.run(["run", "--no-mask", "--", "true"], { env })).code, 0);
  assert.ok(!isFile(seen));
  const without = await coffer.run(["run", "--", "true"], { env: { BUILDKITE: "true" } });
  assert.deepEqual([without.code, without.text], [0, ""]);
}, LINUX);
