/**
 * The API of AWS's Secrets Manager Agent, for programs that are written for it: reads only, of the current stack, on a
 * listener of its own, since its paths and Vault's overlap (github.com/aws/aws-secretsmanager-agent).
 */
import { Fault } from "../core/fault.ts";
import { isSecretName, type SecretName } from "../core/name.ts";
import { encodeBase64 } from "../core/seal/base64.ts";
import { Secret } from "../core/secret.ts";
import type { App } from "./app.ts";
import { authenticate } from "./authenticate.ts";
import { type ReadVersion, versionsOf } from "./aws_versions.ts";
import type { Dependencies } from "./dependencies.ts";
import { guardHeaders } from "./http/header_guard.ts";
import type { Peer } from "./http/peer.ts";
import { Refusal } from "./http/refusal.ts";
import type { Session } from "./session.ts";

/** The agent's own header first; it takes Vault's as well. */
const TOKEN_HEADERS = ["x-aws-parameters-secrets-token", "x-vault-token"];
const PARAMETERS = ["secretId", "versionId", "versionStage", "refreshNow"];
const CURRENT = "AWSCURRENT", PREVIOUS = "AWSPREVIOUS";

/** What AWS's SDKs take for a version's id: a version's number as a UUID. */
const VERSION_ID = /^00000000-0000-4000-8000-([0-9]{12})$/;

export function createAwsAgent(server: Dependencies): App {
  return async (request, peer) => {
    try {
      return await answer(request, peer, server);
    } catch (error) {
      return refusalOf(error);
    }
  };
}

async function answer(request: Request, peer: Peer, server: Dependencies): Promise<Response> {
  // The agent's own answer to a request that came through a proxy, word for word.
  if (request.headers.has("x-forwarded-for")) return text(400, "Forwarded");
  guardHeaders(request, peer, server.hosts);
  if (request.method !== "GET") return text(405, "Not allowed");
  const url = new URL(request.url);
  if (url.pathname === "/ping") return text(200, "healthy");
  const asked = parse(url);
  const session = await sessionOf(request, peer, server, asked.name);
  if (asked.refusal) return text(400, asked.refusal);
  if (!server.mounts.get(server.mounts.current)) return text(503, "locked"); // others may be unlocked
  return await read(session, server, asked);
}

interface Asked {
  readonly name: string;
  readonly versionId: string | null;
  readonly versionStage: string | null;
  /** What is wrong with the request; told to those only who have a token. */
  readonly refusal: string | undefined;
}

/** `/secretsmanager/get?secretId=NAME`, or `/v1/NAME`. */
function parse({ pathname, searchParams }: URL): Asked {
  const byPath = /^\/v1\/(.+)$/.exec(pathname)?.[1];
  const unknown = [...searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  const name = byPath === undefined ? searchParams.get("secretId") ?? "" : decode(byPath);
  const refusal = byPath === undefined && pathname !== "/secretsmanager/get"
    ? "not found"
    : unknown !== undefined
    ? `unknown parameter: ${unknown.slice(0, 64)}`
    : name === ""
    ? "missing parameter secretId"
    : undefined;
  return { name, versionId: searchParams.get("versionId"), versionStage: searchParams.get("versionStage"), refusal };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}

/** @throws {Refusal} 403 without a token that there is; 429 after too many */
async function sessionOf(request: Request, peer: Peer, server: Dependencies, name: string): Promise<Session> {
  const header = TOKEN_HEADERS.map((header) => request.headers.get(header)).find((value) => value !== null);
  const token = header ? Secret.fromText(header) : undefined;
  const path = `${server.mounts.current}/data/${name}`;
  return await authenticate({ server, peer, path, wrapTtl: 0, token }, undefined);
}

async function read(session: Session, server: Dependencies, asked: Asked): Promise<Response> {
  const stack = server.mounts.current;
  // By the right to read it as Vault's API has it. Not telling what there is from what may not be seen.
  // Nothing for a token of one run, whose policies are its maker's: what limits it are names, for `coffer/resolve`.
  const { info, acl } = session.client;
  if (info.only !== null || !acl.allows("read", `${stack}/data/${asked.name}`)) {
    await session.record({ kind: "read", operation: "kv", stack, outcome: "DENIED" });
    return text(403, "Bad Token");
  }
  const opened = isSecretName(asked.name) ? await open(session, server, asked.name, asked) : undefined;
  if (!opened) return json(404, { __type: "ResourceNotFoundException", Message: "there is no such secret or version" });
  const { version, created, isPrevious } = opened;
  using value = opened.value;
  return json(200, {
    ARN: `arn:coffer:secretsmanager:local:${stack}:secret:${asked.name}`,
    Name: asked.name,
    VersionId: `00000000-0000-4000-8000-${String(version).padStart(12, "0")}`,
    ...secretOf(value),
    VersionStages: isPrevious === undefined ? [] : [isPrevious ? PREVIOUS : CURRENT],
    CreatedDate: String(Date.parse(created) / 1000),
  });
}

interface Opened extends ReadVersion {
  /** Undefined: neither the newest nor the one before. */
  readonly isPrevious: boolean | undefined;
}

async function open(
  session: Session,
  { mounts }: Dependencies,
  name: SecretName,
  asked: Asked,
): Promise<Opened | undefined> {
  const { newest, read } = await versionsOf(session, mounts.current, name);
  const version = newest ? versionAsked(asked, newest) : 0;
  if (!newest || version < 1) return undefined;
  const found = await read(version);
  return found && { ...found, isPrevious: version === newest ? false : version === newest - 1 ? true : undefined };
}

/** 0: none that there could be. */
function versionAsked({ versionId, versionStage }: Asked, newest: number): number {
  const byId = versionId === null ? undefined : Number(VERSION_ID.exec(versionId)?.[1] ?? 0);
  const byStage = versionStage === PREVIOUS
    ? newest - 1
    : versionStage === null || versionStage === CURRENT
    ? newest
    : 0;
  return byId !== undefined && versionStage !== null && byId !== byStage ? 0 : byId ?? byStage;
}

function secretOf(value: Secret): { SecretString: string } | { SecretBinary: string } {
  try {
    return { SecretString: value.revealText() };
  } catch {
    return { SecretBinary: value.use(encodeBase64) };
  }
}

function refusalOf(error: unknown): Response {
  if (error instanceof Refusal) {
    if (error.status === 429) return text(429, "too many requests");
    return text(error.status, error.status === 403 ? "Bad Token" : "bad request");
  }
  if (error instanceof Fault) return text(error.code === "LOCKED" ? 503 : 500, error.code);
  return text(500, "internal error");
}

const HEADERS = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };

function text(status: number, body: string): Response {
  return new Response(body, { status, headers: { ...HEADERS, "Content-Type": "text/plain; charset=utf-8" } });
}

function json(status: number, body: unknown): Response {
  return Response.json(body, { status, headers: HEADERS });
}
