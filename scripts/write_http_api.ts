/**
 * Writes the tables of docs/http-api.md from the server's routes, between its two comments.
 *
 *     deno run -A scripts/write_http_api.ts
 */
import type { RequestOperation } from "../server/http/operation.ts";
import type { Members, Route } from "../server/routes/route.ts";
import { ROUTES } from "../server/routes/table.ts";
import { ROOT } from "./repository.ts";

export const PAGE: string = `${ROOT}/docs/http-api.md`;

const BEGIN = "<!-- made by scripts/write_http_api.ts: do not edit by hand -->";
const END = "<!-- made until here -->";

const METHOD: Readonly<Record<RequestOperation, string>> = {
  read: "GET",
  list: "LIST",
  update: "POST",
  patch: "PATCH",
  delete: "DELETE",
};

/** The page with its tables as the routes are now, formatted. */
export async function withTables(page: string): Promise<string> {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`docs/http-api.md lacks its two comments`);
  return await formatted([before, BEGIN, "\n\n", tables(), "\n\n", END, after].join(""));
}

function tables(): string {
  return ROUTES.map(([heading, routes]) =>
    [
      `### ${heading}`,
      "",
      "| request | what it does | takes | members of the request | of the answer |",
      "| --- | --- | --- | --- | --- |",
      ...routes.map(row),
    ].join("\n")
  ).join("\n\n");
}

function row(route: Route): string {
  const cells = [request(route), route.summary, needs(route), asked(route), answered(route)];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function request({ path, operation }: Route): string {
  return `\`${METHOD[operation]} /v1/${path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}")}\``;
}

function needs({ access, operation, sudo, exists }: Route): string {
  if (access === "anyone") return "nothing";
  if (access === "token") return "any token";
  const capability = exists ? "`create` or `update`" : `\`${operation}\``;
  if (access === "wrapping") return `${capability}, or the wrapping token`;
  return sudo ? `${capability} and \`sudo\`` : capability;
}

function asked({ query, body }: Route): string {
  return [...members(query).map((name) => `\`?${name}\``), ...members(body).map((name) => `\`${name}\``)].join(", ");
}

function members(schema: Members | undefined): string[] {
  return Object.keys(schema?.shape ?? {});
}

function answered({ answer }: Route): string {
  if (!answer) return "204";
  const [part, schema] = Object.entries(answer)[0]!;
  const names = Object.keys((schema as { readonly shape?: object }).shape ?? {}).map((name) => `\`${name}\``).join(
    ", ",
  );
  return part === "auth" || part === "wrap_info" ? `\`${part}\`` : names || "an object";
}

async function formatted(text: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error("deno fmt does not take the page");
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) await Deno.writeTextFile(PAGE, await withTables(await Deno.readTextFile(PAGE)));
