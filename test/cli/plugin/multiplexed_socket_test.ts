/** What a host can send. That Go's own implementation gets on with it: ../porter_go_host_test.ts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { MultiplexedSocket } from "../../../cli/plugin/multiplexed_socket.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

const DATA = 0, WINDOW = 1, PING = 2, GO_AWAY = 3;
const SYN = 1, ACK = 2, FIN = 4, RST = 8;
const WINDOW_BYTES = 256 * 1024;

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly length: number;
  readonly payload: Uint8Array;
}

/** A host's connection to a socket whose streams come to one that echoes, or only takes. */
class Host implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly #target: Deno.Listener;
  readonly #socket: MultiplexedSocket;
  readonly #accepted: Deno.Conn[] = [];
  #connection!: Deno.Conn;

  private constructor(echo: boolean) {
    const path = `${this.#folder.path}/direct`;
    this.#target = Deno.listen({ transport: "unix", path });
    void this.#accept(echo);
    this.#socket = new MultiplexedSocket(`${this.#folder.path}/plugin`, path);
  }

  static async connect({ echo = true } = {}): Promise<Host> {
    const host = new Host(echo);
    await host.connectAgain();
    return host;
  }

  async connectAgain(): Promise<void> {
    this.#connection?.close();
    this.#connection = await Deno.connect({ transport: "unix", path: `${this.#folder.path}/plugin` });
  }

  async #accept(echo: boolean): Promise<void> {
    for await (const connection of this.#target) {
      this.#accepted.push(connection);
      if (echo) void connection.readable.pipeTo(connection.writable).catch(() => {});
    }
  }

  async raw(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  async send(type: number, flags: number, id: number, payload: Uint8Array | number = 0, version = 0): Promise<void> {
    const length = typeof payload === "number" ? payload : payload.length;
    const frame = new Uint8Array(12 + (typeof payload === "number" ? 0 : length));
    const view = new DataView(frame.buffer);
    view.setUint8(0, version);
    view.setUint8(1, type);
    view.setUint16(2, flags);
    view.setUint32(4, id);
    view.setUint32(8, length);
    if (typeof payload !== "number") frame.set(payload, 12);
    await this.raw(frame);
  }

  /** Undefined at the connection's end. */
  async next(): Promise<Frame | undefined> {
    const header = await this.#exactly(12);
    if (!header) return undefined;
    const view = new DataView(header.buffer);
    const [type, flags, id, length] = [view.getUint8(1), view.getUint16(2), view.getUint32(4), view.getUint32(8)];
    const payload = type === DATA ? await this.#exactly(length) : new Uint8Array(0);
    return { type, flags, id, length, payload: payload! };
  }

  async #exactly(count: number): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count;) {
      const n = await this.#connection.read(bytes.subarray(at)).catch(() => null);
      if (n === null) return undefined;
      at += n;
    }
    return bytes;
  }

  /** Whether it still answers. */
  async isAlive(): Promise<boolean> {
    await this.send(PING, SYN, 0, 7);
    for (let frame; (frame = await this.next());) if (frame.type === PING && frame.length === 7) return true;
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    this.#socket[Symbol.dispose]();
    this.#target.close();
    await new Promise((resolve) => setTimeout(resolve, 10)); // for what is under way to see that it is over
    for (const connection of this.#accepted) {
      try {
        connection.close();
      } catch {
        // by its pipe
      }
    }
    this.#folder[Symbol.dispose]();
  }
}

Deno.test("a stream is acknowledged, passed on both ways, and closed one way after the other", async () => {
  await using host = await Host.connect();
  await host.send(WINDOW, SYN, 1);
  assert.deepEqual(await host.next(), { type: WINDOW, flags: ACK, id: 1, length: 0, payload: new Uint8Array(0) });
  await host.send(DATA, 0, 1, new TextEncoder().encode("hello"));
  assert.equal(new TextDecoder().decode((await host.next())!.payload), "hello");
  await host.send(DATA, FIN, 1, new TextEncoder().encode("bye"));
  assert.equal(new TextDecoder().decode((await host.next())!.payload), "bye");
  const { type, flags, id } = (await host.next())!;
  assert.deepEqual([type, flags, id], [WINDOW, FIN, 1]);
  await host.send(DATA, SYN, 3, new TextEncoder().encode("at once")); // before it is acknowledged
  assert.equal((await host.next())!.flags, ACK);
  assert.equal((await host.next())!.length, 7);
});

Deno.test("neither side sends more than the other has said that it takes", async () => {
  await using host = await Host.connect();
  await host.send(WINDOW, SYN, 1);
  await host.next();
  const half = new Uint8Array(WINDOW_BYTES / 2);
  let [sent, echoed, granted] = [0, 0, WINDOW_BYTES];
  const take = async () => {
    const frame = (await host.next())!;
    if (frame.type === DATA) echoed += frame.length;
    else granted += frame.length;
  };
  for (; sent < 2 * WINDOW_BYTES; sent += half.length) {
    while (granted - sent < half.length) await take();
    await host.send(DATA, 0, 1, half);
  }
  while (echoed < WINDOW_BYTES) await take();
  assert.ok(await host.isAlive());
  assert.equal(echoed, WINDOW_BYTES); // and no more until the window grows: what came before the ping was no data
  await host.send(WINDOW, 0, 1, WINDOW_BYTES);
  while (echoed < sent) await take();
});

Deno.test("a host that breaks the protocol is told so, and loses its connection", async () => {
  const over = new Uint8Array(WINDOW_BYTES + 1);
  const wrongs: readonly [about: string, send: (host: Host) => Promise<void>][] = [
    ["version", (host) => host.send(PING, SYN, 0, 0, 1)],
    ["type", (host) => host.send(4, 0, 0)],
    ["an even stream", (host) => host.send(WINDOW, SYN, 2)],
    ["a stream twice", async (host) => {
      await host.send(WINDOW, SYN, 1);
      await host.send(WINDOW, SYN, 1);
    }],
    ["more than the window", async (host) => {
      await host.send(WINDOW, SYN, 1);
      await host.send(DATA, 0, 1, over).catch(() => {}); // it need not read all of it
    }],
    ["4 GiB for a stream that there is not", (host) => host.send(DATA, 0, 9, 2 ** 32 - 1)],
  ];
  for (const [about, send] of wrongs) {
    await using host = await Host.connect({ echo: false });
    await send(host);
    let last: Frame | undefined;
    for (let frame; (frame = await host.next());) last = frame;
    assert.deepEqual([last?.type, last?.length], [GO_AWAY, 1], about);
    await host.connectAgain();
    assert.ok(await host.isAlive(), about);
  }
});

Deno.test("a host has 64 streams at once, and what it sends of those that are over is dropped", async () => {
  await using host = await Host.connect();
  for (let i = 0; i < 65; i++) await host.send(WINDOW, SYN, 2 * i + 1);
  const flags: number[] = [];
  while (flags.length < 65) flags.push((await host.next())!.flags);
  assert.deepEqual(flags, [...Array(64).fill(ACK), RST]);
  await host.send(WINDOW, RST, 1);
  await host.send(DATA, 0, 1, new TextEncoder().encode("late"));
  await host.send(GO_AWAY, 0, 0);
  await host.send(WINDOW, SYN, 201);
  assert.equal((await host.next())!.flags, ACK);
  assert.ok(await host.isAlive());
});

Deno.test("no bytes end the plugin", async () => {
  await using host = await Host.connect();
  const header = fc.tuple(fc.nat(1), fc.nat(5), fc.nat(15), fc.nat(7), fc.nat(64)).map((
    [version, type, flags, id, length],
  ) => Uint8Array.of(version, type, 0, flags, 0, 0, 0, id, 0, 0, 0, length));
  const pieces = fc.array(fc.oneof(header, fc.uint8Array({ maxLength: 64 })), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(pieces, async (pieces) => {
      for (const piece of pieces) await host.raw(piece).catch(() => {}); // it may have been closed by then
      await host.connectAgain();
      assert.ok(await host.isAlive());
    }),
    { numRuns: 50 },
  );
});
