import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, needs } from "../fixture/coffer_cli.ts";

const LINUX = { lacking: Deno.build.os === "linux" ? undefined : "needs Linux" };
const MODES = [[], ["--no-mask"], ["--exec"]];

/** Descriptors from 3 on with what they are open for and where they stand. */
const LIST_DESCRIPTORS = `import os
for fd in sorted(map(int, os.listdir("/proc/self/fd"))):
    path = f"/proc/self/fd/{fd}"
    if fd > 2 and os.path.exists(path): print(fd, os.readlink(path), *open(f"/proc/self/fdinfo/{fd}").readlines()[:2])`;

endToEnd("coffer run gives the command the descriptors that Coffer was given, and none of its own", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const through = `exec 3< '${coffer.file("in", "text")}' 4>> '${coffer.temp}/out' 9< .; read -n 2 -u 3; `;
  const look = ["python3", "-c", LIST_DESCRIPTORS];
  const direct = await coffer.ok([], { through: `${through} exec python3 -c '${LIST_DESCRIPTORS}'` });
  for (const fd of [3, 4, 9]) assert.match(direct, new RegExp(`^${fd} `, "m"));
  for (const flags of [...MODES, ["--file", "KEY"], ["--fifo", "KEY"], ["--watch"]]) {
    assert.equal(
      await coffer.ok(["run", ...flags, "--", ...look], { through: `${through} exec "$@"` }),
      direct,
      `${flags}`,
    );
  }
}, { lacking: needs("python3") ?? LINUX.lacking });

endToEnd("coffer run gives the command neither the passphrase's descriptor nor what it holds", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const env = { COFFER_PASSPHRASE: undefined };
  const passphrase = coffer.env["COFFER_PASSPHRASE"]!;
  for (const flags of MODES) {
    const script = 'cat /dev/fd/3 2>&1; cat; echo "${#KEY}"';
    const run = ["run", ...flags, "--passphrase-fd"];
    const other = await coffer.run([...run, "3", "--", "sh", "-c", script], { env, fds: { 3: passphrase } });
    assert.match(other.text, /\n5\n$/, other.stderr);
    assert.ok(!other.text.includes(passphrase));
    const path = coffer.file(`${coffer.temp}/passphrase`, passphrase);
    const stdin = await coffer.run([...run, "0", "--", "sh", "-c", 'cat; cat /dev/stdin; echo "${#KEY}"'], {
      env,
      through: `exec "$@" < '${path}'`,
    });
    assert.deepEqual([stdin.text, stdin.stderr], ["5\n", ""]);
  }
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd(
  "coffer run gives the command the limits, folder, umask and priority of its caller",
  async (coffer) => {
    await coffer.given({ KEY: "value" });
    const look = "pwd; umask; nice; ulimit -aS; ulimit -aH";
    const around = (command: string) =>
      `mkdir -p ünter; cd ünter; umask 0137; ulimit -Sn 300; ulimit -Hn 4000; ulimit -Sc 0; nice -n 5 ${command}; exit $?`;
    const direct = await coffer.ok([], { through: around(`bash -c '${look}'`) });
    assert.match(direct, /\n0137\n5\n[^]*open files[^\n]* 300\n[^]*open files[^\n]* 4000\n/);
    for (const flags of MODES) {
      const words = ["run", ...flags, "--", "bash", "-c", look];
      assert.equal(await coffer.ok(words, { through: around('"$@"') }), direct, `${flags}`);
    }
  },
  { ...BUNDLE_ONLY, lacking: needs("nice") ?? LINUX.lacking },
);

endToEnd("coffer run works with closed streams", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const script = 'cat; echo "out $KEY"; echo "err $KEY" >&2; exit 3';
  const [out, err] = ["out *******\n", "err *******\n"];
  const cases: Record<string, readonly [string, string]> = {
    "<&-": [out, err],
    ">&-": ["", err],
    "2>&-": [out, ""],
    ">&- 2>&-": ["", ""],
    "<&- >&- 2>&-": ["", ""],
  };
  for (const [redirection, [text, stderr]] of Object.entries(cases)) {
    const outcome = await coffer.run(["run", "--", "sh", "-c", script], { through: `exec "$@" ${redirection}` });
    assert.deepEqual([outcome.code, outcome.text, outcome.stderr], [3, text, stderr], redirection);
    for (const flag of ["--no-mask", "--exec"]) {
      const { code } = await coffer.run(["run", flag, "--", "sh", "-c", script], {
        through: `exec "$@" ${redirection}`,
      });
      assert.equal(code, 3, `${flag} ${redirection}`);
    }
  }
}, BUNDLE_ONLY);

endToEnd("coffer run goes on when the command closes its streams", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const script = `echo "$KEY"; exec >&- 2>&-; sleep 0.2; touch '${coffer.temp}/done'; exit 4`;
  const { code, text } = await coffer.run(["run", "--", "sh", "-c", script]);
  assert.deepEqual([code, text, Deno.statSync(`${coffer.temp}/done`).size], [4, "*******\n", 0]);
}, BUNDLE_ONLY);

endToEnd("coffer run works as a part of what shells and tools make of a command", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const script = 'cat; echo "$KEY"; exit 3';
  const cases: Record<string, string> = {
    'printf "in\\n" | "$@" | tr a-z A-Z; echo "${PIPESTATUS[@]}"': "IN\n*******\n0 3 0\n",
    '"$@" < /dev/null & wait $!; echo $?': "*******\n3\n",
    'timeout 60 "$@" < /dev/null; echo $?': "*******\n3\n",
    'setsid --wait "$@" < /dev/null; echo $?': "*******\n3\n",
    'nohup nice "$@" < /dev/null 2> /dev/null; echo $?': "*******\n3\n",
    'printf "in" | xargs "$@"; echo $?': "*******\n123\n",
    'x=$("$@" < /dev/null); echo "$? $x"': "3 *******\n",
    'while read -r line; do "$@" < /dev/null; done <<< "a"; echo done': "*******\ndone\n",
    'trap "" CHLD; "$@" < /dev/null; echo $?': "*******\n3\n",
  };
  await Promise.all(
    Object.entries(cases).map(async ([through, expected]) => {
      const { text, stderr } = await coffer.run(["run", "--", "sh", "-c", script], { through });
      assert.deepEqual([text, stderr], [expected, ""], through);
    }),
  );
}, { ...BUNDLE_ONLY, lacking: needs("timeout", "setsid", "nohup", "nice", "xargs") });
