/**
 * Fails on what must not be in the repository's texts: the machine it was written on, promises to do something later,
 * names that say nothing, versions that disagree, links that lead nowhere, dependencies that nobody explained.
 *
 *     deno run -A scripts/check_text.ts
 */
import { VERSION } from "../cli/version.ts";
import { conclude, filesOf, ROOT } from "./repository.ts";
import { linesWith } from "./source_text.ts";

/** Texts of others, which stay as they were published, and what programs have written. */
const OTHERS = /^(deno\.lock|LICENSE|test\/vectors\/)|\.generated\.ts$/;

/** Spelt in two halves, so that this file does not contain what it forbids. */
const FORBIDDEN: readonly (readonly [pattern: RegExp, what: string])[] = [
  [
    new RegExp("\\/(work|" + "root|home\\/(?!(you|user|alice|bob|ann|me)\\b)\\w+|Us" + "ers\\/\\w+)\\/"),
    "a machine's path",
  ],
  [
    new RegExp(
      "registry\\.(npm" + "js|yarn" + "pkg)\\.|(pypi|files\\.python" + "hosted)\\.org|deb\\.deb" + "ian\\.org",
    ),
    "a registry's host",
  ],
  [/\b(issues?|pull request|PR|fix(es|ed)?|close[sd]?|see|GH)[ -]?#\d+|\(#\d+\)|\w\/[\w.-]+#\d+/i, "an issue's number"],
  [new RegExp("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b"), "something left to do"],
];

/** A name that fits everything tells nothing. */
const EMPTY_NAME = /^(utils?|helpers?|common|managers?|misc|shared)$/;

export async function checkText(root: string): Promise<string[]> {
  const paths = await filesOf(root);
  const problems: string[] = [];
  for (const path of paths) {
    if (path.split(/[/._-]/).some((word) => EMPTY_NAME.test(word))) problems.push(`${path}: a name that says nothing`);
    if (OTHERS.test(path)) continue;
    const text = await textOf(`${root}/${path}`);
    if (text === undefined) continue;
    for (const [pattern, what] of FORBIDDEN) {
      for (const line of linesWith(text, pattern)) problems.push(`${path}:${line}: ${what}`);
    }
    if (path.endsWith(".md")) problems.push(...deadLinks(path, text, paths));
  }
  return [...problems, ...await checkVersions(root), ...await checkDependencies(root)];
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (error) {
    if (error instanceof TypeError) return undefined; // not text
    throw error;
  }
}

/** Links to files of the repository that are not there. A file named in backticks is no link. */
function deadLinks(path: string, text: string, paths: readonly string[]): string[] {
  const prose = text.replace(/^(```|~~~).*?^\1/gms, "").replace(/`[^`\n]*`/g, "");
  const targets = [...prose.matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s+(\S+)/gm)].map((m) => m[1] ?? m[2]!);
  return targets
    .filter((target) => !/^([a-z][a-z+.-]*:|#)/i.test(target))
    .map((target) => decodeURI(new URL(target.replace(/#.*$/, ""), `file:///${path}`).pathname.slice(1)))
    .filter((target) => !paths.some((known) => known === target || known.startsWith(target.replace(/\/?$/, "/"))))
    .map((target) => `${path}: a link to ${target}, which is not there`);
}

async function checkVersions(root: string): Promise<string[]> {
  const { version } = await configuration(root);
  const changelog = await Deno.readTextFile(`${root}/CHANGELOG.md`);
  const newest = /^## \[(\d[^\]]*)\]/m.exec(changelog)?.[1];
  return [
    ...version === VERSION ? [] : [`deno.json says version ${version}, cli/version.ts ${VERSION}`],
    ...version === newest ? [] : [`deno.json says version ${version}, CHANGELOG.md ${newest}`],
  ];
}

async function checkDependencies(root: string): Promise<string[]> {
  const { imports = {} } = await configuration(root);
  const documented = await Deno.readTextFile(`${root}/docs/dependencies.md`);
  const rows = new Set([...documented.matchAll(/^\|\s*`([^`]+)`\s*\|/gm)].map((match) => match[1]));
  const names = new Map(Object.values(imports).map((target) => [packageName(target), target]));
  return [
    ...[...names].filter(([, target]) => !/^npm:.+@\d+\.\d+\.\d+(-[\w.]+)?(\/.*)?$/.test(target))
      .map(([name, target]) => `deno.json: ${name} is not pinned to an exact version of a package on npm: ${target}`),
    ...[...names.keys()].filter((name) => !rows.has(name)).map((name) => `docs/dependencies.md: no row for ${name}`),
    ...[...rows].filter((name) => !names.has(name!)).map((name) => `docs/dependencies.md: ${name} is not in deno.json`),
  ];
}

function packageName(target: string): string {
  return /^\w+:\/?((?:@[^/@]+\/)?[^/@]+)/.exec(target)?.[1] ?? target;
}

interface Configuration {
  readonly version?: string;
  readonly imports?: Readonly<Record<string, string>>;
}

async function configuration(root: string): Promise<Configuration> {
  return JSON.parse(await Deno.readTextFile(`${root}/deno.json`));
}

if (import.meta.main) conclude("text", await checkText(ROOT));
