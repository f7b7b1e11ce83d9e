/**
 * Fails where a file reaches for what its place does not allow. `core ← server ← cli`, one place that exits, one that
 * prints: CONTRIBUTING.md says why.
 *
 *     deno run -A scripts/check_layering.ts
 */
import { conclude, filesOf, ROOT } from "./repository.ts";
import { codeOf, importsOf, linesWith } from "./source_text.ts";

/** The files of core and server that touch the host. They use `Deno` inside functions only, and only they import each other. */
export const HOST_FILES: ReadonlySet<string> = new Set([
  "core/audit/audit_log.ts",
  "core/audit/log_folder.ts",
  "core/audit/open_log.ts",
  "core/audit/read_log.ts",
  "core/audit/recover.ts",
  "core/config/config_file.ts",
  "core/go_plugin/socket_folder.ts",
  "core/providers/cache/cache_file.ts",
  "core/providers/cache/cached.ts",
  "core/providers/filesystem.ts",
  "core/providers/host.ts",
  "core/providers/open_store.ts",
  "core/providers/registered.ts",
  ...["guard", "location", "plugin", "process"].map((file) => `core/providers/plugin/${file}.ts`),
  "core/providers/registry.ts",
  "core/providers/vault/transport.ts",
  "core/providers/vault/vault.ts",
  "core/sets/set_folder.ts",
  "core/stack/project.ts",
  "core/store/atomic_file.ts",
  "core/store/file_guard.ts",
  "core/store/file_lock.ts",
  "core/store/file_store.ts",
  "core/store/held_folder.ts",
  "core/store/on_host.ts",
  "core/store/unchanged_files.ts",
]);

/** The files of core that import packages. Elsewhere in core a package would be hard to see and hard to replace. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "core/certificate/x509.ts": ["@peculiar/asn1-schema", "@peculiar/asn1-x509", "asn1js"],
  "core/go_plugin/late_goaway.ts": ["node:http2"],
  "core/go_plugin/wire.ts": ["@bufbuild/protobuf"],
  "core/providers/plugin/connection.ts": ["@grpc/grpc-js", "node:buffer"],
  "core/providers/plugin/location.ts": ["node:crypto"],
  "core/crypto/hkdf.ts": ["@noble/hashes"],
  "core/crypto/noble.ts": ["@noble/ciphers", "@noble/hashes"],
  "core/crypto/wasm_scrypt.ts": ["@noble/hashes"],
  "core/interchange/csv.ts": ["csv-parse"],
  "core/interchange/dotenv.ts": ["dotenv"],
  "core/interchange/yaml.ts": ["yaml"],
  "core/config/toml.ts": ["smol-toml"],
  "core/config/yaml.ts": ["yaml"],
};

/** The library's entry, and two files through which the rest of core reaches the backends' common constants. */
const RE_EXPORTS: ReadonlySet<string> = new Set(["mod.ts", "core/crypto/aead.ts", "core/crypto/scrypt.ts"]);

const EXITS: ReadonlySet<string> = new Set(["cli/main.ts"]);
/** `main.ts` hands the streams to `report.ts`; the runner passes a command's output on. */
const PRINTS: ReadonlySet<string> = new Set([
  ...["cli/main.ts", "cli/report.ts", "cli/terminal.ts"],
  ...["piped_command", "portable_command", "terminal_command"].map((file) => `cli/runner/${file}.ts`),
]);

/** Written in AssemblyScript, a language of its own. */
const OTHER_LANGUAGE = "core/crypto/assembly/";

/** Which folders a folder may import from; the empty name is the repository's root. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: ["core"],
  server: ["core", "server"],
  cli: ["core", "server", "cli"],
  "": ["core"],
  scripts: ["core", "server", "cli", "scripts", "test", ""],
  test: ["core", "server", "cli", "scripts", "test", ""],
};

export async function checkLayering(root: string): Promise<string[]> {
  const problems: string[] = [];
  const graph = new Map<string, string[]>();
  const paths = (await filesOf(root)).filter((path) => path.endsWith(".ts") && !path.startsWith(OTHER_LANGUAGE));
  for (const path of paths) {
    const source = await Deno.readTextFile(`${root}/${path}`);
    const imports = importsOf(source);
    const report = (line: number, text: string) => problems.push(`${path}:${line}: ${text}`);
    const local = imports.filter(({ specifier }) => specifier.startsWith("."));
    // What is evaluated first: a cycle of these can meet a module that has no values yet.
    graph.set(path, local.filter(({ when }) => when === "first").map(({ specifier }) => resolve(path, specifier)));
    for (const { specifier, line, again } of imports) {
      if (again && isProduct(path) && !RE_EXPORTS.has(path)) report(line, "only mod.ts exports what others declare");
      if (specifier.startsWith(".")) checkLocal(path, resolve(path, specifier), (text) => report(line, text));
      else if (!packageAllowed(path, specifier)) report(line, `does not import packages: ${specifier}`);
    }
    checkWords(path, codeOf(source), report);
  }
  return [...problems, ...cycles(graph)];
}

function checkLocal(from: string, to: string, report: (text: string) => void): void {
  if (!(MAY_IMPORT[folderOf(from)] ?? []).includes(folderOf(to))) report(`imports ${to}`);
  if (HOST_FILES.has(to) && isPortable(from) && !HOST_FILES.has(from)) report(`imports ${to}, a host file`);
}

function checkWords(path: string, code: string, report: (line: number, text: string) => void): void {
  const forbid = (pattern: RegExp, text: string) => {
    for (const line of linesWith(code, pattern)) report(line, text);
  };
  forbid(/\bexport\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b/, "has a default export");
  if (!isProduct(path)) return;
  if (!EXITS.has(path)) forbid(/\b(Deno|process)\s*\.\s*exit\b/, "only cli/main.ts exits");
  if (!PRINTS.has(path)) forbid(/\bconsole\s*\.|\bDeno\s*\.\s*std(out|err)\b/, "only cli/report.ts prints");
  if (isPortable(path) && !HOST_FILES.has(path)) forbid(/\bDeno\b/, "uses Deno and is not a host file");
}

/** What runs wherever there are Web APIs, but for {@linkcode HOST_FILES}. */
export function isPortable(path: string): boolean {
  return ["core", "server"].includes(folderOf(path));
}

function packageAllowed(path: string, specifier: string): boolean {
  if (folderOf(path) !== "core") return true;
  return (PACKAGES[path] ?? []).some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

function isProduct(path: string): boolean {
  return ["core", "server", "cli", ""].includes(folderOf(path));
}

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

function resolve(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

/** Each cycle once, from its first file in the alphabet. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const cycle = trail.slice(start);
      const first = cycle.indexOf([...cycle].sort()[0]!);
      found.add([...cycle.slice(first), ...cycle.slice(0, first), cycle[first]].join(" → "));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return [...found].map((cycle) => `import cycle: ${cycle}`);
}

if (import.meta.main) conclude("layering", await checkLayering(ROOT));
