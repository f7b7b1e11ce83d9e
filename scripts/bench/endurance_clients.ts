/** Clients that do a bit of everything, and remember what they were told. */
import { exchange } from "../../cli/server/http_exchange.ts";

const CLIENTS = 16;
/** Of each client, which nobody else writes: more in all than the server keeps in memory. */
const NAMES = 100;
/** How often of a hundred. */
const SHARES = {
  reads: 60,
  resolves: 12,
  writes: 10,
  lists: 4,
  "tokens made and revoked": 4,
  "answers wrapped and unwrapped": 3,
} as const;
type Kind = keyof typeof SHARES;

export interface Place {
  readonly url: string;
  readonly socket: string;
  readonly token: string;
}

export interface Clients {
  /** Goes on until so many requests were made in all. */
  make(requests: number): Promise<void>;
  readonly made: number;
  readonly kinds: ReadonlyMap<string, number>;
  /** Writes until the server is gone. */
  writeUntilRefused(): Promise<void>;
  readBack(place: Place): Promise<{ readonly confirmed: number; readonly lost: number }>;
}

export function mixedClients(place: Place): Clients {
  return new MixedClients(place);
}

class MixedClients implements Clients {
  made = 0;
  readonly kinds = new Map<string, number>();
  readonly #place: Place;
  /** What was confirmed, and what was sent after that without an answer. */
  readonly #confirmed = new Map<string, string>();
  readonly #sent = new Map<string, string>();
  #writes = 0;

  constructor(place: Place) {
    this.#place = place;
  }

  async make(requests: number): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
      while (this.made < requests) await this.#step(client);
    }));
  }

  async writeUntilRefused(): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
      try {
        for (;;) await this.#write(nameOf(client));
      } catch {
        // the server was killed
      }
    }));
  }

  async readBack(place: Place): Promise<{ confirmed: number; lost: number }> {
    let lost = 0;
    for (const [name, value] of this.#confirmed) {
      const read = (await ask(place, "GET", `dev/data/${name}`)).data.data.key;
      // A write that was not confirmed may have been done all the same.
      if (read !== value && read !== this.#sent.get(name)) lost++;
    }
    return { confirmed: this.#writes, lost };
  }

  async #step(client: number): Promise<void> {
    const kind = anyKind();
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    const name = nameOf(client);
    switch (kind) {
      case "reads":
        return await this.#read(name);
      case "writes":
        return await this.#write(name);
      case "lists":
        await this.#ask("GET", `dev/metadata/client-${client}?list=true`, undefined, {}, [200, 404]);
        return;
      case "resolves":
        return await this.#resolve();
      case "tokens made and revoked": {
        const { auth } = await this.#ask("POST", "auth/token/create", { ttl: "1h", policies: ["default"] });
        await this.#ask("POST", "auth/token/revoke-accessor", { accessor: auth.accessor });
        return;
      }
      case "answers wrapped and unwrapped": {
        const ttl = { "X-Vault-Wrap-TTL": "60" };
        const { wrap_info } = await this.#ask("POST", "sys/wrapping/wrap", { key: name }, ttl);
        const { data } = await this.#ask("POST", "sys/wrapping/unwrap", { token: wrap_info.token });
        if (data.key !== name) throw new Error(`${name} was unwrapped as something else`);
      }
    }
  }

  async #read(name: string): Promise<void> {
    const expected = this.#confirmed.get(name);
    const { data } = await this.#ask("GET", `dev/data/${name}`, undefined, {}, [200, 404]);
    if (data?.data?.key !== expected) throw new Error(`${name} was read as something else than was written`);
  }

  async #write(name: string): Promise<void> {
    const value = crypto.randomUUID();
    this.#sent.set(name, value);
    await this.#ask("POST", `dev/data/${name}`, { data: { key: value } });
    this.#confirmed.set(name, value);
    this.#writes++;
  }

  /** As `coffer run` does: with a connection of its own to the socket. */
  async #resolve(): Promise<void> {
    this.made++;
    using connection = await Deno.connect({ transport: "unix", path: this.#place.socket });
    const body = { references: ["coffer:///TOKEN_0", "coffer:///TOKEN_1"] };
    const request = { method: "POST", path: "/v1/coffer/resolve", token: this.#place.token, body } as const;
    const { status } = await exchange(connection, request);
    if (status !== 200) throw new Error(`resolve was answered with ${status}`);
  }

  // deno-lint-ignore no-explicit-any -- answers of every shape
  #ask(...[method, path, body, headers, expected]: Question): Promise<any> {
    this.made++;
    return ask(this.#place, method, path, body, headers, expected);
  }
}

type Question = [
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
  expected?: readonly number[],
];

async function ask(
  { url, token }: Place,
  ...[method, path, body, headers = {}, expected = [200, 204]]: Question
  // deno-lint-ignore no-explicit-any -- answers of every shape
): Promise<any> {
  const answer = await fetch(`${url}/v1/${path}`, {
    method,
    headers: { "X-Vault-Token": token, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!expected.includes(answer.status)) {
    throw new Error(`${method} ${path} was answered with ${answer.status}: ${text}`);
  }
  return text === "" ? {} : JSON.parse(text);
}

function nameOf(client: number): string {
  return `client-${client}/name-${Math.floor(Math.random() * NAMES)}`;
}

function anyKind(): Kind {
  const all = Object.entries(SHARES) as [Kind, number][];
  let left = Math.random() * all.reduce((sum, [, share]) => sum + share, 0);
  return all.find(([, share]) => (left -= share) < 0)?.[0] ?? "reads";
}
