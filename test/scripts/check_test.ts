/** Each check with a violation planted, which it must find, in a small repository of its own. */
import assert from "node:assert/strict";
import { VERSION } from "../../cli/version.ts";
import { checkLayering, HOST_FILES } from "../../scripts/check_layering.ts";
import { checkPortability } from "../../scripts/check_portability.ts";
import { checkText } from "../../scripts/check_text.ts";
import { ROOT } from "../../scripts/repository.ts";
import { temporaryFolder } from "../fixture/temporary_folder.ts";

/** The files in a folder, checked. */
async function check(rule: (root: string) => Promise<string[]>, files: Readonly<Record<string, string>>) {
  using folder = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(`${folder.path}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${folder.path}/${path}`, text);
  }
  return await rule(folder.path);
}

const SOUND_CODE = {
  "core/fault.ts": "/** console.log and Deno.exit() are only mentioned: import x from '../cli/main.ts' */\n" +
    "export const text = `Deno ${'console.log()'} ${`Deno.exit() ${1}`}`;\nexport const pattern = /[\"'`/]/;\n",
  "core/store/file_store.ts":
    'import { text } from "../fault.ts";\nexport const open = () => Deno.openSync(text);\nconst { x } = await import("../lazy.ts");\n',
  "core/lazy.ts": 'import type { Y } from "./store/types.ts";\nexport const x: Y = 1;\n',
  "core/store/types.ts": 'import { x } from "../lazy.ts";\nexport type Y = typeof x | 1;\n',
  "server/serve.ts": 'import { text } from "../core/fault.ts";\nexport const a = text;\n',
  "cli/main.ts": 'import { a } from "../server/serve.ts";\nDeno.exit(a ? Deno.stdout.isTerminal() ? 1 : 0 : 0);\n',
  "mod.ts": 'export { text } from "./core/fault.ts";\n',
  "test/a_test.ts": 'import "../cli/main.ts";\nimport "../mod.ts";\nconsole.log(1);\n',
};

Deno.test("check_layering has nothing to say about a repository in order", async () => {
  assert.deepEqual(await check(checkLayering, SOUND_CODE), []);
});

const MISPLACED: Readonly<Record<string, readonly [path: string, text: string, found: RegExp]>> = {
  "core imports cli": ["core/a.ts", 'import { b } from "../cli/main.ts";\n', /core\/a\.ts:1: imports cli\/main\.ts/],
  "core imports cli's type": ["core/a.ts", 'import type { b } from "../cli/main.ts";\n', /imports cli/],
  "core imports cli later": ["core/a.ts", 'export const b = () => import("../cli/main.ts");\n', /imports cli/],
  "core imports server": ["core/a/b.ts", 'import "../../server/serve.ts";\n', /imports server/],
  "server imports cli": [
    "server/a.ts",
    '\n\nimport {\n  b,\n} from "../cli/main.ts";\n',
    /server\/a\.ts:3: imports cli/,
  ],
  "mod.ts imports cli": ["mod.ts", 'export { b } from "./cli/main.ts";\n', /imports cli/],
  "something else imports cli": ["examples/a.ts", 'import "../cli/main.ts";\n', /imports cli/],
  "core imports a host file": ["core/a.ts", 'import { open } from "./store/file_store.ts";\n', /a host file/],
  "core imports a package": ["core/a.ts", 'import { parse } from "yaml";\n', /does not import packages: yaml/],
  "core imports Node": ["core/a.ts", 'import { open } from "node:fs";\n', /does not import packages: node:fs/],
  "a file exports another's": ["cli/a.ts", 'export { text } from "../core/fault.ts";\n', /only mod\.ts/],
  "a file exports all of another's": ["core/a.ts", 'export * from "./fault.ts";\n', /only mod\.ts/],
  "a default export": ["test/a.ts", "export default 1;\n", /default export/],
  "a default export by name": ["cli/a.ts", "const a = 1;\nexport { a as default };\n", /cli\/a\.ts:2: has a default/],
  "a second exit": ["cli/a.ts", "export const a = () => Deno.exit(1);\n", /only cli\/main\.ts exits/],
  "printing": ["cli/a.ts", "export const a = `${console.log(1)}`;\n", /only cli\/report\.ts prints/],
  "printing by the stream": ["core/a.ts", "Deno.stderr.writeSync(new Uint8Array());\n", /only cli\/report\.ts prints/],
  "Deno in core": ["core/a.ts", "export const a = () => Deno.cwd();\n", /core\/a\.ts:1: uses Deno/],
  "Deno in server": ["server/a.ts", "export const a = () => Deno.cwd();\n", /server\/a\.ts:1: uses Deno/],
  "server imports a host file": ["server/a.ts", 'import { open } from "../core/store/file_store.ts";\n', /a host file/],
};

for (const [name, [path, text, found]] of Object.entries(MISPLACED)) {
  Deno.test(`check_layering finds: ${name}`, async () => {
    assert.match((await check(checkLayering, { ...SOUND_CODE, [path]: text })).join("\n"), found);
  });
}

Deno.test("check_layering finds a cycle, once", async () => {
  const cycle = {
    "core/a.ts": 'import { b } from "./b.ts";\n',
    "core/b.ts": 'import { type D, c } from "./c.ts";\n',
    "core/c.ts": 'import { a } from "./a.ts";\n',
  };
  assert.deepEqual(await check(checkLayering, cycle), ["import cycle: core/a.ts → core/b.ts → core/c.ts → core/a.ts"]);
});

Deno.test("the host files that check_layering lists are there and use Deno, or another of them", async () => {
  const names = [...HOST_FILES].map((path) => path.split("/").at(-1)!.replace(".", "\\."));
  const uses = new RegExp(`\\bDeno\\.|/(${names.join("|")})"`);
  for (const path of HOST_FILES) assert.match(await Deno.readTextFile(`${ROOT}/${path}`), uses, path);
});

for (const folder of ["core", "server"]) {
  Deno.test(`check_portability finds what only Deno knows, in ${folder}`, async () => {
    const problems = await check(checkPortability, {
      [`${folder}/a.ts`]: "export const a = (): string => Deno.cwd();\n",
    });
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /TS2304|TS2867|Cannot find name 'Deno'/);
  });
}

Deno.test("check_portability finds a host file that uses Deno when it is loaded", async () => {
  const [path] = HOST_FILES;
  const lazy = await check(checkPortability, { [path!]: "export const a = (): string => Deno.cwd();\n" });
  assert.deepEqual(lazy, []);
  const [problem] = await check(checkPortability, { [path!]: "export const a: string = Deno.cwd();\n" });
  assert.match(problem!, /Deno is not defined/);
});

const SOUND_TEXTS = {
  "deno.json": JSON.stringify({ version: VERSION, imports: { yaml: "npm:yaml@1.2.3", "@a/b": "npm:@a/b@1.0.0-rc.1" } }),
  "CHANGELOG.md": `# Changelog\n\n## [Unreleased]\n\n## [${VERSION}] - 2026-01-01\n`,
  "docs/dependencies.md": "| package | why |\n| --- | --- |\n| `yaml` | reads |\n| `@a/b` | writes |\n",
  "README.md":
    "[here](docs/dependencies.md#in-it) [there](https://example.org/x) [top](#top) `[no](link.md)` [a](docs/)\n",
  "cli/a.ts": "// RFC 8439 §2.3.2, vector #1; see /etc/passwd and ~/.cache and /home/you/.coffer\n",
};

Deno.test("check_text has nothing to say about a repository in order", async () => {
  assert.deepEqual(await check(checkText, SOUND_TEXTS), []);
});

// Spelt in two halves, so that this file does not contain what the check forbids.
const UNWANTED: Readonly<Record<string, readonly [path: string, text: string, found: RegExp]>> = {
  "a machine's path": ["cli/a.ts", "// see /wo" + "rk/main\n", /cli\/a\.ts:1: a machine's path/],
  "a user's path": ["docs/a.md", "\n`/ho" + "me/somebody/x`\n", /docs\/a\.md:2: a machine's path/],
  "a registry's host": ["a.md", "https://registry.npm" + "js.org/yaml\n", /a registry's host/],
  "an issue": ["cli/a.ts", "// fixes " + "#12\n", /an issue's number/],
  "an issue in brackets": ["CONTRIBUTING.md", "done (" + "#7)\n", /an issue's number/],
  "something to do": [".ci/run", "# TO" + "DO: all of it\n", /something left to do/],
  "a name that says nothing": ["core/string_ut" + "ils.ts", "", /says nothing/],
  "a folder's name that says nothing": ["core/com" + "mon/a.ts", "", /says nothing/],
  "a link to nothing": ["docs/a.md", "[x](../gone.md)\n", /docs\/a\.md: a link to gone\.md/],
  "a reference to nothing": ["a.md", "[x][y]\n\n[y]: docs/gone.md\n", /a link to docs\/gone\.md/],
  "another version in deno.json": ["deno.json", '{"version":"9.9.9"}', /9\.9\.9/],
  "another version in the changelog": ["CHANGELOG.md", "## [9.9.9] - 2026-01-01\n", /9\.9\.9/],
  "a dependency with a range": ["deno.json", '{"imports":{"yaml":"npm:yaml@^1.2.3"}}', /yaml is not pinned/],
  "a dependency without version": ["deno.json", '{"imports":{"yaml":"npm:yaml"}}', /yaml is not pinned/],
  "a dependency from elsewhere": ["deno.json", '{"imports":{"yaml":"jsr:@x/yaml@1.2.3"}}', /is not pinned/],
  "a dependency without a reason": ["deno.json", '{"imports":{"left":"npm:left@1.2.3"}}', /no row for left/],
  "a reason without dependency": ["docs/dependencies.md", "| `gone` | why |\n", /gone is not in deno\.json/],
};

for (const [name, [path, text, found]] of Object.entries(UNWANTED)) {
  Deno.test(`check_text finds: ${name}`, async () => {
    assert.match((await check(checkText, { ...SOUND_TEXTS, [path]: text })).join("\n"), found);
  });
}
