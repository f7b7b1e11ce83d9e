/** A running server of this user, as the command line uses it. */
import { Fault, type FaultCode } from "../../core/fault.ts";
import { decodeBase64 } from "../../core/seal/base64.ts";
import type { SlotKey } from "../../core/seal/passphrase_slot.ts";
import { guardFolder, readGuarded, statIfPresent } from "../../core/store/file_guard.ts";
import { exchange } from "./http_exchange.ts";
import { serverLocation } from "./location.ts";

const MAX_TOKEN_BYTES = 1024;

/** Longer than it takes to finish what is under way. */
const STOP_MS = 15_000, LOOK_MS = 10;

export class ServerClient {
  readonly #connection: Deno.Conn;
  readonly #token: string;
  readonly #tokenFile: string;

  private constructor(connection: Deno.Conn, token: string, tokenFile: string) {
    this.#connection = connection;
    this.#token = token;
    this.#tokenFile = tokenFile;
  }

  /**
   * Connects to the server of `home`. Undefined when none is running; a socket without one behind it is none.
   * @throws {Fault} DENIED when others could read the owner's token or put a socket in its place
   */
  static async connect(home: string): Promise<ServerClient | undefined> {
    const { folder, socket, tokenFile } = serverLocation(home);
    if (!statIfPresent(socket)) return undefined;
    guardFolder(folder, "private");
    let connection: Deno.Conn;
    try {
      connection = await Deno.connect({ transport: "unix", path: socket });
    } catch {
      return undefined;
    }
    const token = readToken(tokenFile);
    if (token !== undefined) return new ServerClient(connection, token, tokenFile);
    connection.close();
    return undefined;
  }

  /** The key of a stack that the server has unlocked. */
  async keyOf(stackId: string): Promise<SlotKey | undefined> {
    const answer = await this.#call("POST", "key", { id: stackId });
    if (answer === undefined) return undefined;
    const { kek, parameters } = answer as { kek: string; parameters: SlotKey["parameters"] };
    return { kek: decodeBase64(kek)!, parameters };
  }

  /** Gives the server a stack's key. */
  async unlock(stack: { readonly name: string; readonly project: string }, passphrase: string): Promise<void> {
    await this.#call("POST", "unlock", { ...stack, passphrase });
  }

  async status(): Promise<ServerStatus> {
    return await this.#call("GET", "status") as ServerStatus;
  }

  async lock(): Promise<void> {
    await this.#call("POST", "lock");
  }

  /** Returns when it has ended, so that another can start. @throws {Fault} UNAVAILABLE when it takes too long */
  async stop(): Promise<void> {
    await this.#call("POST", "stop");
    const started = performance.now();
    // Its token is the last thing that it takes away.
    while (readToken(this.#tokenFile) === this.#token) {
      if (performance.now() - started > STOP_MS) {
        throw new Fault("UNAVAILABLE", "the server has not ended yet", { hint: "coffer status shows its process" });
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /**
   * Makes a request to Vault's API as the owner, and returns its data; undefined when there is none.
   * @throws {Fault} with the server's words when it refuses
   */
  async vault(method: "GET" | "POST", path: string, body?: unknown): Promise<VaultAnswer | undefined> {
    const answer = await exchange(this.#connection, { method, path: `/v1/${path}`, token: this.#token, body });
    if (answer.status === 204 || answer.status === 404) return undefined;
    const parsed = JSON.parse(new TextDecoder().decode(answer.body)) as VaultAnswer & { errors?: string[] };
    if (answer.status === 200) return parsed;
    const code = answer.status === 503 ? "LOCKED" : answer.status === 403 ? "DENIED" : "USAGE";
    throw new Fault(code, parsed.errors?.join("; ") || `the server answered ${answer.status}`, {
      hint: code === "LOCKED" ? "coffer unlock" : "coffer token --help",
    });
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #call(method: "GET" | "POST", operation: string, body?: unknown): Promise<unknown> {
    const path = `/v1/coffer/owner/${operation}`;
    const answer = await exchange(this.#connection, { method, path, token: this.#token, body });
    if (answer.status === 204) return {};
    const text = new TextDecoder().decode(answer.body);
    if (answer.status === 200) return JSON.parse(text);
    if (answer.status === 404) return undefined;
    throw faultOf(answer.status, text);
  }
}

export interface VaultAnswer {
  readonly warnings: readonly string[] | null;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly auth: {
    readonly client_token: string;
    readonly accessor: string;
    readonly policies: readonly string[];
    readonly lease_duration: number;
  } | null;
}

export interface ServerStatus {
  readonly version: string;
  readonly pid: number;
  readonly locked: boolean;
  /** The stacks that it serves, by name. */
  readonly stacks: readonly string[];
  readonly listeners: readonly string[];
  /** What it shows where it listens with TLS; null: it does not. */
  readonly certificate: { readonly file: string; readonly sha256: string } | null;
  /** Seconds until it locks itself when nobody uses it; null: never. */
  readonly locksIn: number | null;
}

function readToken(file: string): string | undefined {
  const bytes = readGuarded(file, "private", MAX_TOKEN_BYTES);
  return bytes && new TextDecoder().decode(bytes).trim();
}

/** What the server says of itself (owner_api.ts), as it would have been here. */
function faultOf(status: number, text: string): Fault {
  const { error, errors = [] } = JSON.parse(text) as {
    error?: { code: FaultCode; message: string; hint?: string };
    errors?: string[];
  };
  if (error) return new Fault(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
  const message = `the server refused: ${errors.join("; ") || status}`;
  return new Fault(status === 403 ? "DENIED" : "UNAVAILABLE", message, { hint: "coffer status" });
}
