import assert from "node:assert/strict";
import fc from "fast-check";
import { EACCES, ENOENT, ENOEXEC, ENOTDIR, searchProgram } from "../../../cli/native/program_search.ts";

const E2BIG = 7, SUCCESS = 0;
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (words: readonly Uint8Array[]) => words.map((word) => new TextDecoder().decode(word));

/** What is tried, and what comes of it, when the files are what `world` says. */
function search(argv: readonly string[], path: string | undefined, world: Readonly<Record<string, number>>) {
  const tried: string[][] = [];
  const result = searchProgram(argv.map(bytes), path === undefined ? undefined : bytes(path), (file, words) => {
    const [name] = text([file]) as [string];
    tried.push([name, ...text(words)]);
    return world[name] ?? ENOENT;
  });
  return { tried, result };
}

/** execvp(3), read aloud. */
function expected(argv: readonly string[], path: string, world: Readonly<Record<string, number>>) {
  const [program, ...rest] = argv as [string, ...string[]];
  const files = program.includes("/")
    ? [program]
    : program === ""
    ? []
    : path.split(":").map((folder) => `${folder === "" ? "." : folder}/${program}`);
  const outcomes = files.map((file) => {
    const direct = world[file] ?? ENOENT;
    const tries = [[file, ...argv]];
    if (direct !== ENOEXEC) return { tries, outcome: direct };
    return { tries: [...tries, ["/bin/sh", "/bin/sh", file, ...rest]], outcome: world["/bin/sh"] ?? ENOENT };
  });
  const decided = outcomes.findIndex(({ outcome }) => ![ENOENT, ENOTDIR, EACCES].includes(outcome));
  const looked = decided < 0 ? outcomes : outcomes.slice(0, decided + 1);
  const result = decided >= 0
    ? outcomes[decided]!.outcome
    : outcomes.some(({ outcome }) => outcome === EACCES)
    ? EACCES
    : ENOENT;
  return { tried: looked.flatMap(({ tries }) => tries), result };
}

Deno.test("a program is looked for as execvp(3) does", () => {
  const folder = fc.constantFrom("", "/a", "/b", "/a/b", ".", "ü");
  const program = fc.constantFrom("x", "y", "", "/a/x", "./x", "b/y", "é");
  const errno = fc.constantFrom(SUCCESS, SUCCESS, ENOENT, ENOTDIR, EACCES, ENOEXEC, E2BIG);
  const file = fc.constantFrom("/a/x", "/b/x", "/a/b/y", "./x", "ü/x", "b/y", "/bin/sh", "/a/é");
  fc.assert(
    fc.property(
      fc.array(folder, { minLength: 1, maxLength: 5 }),
      program,
      fc.array(fc.string(), { maxLength: 2 }),
      fc.dictionary(file, errno),
      (folders, program, args, world) => {
        const path = folders.join(":");
        assert.deepEqual(search([program, ...args], path, world), expected([program, ...args], path, world));
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("without a PATH the system's own folders are searched", () => {
  assert.deepEqual(search(["x"], undefined, { "/usr/bin/x": SUCCESS }), {
    tried: [["/bin/x", "x"], ["/usr/bin/x", "x"]],
    result: SUCCESS,
  });
});
