/**
 * The ceiling: a server that answers everything with one text, with nothing in between or with hono's router.
 *
 *     deno run -A scripts/bench/bare_server.ts deno|hono
 */
import { Hono } from "hono";

/** As long as an answer to the read of a secret. */
const BODY = JSON.stringify({ data: "x".repeat(340) });
const HEADERS = { "Content-Type": "application/json" };
const encoder = new TextEncoder();

function handlerOf(kind: string | undefined): Deno.ServeHandler {
  if (kind === "deno") return () => new Response(BODY, { headers: HEADERS });
  const app = new Hono();
  app.get("/v1/:stack/data/:name", (context) => context.body(BODY, 200, HEADERS));
  return (request) => app.fetch(request);
}

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => void Deno.stderr.writeSync(encoder.encode(`serving http://127.0.0.1:${port}\n`)),
}, handlerOf(Deno.args[0]));
