/** Where the server listens: a unix socket, TCP on the loopback, and with TLS anywhere. */
import { Fault } from "../../core/fault.ts";
import { hostFault } from "../../core/store/file_guard.ts";
import { lockFolder } from "../../core/store/file_lock.ts";
import { fitsSocketPath } from "./location.ts";
import { type Handler, Requests } from "./requests.ts";

export type Address =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly hostname: string; readonly port: number };

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Until there may be descriptors again; what it costs to try is nothing beside it. */
const REOPEN_MS = 100;
/** How long a client that never finishes its request holds the end up. */
const GRACE_MS = 5000;

type HttpServer = Pick<Deno.HttpServer, "finished" | "shutdown">;

/** A place that is listened at. */
export interface Listener {
  /** As a client is told: `unix:///…`, `http://127.0.0.1:8200`. */
  readonly url: string;
  /** Takes no more requests, and waits for those under way, but not for long. */
  shutdown(): Promise<void>;
}

/** `unix`, `unix:PATH`, `PORT`, `HOST:PORT` or `[HOST]:PORT`. @throws {Fault} USAGE */
export function parseAddress(text: string, socket: string): Address {
  if (text === "unix") return { kind: "unix", path: socket };
  if (text.startsWith("unix:")) return { kind: "unix", path: text.slice("unix:".length).replace(/^\/\/(?=\/)/, "") };
  const match = /^(?:(\[[0-9a-fA-F:]+\]|[^:[\]]+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2] ?? -1);
  if (!match || port < 0 || port > 65535) {
    throw new Fault("USAGE", `${JSON.stringify(text)} is not an address`, {
      hint: "--listen unix, --listen 127.0.0.1:8200 or --listen unix:/run/coffer.sock",
    });
  }
  return { kind: "tcp", hostname: (match[1] ?? "127.0.0.1").replace(/^\[|\]$/g, ""), port };
}

/** Whether it stands for all addresses of the machine. */
export function isAnyAddress(address: Address): boolean {
  return address.kind === "tcp" && ["0.0.0.0", "::"].includes(address.hostname);
}

/** The names in the addresses by which clients reach what listens there. */
export function namesIn(addresses: readonly Address[]): string[] {
  return addresses.flatMap((address) => address.kind === "tcp" && !isAnyAddress(address) ? [address.hostname] : []);
}

export function isLoopbackName(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * @throws {Fault} CONFLICT when somebody listens there already; UNAVAILABLE when it cannot be listened at; CONFIG when the
 * certificate cannot be used
 */
export async function listen(address: Address, handler: Handler, certificate?: Certificate): Promise<Listener> {
  const requests = new Requests(handler);
  return address.kind === "unix"
    ? await listenAtSocket(address.path, requests)
    : await listenAtPort(address.hostname, address.port, requests, certificate);
}

async function listenAtSocket(path: string, requests: Requests): Promise<Listener> {
  if (!fitsSocketPath(path)) {
    throw new Fault("USAGE", `${path} is too long for a socket's path`, {
      hint: "set COFFER_HOME to a shorter path, or choose another with --listen unix:/run/user/1000/coffer.sock",
    });
  }
  const open = async () => {
    // Of two that find a stale socket at once, the slower one would remove what the other has put in its place.
    using _lock = await lockFolder(path.slice(0, path.lastIndexOf("/")) || (path.startsWith("/") ? "/" : "."));
    await removeStale(path);
    const umask = Deno.umask(0o177); // the socket is never there for others, not even between bind and chmod
    try {
      return Deno.serve(
        { transport: "unix", path, onListen() {} },
        (request) => requests.handle(request, { kind: "unix" }),
      );
    } catch (error) {
      throw hostFault(error, path);
    } finally {
      Deno.umask(umask);
    }
  };
  return { url: `unix://${path}`, shutdown: await keepOpen(open, requests) };
}

/** A socket that nobody answers at was left by a server that was killed. */
async function removeStale(path: string): Promise<void> {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(path);
  } catch {
    return; // nothing there
  }
  if (!info.isSocket) {
    throw new Fault("CONFLICT", `${path} is there already, and is no socket`, { hint: "choose another with --listen" });
  }
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionRefused)) throw hostFault(error, path);
    Deno.removeSync(path);
    return;
  }
  throw new Fault("CONFLICT", `a server is listening at ${path} already`, { hint: "coffer status, or coffer stop" });
}

async function listenAtPort(
  hostname: string,
  port: number,
  requests: Requests,
  certificate?: Certificate,
): Promise<Listener> {
  const secure = certificate !== undefined;
  let chosen = port;
  const open = () => {
    const server = Deno.serve(
      { hostname, port: chosen, ...certificate, onListen() {} },
      (request, { remoteAddr }) => {
        const address = "hostname" in remoteAddr ? { address: remoteAddr.hostname } : {};
        return requests.handle(request, { kind: "tcp", secure, ...address });
      },
    );
    chosen = server.addr.port;
    return server;
  };
  try {
    const shutdown = await keepOpen(open, requests);
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return { url: `${certificate ? "https" : "http"}://${host}:${chosen}`, shutdown };
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new Fault("CONFLICT", `${hostname}:${port} is in use`, { hint: "choose another port with --listen" });
    }
    if (error instanceof Deno.errors.InvalidData || /KeyMismatch/.test((error as Error).message)) {
      throw new Fault("CONFIG", "the certificate and its key cannot be used, or do not belong together", {
        hint: "--tls-cert takes a chain in PEM, the server's certificate first, and --tls-key that one's private key",
        cause: error,
      });
    }
    throw hostFault(error, `${hostname}:${port}`);
  }
}

/**
 * Opens a listener, and does so again whenever the runtime gives it up: it does that at the first connection for which
 * the process has no descriptor left, and every program of this machine could end the server that way.
 * @returns what shuts it down
 * @throws what `open` throws the first time
 */
async function keepOpen(
  open: () => HttpServer | Promise<HttpServer>,
  requests: Requests,
): Promise<() => Promise<void>> {
  let server: HttpServer | undefined = await open();
  let isOver = false;
  const watch = async () => {
    while (!isOver) {
      try {
        server ??= await open();
        await server.finished;
        return;
      } catch {
        server = undefined;
        await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
      }
    }
  };
  const watching = watch();
  return async () => {
    isOver = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => timer = setTimeout(resolve, GRACE_MS));
    await Promise.race([requests.finish(), late]);
    await Promise.race([Promise.all([server?.shutdown(), watching]), late]);
    clearTimeout(timer);
  };
}
