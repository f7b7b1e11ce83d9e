/**
 * One HTTP/1.1 request to our own server on an open connection. The runtime's `fetch` costs the start 13 ms, half of
 * what a command takes; this speaks to a server that we wrote, and to no other.
 */
import { Fault } from "../../core/fault.ts";

const MAX_HEAD_BYTES = 16 * 1024;
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Longer than it takes to unlock at the highest work factor, or to ask a Vault that is slow, and try again. */
const ANSWER_MS = 60_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface Exchange {
  readonly method: "GET" | "POST";
  /** From `/v1/` on. */
  readonly path: string;
  readonly token: string;
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

/**
 * @param limitMs how long it may take; the connection is of no use after that
 * @throws {Fault} UNAVAILABLE when the server breaks off, does not speak HTTP, or does not answer
 */
export async function exchange(connection: Deno.Conn, request: Exchange, limitMs = ANSWER_MS): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(silent(limitMs)), limitMs);
  try {
    return await Promise.race([send(connection, request), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function send(connection: Deno.Conn, { method, path, token, body }: Exchange): Promise<Answer> {
  const content = body === undefined ? new Uint8Array(0) : encoder.encode(JSON.stringify(body));
  const head = [
    `${method} ${path} HTTP/1.1`,
    "Host: localhost",
    `X-Vault-Token: ${token}`,
    ...(body === undefined ? [] : ["Content-Type: application/json"]),
    `Content-Length: ${content.length}`,
    "\r\n",
  ];
  await writeAll(connection, new Uint8Array([...encoder.encode(head.join("\r\n")), ...content]));
  content.fill(0);
  return await readAnswer(connection);
}

async function readAnswer(connection: Deno.Conn): Promise<Answer> {
  let received = new Uint8Array(0);
  const buffer = new Uint8Array(64 * 1024);
  const more = async () => {
    const n = await connection.read(buffer);
    if (n === null) throw broken();
    const joined = new Uint8Array(received.length + n);
    joined.set(received);
    joined.set(buffer.subarray(0, n), received.length);
    received = joined;
  };
  let end: number;
  while ((end = endOfHead(received)) < 0) {
    if (received.length > MAX_HEAD_BYTES) throw broken();
    await more();
  }
  const head = decoder.decode(received.subarray(0, end));
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  const length = status === 204 ? 0 : Number(/^content-length: *(\d+)\r?$/im.exec(head)?.[1] ?? -1);
  if (status === 0 || length < 0 || length > MAX_BODY_BYTES) throw broken();
  while (received.length < end + 4 + length) await more();
  return { status, body: received.slice(end + 4, end + 4 + length) };
}

function endOfHead(bytes: Uint8Array): number {
  for (let at = 0; at + 4 <= bytes.length; at++) {
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at;
  }
  return -1;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  } catch {
    throw broken();
  }
}

/** One that is stopped, say: it is connected to all the same. */
function silent(limitMs: number): Fault {
  return new Fault("UNAVAILABLE", `the server has not answered for ${limitMs / 1000} s`, {
    hint: "end its process, coffer serve, and start it again",
  });
}

function broken(): Fault {
  return new Fault("UNAVAILABLE", "the server broke the connection off", { hint: "coffer status" });
}
