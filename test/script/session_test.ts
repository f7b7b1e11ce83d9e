import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, needs } from "../fixture/coffer_cli.ts";
import { ROOT } from "../fixture/coffer_targets.ts";
import { matches, runSession, stepsOf } from "./session.ts";

/** These promise to show sessions; any other document may. */
const WITH_SESSIONS = [
  "README.md",
  "docs/cli.md",
  "docs/coming-from.md",
  "docs/configuration.md",
  "docs/credential-sets.md",
];
const BASH = { lacking: needs("bash") };

const documents = ["README.md", ...[...Deno.readDirSync(`${ROOT}/docs`)].map(({ name }) => `docs/${name}`).sort()]
  .filter((path) => path.endsWith(".md"));

for (const path of documents) {
  const steps = stepsOf(Deno.readTextFileSync(`${ROOT}/${path}`));
  if (steps.length === 0 && !WITH_SESSIONS.includes(path)) continue;
  endToEnd(`what ${path} shows is what happens`, async (coffer) => {
    assert.ok(steps.length > 0, `${path} has no session`);
    assert.deepEqual(await runSession(coffer, steps), []);
  }, { ...BUNDLE_ONLY, ...BASH });
}

const SAMPLE = `
# Sample

\`\`\`sh
not run
\`\`\`

\`\`\`console
$ export WHO=world
$ echo "hello $WHO"; echo again >&2
hello world
again
$ printf 'one\\ntwo\\nthree'
one
…
$ date +%Y-%m-%d
[..]-[…]
$ false; true
$ sh -c 'echo wrong; exit 3'
wrong
$ echo joined \\
  line
joined line
\`\`\`

Text between.

\`\`\`console
$ echo "still $WHO"
still world
$ coffer version
coffer [..]
\`\`\`
`;

endToEnd("a session passes when all is as it says", async (coffer) => {
  const steps = stepsOf(SAMPLE);
  assert.equal(steps.length, 9);
  assert.deepEqual(await runSession(coffer, steps), []);
}, { ...BUNDLE_ONLY, ...BASH });

endToEnd("a session fails at each command that does not do what it says", async (coffer) => {
  const wrong: [block: string, lines: number[]][] = [
    ["$ echo a\nb", [2]],
    ["$ echo a", [2]],
    ["$ true\nsomething", [2]],
    ["$ false", [2]],
    ["$ echo a\na\nmore", [2]],
    ["$ printf 'a\\nb\\n'\na", [2]],
    ["$ echo axb\na.b", [2]],
    ["$ true\n$ no-such-command\n$ true", [3]],
    ["$ exit 0\n$ echo a\na", [2, 3]],
    ["$ coffer get name", [2]],
  ];
  for (const [block, lines] of wrong) {
    const failures = await runSession(coffer, stepsOf("```console\n" + block + "\n```\n"));
    assert.deepEqual(failures.map((failure) => Number(/^line (\d+):/.exec(failure)![1])), lines, block);
    Deno.removeSync(`${coffer.root}/session`, { recursive: true });
  }
}, { ...BUNDLE_ONLY, ...BASH });

Deno.test("stepsOf() refuses a session that does not begin with a command, and a block that is not closed", () => {
  assert.throws(() => stepsOf("```console\noutput\n```\n"));
  assert.throws(() => stepsOf("```console\n$ true\n"));
  assert.deepEqual(stepsOf("text\n```sh\n$ true\n```\n"), []);
});

Deno.test("matches() takes wildcards in lines and for lines, and nothing else loosely", () => {
  assert.ok(matches(["a […] c"], "a b c\n"));
  assert.ok(matches(["…"], ""));
  assert.ok(matches(["a", "…", "d"], "a\nb\nc\nd\n"));
  assert.ok(matches([], ""));
  assert.ok(!matches(["a […] c"], "a b\nx c\n"));
  assert.ok(!matches(["a"], "a\nb\n"));
  assert.ok(!matches(["a*"], "aaa\n"));
  assert.ok(!matches([], "text\n"));
});
