import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, needs } from "../fixture/coffer_cli.ts";

const IS_LINUX = Deno.build.os === "linux";
const PYTHON = needs("python3") ?? (IS_LINUX ? undefined : "needs Linux");

/** Calls execve(2) with an environment that is written as JSON, one character for each byte. */
const LAUNCHER = `import ctypes, json, sys
words = lambda items: (ctypes.c_char_p * (len(items) + 1))(*[item.encode("latin-1") for item in items], None)
argv = [word.encode() for word in sys.argv[2:]]
ctypes.CDLL(None).execve(argv[0], words([w.decode("latin-1") for w in argv]), words(json.loads(sys.argv[1])))`;

/** What a shell passes on. */
const SOUND = [
  "EMPTY=",
  "SPACES= a  b ",
  "LINES=a\nb\n",
  "QUOTES='\"$HOME`id`\\",
  "EQUALS==a=b=",
  "BYTES=\xff\xfe\x80\xc3",
  "MARK=\xef\xbb\xbfx",
  "DENO_OF_MINE=1",
  "NOTCOFFER_X=1",
  "coffer_x=1",
  "_0=1",
];
/** What one does not. */
const ODD = [
  "TWICE=1",
  "TWICE=2",
  "a b=1",
  "BASH_FUNC_f%%=() {  echo f\n}",
  "\xff\x80=bytes",
  "W\xc3\xa9ird=1",
  "=C:=C:\\",
  "=",
  "no-equals-sign",
  "1=1",
];
const OWN = ["COFFER_=1", "COFFER_FUTURE=1", "COFFER_FUTURE=2", "COFFER_FILES=/stale", "COFFER_PASSPHRASE_FILE="];

endToEnd("coffer run hands the environment over byte for byte", async (coffer) => {
  await coffer.given();
  // Without a `node` on PATH, the runtime puts one that is itself there.
  const path = `${coffer.root}/bin`;
  Deno.mkdirSync(path);
  Deno.symlinkSync("/bin/cat", `${path}/cat`);
  const given = [
    ...Object.entries(coffer.env).filter(([name]) => name !== "PATH").map(([name, value]) => `${name}=${value}`),
    `PATH=${path}`,
    ...SOUND,
  ];
  const isShell = coffer.target.name === "executable"; // it begins as a shell script
  if (!isShell) given.push(...ODD);
  for (const flags of [["--no-mask"], ["--exec"], []]) {
    const received = await environmentOf(coffer, ["run", ...flags], [...given, ...OWN]);
    const expected = given.filter((entry) => !entry.startsWith("COFFER_"));
    if (isShell) expected.sort();
    const shells = /^(?:_|PWD|OLDPWD|SHLVL)=/;
    assert.deepEqual(isShell ? received.filter((entry) => !shells.test(entry)).sort() : received, expected, `${flags}`);
  }
}, { lacking: PYTHON });

endToEnd("coffer run replaces every value that a variable has", async (coffer) => {
  await coffer.given({ A: "sealed" });
  const given = ["PATH=/usr/bin:/bin", `COFFER_PASSPHRASE=${coffer.env["COFFER_PASSPHRASE"]}`, "A=1", "B=1", "A=2"];
  assert.deepEqual(await environmentOf(coffer, ["run", "--no-mask"], given), ["PATH=/usr/bin:/bin", "B=1", "A=sealed"]);
}, { ...BUNDLE_ONLY, lacking: PYTHON });

endToEnd("coffer run starts from an empty environment", async (coffer) => {
  await coffer.given({ A: "sealed" });
  const text = await coffer.ok(["run", "--no-mask", "--", "cat", "/proc/self/environ"], {
    through: 'exec env -i COFFER_PASSPHRASE="$COFFER_PASSPHRASE" "$@"',
  });
  assert.equal(text, "A=sealed\0");
}, { ...BUNDLE_ONLY, lacking: IS_LINUX ? undefined : "needs Linux" });

endToEnd("coffer run lets variables that are set already win when told to", async (coffer) => {
  await coffer.given({ A: "sealed-a", B: "sealed-b", PATH: "/sealed" });
  const env = { A: "own-a", B: "own-b", C: "own-c", "Ü": "own-ü", COFFER_FILES: "/stale" };
  const run = async (...flags: string[]) => {
    const text = await coffer.ok(["run", ...flags, "--no-mask", "--", "/usr/bin/env", "-0"], { env });
    const all = Object.fromEntries(text.split("\0").slice(0, -1).map((entry) => entry.split("=", 2)));
    return ["A", "B", "C", "Ü", "COFFER_FILES"].map((name) => all[name]);
  };
  const chosen = ["-s", "A", "-s", "B"];
  assert.deepEqual(await run(...chosen), ["sealed-a", "sealed-b", "own-c", "own-ü", undefined]);
  assert.deepEqual(await run(...chosen, "--preserve-env=A"), ["own-a", "sealed-b", "own-c", "own-ü", undefined]);
  assert.deepEqual(await run(...chosen, "--preserve-env=A,UNSET"), ["own-a", "sealed-b", "own-c", "own-ü", undefined]);
  assert.deepEqual(await run(...chosen, "--preserve-env"), ["own-a", "own-b", "own-c", "own-ü", undefined]);
  assert.deepEqual(await run(...chosen, "--pristine", "--preserve-env=A,Ü"), [
    "own-a",
    "sealed-b",
    undefined,
    "own-ü",
    undefined,
  ]);
  assert.deepEqual(await run(...chosen, "--pristine", "--preserve-env=COFFER_FILES"), [
    "sealed-a",
    "sealed-b",
    ...[undefined, undefined, undefined],
  ]);
  // Of what is left of the environment, everything wins: PATH does, and A is not left.
  const path = ["run", "-s", "A", "-s", "PATH", "--pristine", "--preserve-env", "--no-mask", "--"];
  const text = await coffer.ok([...path, "/bin/sh", "-c", 'echo "$A"; [ "$PATH" != /sealed ]'], { env });
  assert.equal(text, "sealed-a\n");
  await coffer.fault("USAGE", ["run", "--preserve-env=A,,B", "--", "true"]);
}, BUNDLE_ONLY);

/** What a command finds in its environment when Coffer is started with `given`; one character for each byte. */
async function environmentOf(coffer: Coffer, run: readonly string[], given: readonly string[]): Promise<string[]> {
  const through = `exec python3 -c '${LAUNCHER.replaceAll("'", "'\\''")}' '${
    JSON.stringify(given).replaceAll("'", "'\\''")
  }' "$@"`;
  const { code, stdout, stderr } = await coffer.run([...run, "--", "cat", "/proc/self/environ"], { through });
  assert.equal(code, 0, stderr);
  return Array.from(stdout, (byte) => String.fromCharCode(byte)).join("").split("\0").slice(0, -1);
}
