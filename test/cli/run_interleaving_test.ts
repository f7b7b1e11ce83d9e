import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, needs } from "../fixture/coffer_cli.ts";

const SECRET = "correct-horse-battery";
const MASK = "*******";
const ALTERNATE = 'for i in {1..1000}; do echo "out $i"; echo "err $i" >&2; done';
const LINES = Array.from({ length: 1000 }, (_, i) => i + 1);
const PYTHON = needs("python3");

endToEnd("coffer run keeps the order of what goes to both streams when they are the same", async (coffer) => {
  await coffer.given({ SECRET });
  const expected = LINES.map((i) => `out ${i}\nerr ${i}\n`).join("");
  const cases: Record<string, string> = {
    pipe: '"$@" 2>&1 | cat',
    file: `"$@" > '${coffer.temp}/file' 2>&1; cat '${coffer.temp}/file'`,
    appended: `: > '${coffer.temp}/log'; "$@" >> '${coffer.temp}/log' 2>&1; cat '${coffer.temp}/log'`,
  };
  await Promise.all(
    Object.entries(cases).map(async ([name, through]) => {
      const { text, stderr } = await coffer.run(["run", "--", "bash", "-c", ALTERNATE], { through });
      assert.equal(text, expected, name);
      assert.equal(stderr, "");
    }),
  );
}, BUNDLE_ONLY);

endToEnd("coffer run keeps two streams apart", async (coffer) => {
  await coffer.given({ SECRET });
  const { text, stderr } = await coffer.run(["run", "--", "bash", "-c", ALTERNATE]);
  assert.equal(text, LINES.map((i) => `out ${i}\n`).join(""));
  assert.equal(stderr, LINES.map((i) => `err ${i}\n`).join(""));
  // Halves of a value that no reader of either stream could put together are not one.
  const halves = `printf '${SECRET.slice(0, 10)}'; printf '${SECRET.slice(10)}' >&2`;
  const apart = await coffer.run(["run", "--", "sh", "-c", halves]);
  assert.deepEqual([apart.text, apart.stderr], [SECRET.slice(0, 10), SECRET.slice(10)]);
  const together = await coffer.run(["run", "--", "sh", "-c", halves], { through: '"$@" 2>&1' });
  assert.deepEqual([together.text, together.stderr], [MASK, ""]);
}, BUNDLE_ONLY);

endToEnd("coffer run masks a value that lies across the end of a write, a pipe or a buffer", async (coffer) => {
  await coffer.given({ SECRET });
  const script = `import os
secret = ${JSON.stringify(SECRET)}.encode()
def write(data):
    while data: data = data[os.write(1, data):]
for size in 4096, 65536, 262144, 1048576:
    for at in range(1, len(secret), 1 if size < 100000 else 7):
        start = b"x" * (size - at - 1) + b"\\n" + secret[:at]
        write(start)
        write(secret[at:] + b"\\n")
        write(start + secret[at:] + b"\\n")`;
  const expected: string[] = [];
  for (const size of [4096, 65536, 262144, 1048576]) {
    for (let at = 1; at < SECRET.length; at += size < 100_000 ? 1 : 7) {
      expected.push(...Array(2).fill(`${"x".repeat(size - at - 1)}\n${MASK}\n`));
    }
  }
  const text = await coffer.ok(["run", "--", "python3", "-c", script]);
  assert.ok(text === expected.join(""), "it is not what was written, or not masked");
}, { ...BUNDLE_ONLY, lacking: PYTHON });
