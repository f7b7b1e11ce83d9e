/**
 * The server as a function from requests to responses: Vault's HTTP API over Coffer's stacks. What listens, and where, is
 * the business of whoever calls it.
 *
 * A request goes through: headers, path, operation → locked? → token → rights → body → route → wrapped? → response. Until
 * its rights are known, nothing depends on whether there is what it asks for.
 */
import { authenticate, tokenOf } from "./authenticate.ts";
import { authorize } from "./authorize.ts";
import type { Dependencies } from "./dependencies.ts";
import { parseDuration } from "./duration.ts";
import { type Answer, respond, respondRefusal } from "./http/answer.ts";
import { outcomeOf, refusalOf } from "./http/fault_answer.ts";
import { guardHeaders } from "./http/header_guard.ts";
import { CARRY_BODY, operationOf, type RequestOperation } from "./http/operation.ts";
import type { Peer } from "./http/peer.ts";
import { notFound, Refusal, sealed } from "./http/refusal.ts";
import { readJsonBody } from "./http/request_body.ts";
import { parseRequestPath } from "./http/request_path.ts";
import { remoteKvOf } from "./routes/remote_kv.ts";
import type { Route } from "./routes/route.ts";
import { type Match, RouteTable } from "./routes/router.ts";
import { ROUTES } from "./routes/table.ts";
import { unknownPath } from "./routes/unknown_path.ts";
import { wrapIfAsked } from "./routes/wrap_answer.ts";
import type { Requested, Session } from "./session.ts";
import { ignoredWarning, validate } from "./validate.ts";

/** Never rejects. */
export type App = (request: Request, peer: Peer) => Promise<Response>;

export function createApp(server: Dependencies): App {
  const routes = new RouteTable(ROUTES.flatMap(([, routes]) => routes));
  return async (request, peer) => {
    const response = await responseTo(request, peer, server, routes);
    return request.method === "HEAD" ? new Response(null, response) : response;
  };
}

async function responseTo(request: Request, peer: Peer, server: Dependencies, routes: RouteTable): Promise<Response> {
  let token: Requested["token"];
  let needsKeys = false;
  try {
    guardHeaders(request, peer, server.hosts);
    const target = parseRequestPath(request.url);
    const operation = operationOf(request, target.query);
    const match = routes.find(operation, target.path);
    requireMethod(request, match);
    requireRootNamespace(request.headers, match);
    needsKeys = match?.route.access !== "anyone";
    if (needsKeys && server.isLocked()) throw sealed();
    token = tokenOf(request.headers);
    const wrapTtl = parseDuration(request.headers.get("x-vault-wrap-ttl"), "X-Vault-Wrap-TTL");
    const session = await authenticate({ server, peer, path: target.path, wrapTtl, token }, match?.route.access);
    await authorize(session, operation, match);
    requireNoFolder(operation, target.folder);
    if (!match) return respond(unknown(session, routes), crypto.randomUUID());
    const answer = await answerTo(request, target.query, match, session);
    return respond(wrapIfAsked(answer, session), crypto.randomUUID());
  } catch (error) {
    // Where it was locked meanwhile, what was not found may well be there.
    return respondRefusal(needsKeys && server.isLocked() ? sealed() : refusalOf(error));
  } finally {
    token?.dispose();
  }
}

async function answerTo(request: Request, query: URLSearchParams, match: Match, session: Session): Promise<Answer> {
  const { route, parameters } = match;
  const givenQuery = Object.fromEntries(query);
  const given = route.body ? await readJsonBody(request) : {};
  const call = {
    session,
    parameters,
    query: validate(route.query, givenQuery),
    body: validate(route.body, given),
    given,
  };
  const remote = parameters["stack"] === undefined ? undefined : await remoteKvOf(session, parameters["stack"]);
  const answer = await recorded(
    route,
    session,
    () => remote ? remote.answer(route.operation, call) : route.handle(call),
  );
  const warnings = [...ignoredWarning(route.query, givenQuery), ...ignoredWarning(route.body, given)];
  return warnings.length === 0 ? answer : { ...answer, warnings: [...answer.warnings ?? [], ...warnings] };
}

/** What no stack records is recorded before it is done, and once more when it fails. */
async function recorded({ deed }: Route, session: Session, steps: () => Answer | Promise<Answer>): Promise<Answer> {
  if (!deed) return await steps();
  await session.record(deed);
  try {
    return await steps();
  } catch (error) {
    await session.record({ ...deed, outcome: outcomeOf(error) });
    throw error;
  }
}

/** Nobody learns that a path is there by asking for it in a wrong way: this is after its rights were looked at. */
function unknown(session: Session, routes: RouteTable): Answer {
  if (routes.knows(session.path)) throw new Refusal(405, "unsupported operation");
  return unknownPath(session);
}

/** Vault has it for its health alone. */
function requireMethod({ method }: Request, match: Match | undefined): void {
  if (method === "HEAD" && match?.route.access !== "anyone") throw new Refusal(405);
}

function requireRootNamespace(headers: Headers, match: Match | undefined): void {
  const namespace = headers.get("x-vault-namespace");
  if (!namespace) return;
  if (match?.route.access === "anyone") throw new Refusal(400, "operation unavailable in namespaces");
  if (/^\/*(root\/*)?$/.test(namespace)) return;
  throw new Refusal(404, "namespace not found");
}

/** A name with a slash at its end is no name; it was taken away, to be read as a folder where one is listed. */
function requireNoFolder(operation: RequestOperation, folder: boolean): void {
  if (!folder || operation === "list") return;
  if (CARRY_BODY.has(operation)) throw new Refusal(400, "cannot write to a path ending in '/'");
  throw notFound();
}
