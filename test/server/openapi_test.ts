import { strict as assert } from "node:assert";
import { PAGE, withTables } from "../../scripts/write_http_api.ts";
import { openApiDocument } from "../../server/openapi.ts";
import { ROUTES } from "../../server/routes/table.ts";
import { Served } from "./served.ts";

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
}
type Document = { readonly openapi: string; readonly paths: Record<string, Record<string, Operation>> };

Deno.test("docs/http-api.md has the routes as they are: deno run -A scripts/write_http_api.ts", async () => {
  const page = await Deno.readTextFile(PAGE);
  assert.equal(await withTables(page), page);
});

Deno.test("the OpenAPI document has every route once, under its own name, with its path's parameters", () => {
  const { openapi, paths } = openApiDocument("1.2.3") as unknown as Document;
  assert.match(openapi, /^3\.1\./);
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  assert.equal(operations.length, ROUTES.flatMap(([, routes]) => routes).length);
  assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
  for (const [path, methods] of Object.entries(paths)) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const { parameters } of Object.values(methods)) {
      assert.deepEqual(parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name), named, path);
    }
  }
});

Deno.test("the OpenAPI document is answered to every token, and to nobody else", async () => {
  using served = await Served.start();
  const token = await served.client('path "x" { capabilities = ["read"] }', { no_default_policy: true });
  const { status, json } = await served.get("sys/internal/specs/openapi", { token });
  assert.equal(status, 200);
  assert.deepEqual(json, JSON.parse(JSON.stringify(openApiDocument("1.2.3"))));
  assert.equal((await served.get("sys/internal/specs/openapi", { token: null })).status, 403);
});
