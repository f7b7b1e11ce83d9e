/** What the routes say of their answers, and so OpenAPI and docs/http-api.md, is what they answer. */
import { strict as assert } from "node:assert";
import { operationOf } from "../../server/http/operation.ts";
import { parseRequestPath } from "../../server/http/request_path.ts";
import { FailureLimiter } from "../../server/rate_limit.ts";
import type { AnswerSchema } from "../../server/routes/route.ts";
import { RouteTable } from "../../server/routes/router.ts";
import { ROUTES } from "../../server/routes/table.ts";
import { sendAll } from "./differential/send_all.ts";
import { LOOPBACK, Served } from "./served.ts";

const routes = ROUTES.flatMap(([, routes]) => routes);
const table = new RouteTable(routes);

function check(answer: AnswerSchema | undefined, status: number, text: string, ask: string): void {
  if (answer === undefined) {
    // There is a body only where something was wrong with what was asked for.
    if (status === 200) assert.notEqual(JSON.parse(text).warnings, null, ask);
    else assert.equal(status, 204, ask);
    return;
  }
  const json = JSON.parse(text);
  if (json.wrap_info && !("wrap_info" in answer)) return; // it was asked to be wrapped
  const [part, schema] = Object.entries(answer)[0]!;
  const answered = part === "body" ? json : json[part];
  const parsed = schema.safeParse(answered);
  assert.ok(parsed.success, `${ask}: ${JSON.stringify(parsed.error?.issues)}`);
  assert.deepEqual(parsed.data, answered, `${ask}: there is more than the route says`);
}

Deno.test("answers are as the routes say, with nothing missing and nothing besides", async () => {
  let time = 0;
  using served = await Served.start({ secret: {} }, { failures: new FailureLimiter(() => time += 60_000) });
  const checked = new Set<unknown>();
  await sendAll(served.root, async (method, path, headers, body) => {
    headers.set("Host", "127.0.0.1:8200");
    const request = new Request(`http://127.0.0.1:8200/v1/${path}`, {
      method,
      headers,
      ...body !== undefined && { body },
    });
    const response = await served.app(request, LOOPBACK);
    if (!response.ok || method === "HEAD") return response;
    const { path: below, query } = parseRequestPath(request.url);
    const { route } = table.find(operationOf(request, query), below)!;
    checked.add(route);
    check(route.answer, response.status, await response.clone().text(), `${method} ${path}`);
    return response;
  });
  const unchecked = routes.filter((route) => !checked.has(route)).map(({ operation, path }) => `${operation} ${path}`);
  assert.deepEqual(unchecked, [
    "update coffer/resolve", // Coffer's own: below
    "update coffer/tokens",
    "update sys/seal", // the last thing that one can ask for
    "update coffer/stop",
    "update sys/mounts/:path{.+}", // refused
    "delete sys/mounts/:path{.+}",
    "list sys/policy", // the same as read
    "update auth/token/lookup-self",
    "read auth/token/lookup",
    "read sys/wrapping/lookup",
    "read sys/internal/specs/openapi",
  ]);
});

Deno.test("Coffer's own answers are as their routes say", async () => {
  using served = await Served.start({ secret: { a: "1" } });
  for (
    const [path, body] of [["coffer/resolve", { references: ["a"] }], ["coffer/tokens", { references: ["a"] }]] as const
  ) {
    const { status, text } = await served.put(path, body);
    check(table.find("update", path)!.route.answer, status, text, path);
  }
});
