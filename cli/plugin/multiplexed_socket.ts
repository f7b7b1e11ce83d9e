/**
 * Yamux (https://github.com/hashicorp/yamux/blob/master/spec.md), as far as a plugin has to speak it: a host that asks for
 * multiplexing makes one connection, and all that it would connect to are streams in that one. Each stream is passed on to
 * the socket that the plugin itself listens at, which need not know. A plugin opens no streams of its own here.
 */

const HEADER_BYTES = 12;
const TYPE = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const;
const FLAG = { syn: 1, ack: 2, fin: 4, rst: 8 } as const;
/** What either side may send of a stream before the other has said that it takes more. */
const WINDOW_BYTES = 256 * 1024;
/** A host has one, and one for each connection that broke. Each may take up a window. */
const MAX_STREAMS = 64;
const CHUNK_BYTES = 64 * 1024;

export class MultiplexedSocket implements Disposable {
  readonly #listener: Deno.Listener;
  readonly #sessions = new Set<Session>();

  /**
   * Listens at `path`, which only its owner can use.
   * @param target the socket that the streams go to
   */
  constructor(path: string, target: string) {
    this.#listener = Deno.listen({ transport: "unix", path });
    Deno.chmodSync(path, 0o600);
    void this.#accept(target);
  }

  async #accept(target: string): Promise<void> {
    for await (const connection of this.#listener) {
      const session = new Session(connection, target);
      this.#sessions.add(session);
      void session.run().finally(() => this.#sessions.delete(session));
    }
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const session of this.#sessions) session.end();
  }
}

/** A frame that no yamux sends. */
class ProtocolError extends Error {}

/** A connection of the host. */
class Session {
  readonly #connection: Deno.Conn;
  readonly #target: string;
  readonly #streams = new Map<number, Stream>();
  readonly #buffer = new Uint8Array(CHUNK_BYTES);
  #unread = new Uint8Array(0);
  #written: Promise<void> = Promise.resolve();

  constructor(connection: Deno.Conn, target: string) {
    this.#connection = connection;
    this.#target = target;
  }

  /** Until the host closes the connection, or breaks the protocol. Never rejects. */
  async run(): Promise<void> {
    try {
      for (let header; (header = await this.#exactly(HEADER_BYTES));) await this.#take(header);
    } catch (error) {
      if (error instanceof ProtocolError) await this.send(TYPE.goAway, 0, 0, 1).catch(() => {});
    }
    this.end();
  }

  end(): void {
    for (const stream of this.#streams.values()) stream.end();
    try {
      this.#connection.close();
    } catch {
      // it is closed already
    }
  }

  /** One frame after the other, whoever sends them. */
  send(type: number, flags: number, id: number, length: number, payload?: Uint8Array): Promise<void> {
    const frame = new Uint8Array(HEADER_BYTES + (payload?.length ?? 0));
    const view = new DataView(frame.buffer);
    view.setUint8(1, type);
    view.setUint16(2, flags);
    view.setUint32(4, id);
    view.setUint32(8, length);
    if (payload) frame.set(payload, HEADER_BYTES);
    return this.#written = this.#written.then(() => writeAll(this.#connection, frame));
  }

  async #take(header: Uint8Array): Promise<void> {
    const view = new DataView(header.buffer, header.byteOffset);
    const [version, type, flags] = [view.getUint8(0), view.getUint8(1), view.getUint16(2)];
    const [id, length] = [view.getUint32(4), view.getUint32(8)];
    if (version !== 0) throw new ProtocolError();
    switch (type) {
      case TYPE.data:
      case TYPE.windowUpdate:
        return await this.#takeOfStream(type, flags, id, length);
      case TYPE.ping:
        if (flags & FLAG.syn) await this.send(TYPE.ping, FLAG.ack, 0, length);
        return;
      case TYPE.goAway:
        return; // it opens no more streams, and closes the connection when it is done with the others
      default:
        throw new ProtocolError();
    }
  }

  async #takeOfStream(type: number, flags: number, id: number, length: number): Promise<void> {
    if (flags & FLAG.syn) await this.#open(id);
    const stream = this.#streams.get(id);
    if (type === TYPE.windowUpdate) stream?.grant(length);
    else if (length > (stream?.window ?? WINDOW_BYTES)) throw new ProtocolError();
    else if (length > 0) {
      const payload = await this.#exactly(length);
      if (payload) stream?.receive(payload); // of one that has ended already, it may still be on its way
    }
    if (flags & FLAG.rst) stream?.end();
    else if (flags & FLAG.fin) stream?.finish();
  }

  async #open(id: number): Promise<void> {
    if (id % 2 === 0 || this.#streams.has(id)) throw new ProtocolError();
    if (this.#streams.size >= MAX_STREAMS) return await this.send(TYPE.windowUpdate, FLAG.rst, id, 0);
    const connection = await Deno.connect({ transport: "unix", path: this.#target });
    const stream = new Stream(this, id, connection, () => this.#streams.delete(id));
    this.#streams.set(id, stream);
    await this.send(TYPE.windowUpdate, FLAG.ack, id, 0);
    void stream.passOn();
  }

  /** So many bytes; undefined at the connection's end. */
  async #exactly(count: number): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count;) {
      if (this.#unread.length === 0) {
        const n = await this.#connection.read(this.#buffer);
        if (n === null) return undefined;
        this.#unread = this.#buffer.subarray(0, n);
      }
      const part = this.#unread.subarray(0, count - at);
      bytes.set(part, at);
      at += part.length;
      this.#unread = this.#unread.subarray(part.length);
    }
    return bytes;
  }
}

/** A stream of the host, and the connection to the plugin's own socket that it is passed on to. */
class Stream {
  readonly #session: Session;
  readonly #id: number;
  readonly #connection: Deno.Conn;
  readonly #onEnd: () => void;
  /** What the host may still send. */
  window = WINDOW_BYTES;
  /** What has been passed on, and the host not yet been told so. */
  #taken = 0;
  /** What may still be sent to the host. */
  #credit = WINDOW_BYTES;
  #granted = Promise.withResolvers<void>();
  #passed: Promise<void> = Promise.resolve();
  #halves = 2;

  constructor(session: Session, id: number, connection: Deno.Conn, onEnd: () => void) {
    this.#session = session;
    this.#id = id;
    this.#connection = connection;
    this.#onEnd = onEnd;
  }

  receive(payload: Uint8Array): void {
    this.window -= payload.length;
    this.#then(async () => {
      await writeAll(this.#connection, payload);
      this.#taken += payload.length;
      if (this.#taken < WINDOW_BYTES / 2) return;
      const taken = this.#taken;
      this.#taken = 0;
      this.window += taken;
      await this.#session.send(TYPE.windowUpdate, 0, this.#id, taken);
    });
  }

  grant(bytes: number): void {
    this.#credit += bytes;
    this.#granted.resolve();
  }

  /** The host sends no more. */
  finish(): void {
    this.#then(async () => {
      await this.#connection.closeWrite();
      this.#endHalf();
    });
  }

  /** Sends the host what the plugin answers. Never rejects. */
  async passOn(): Promise<void> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    try {
      for (let n; (n = await this.#connection.read(buffer)) !== null;) {
        for (let at = 0; at < n;) {
          while (this.#credit === 0) await this.#moreCredit();
          const part = buffer.subarray(at, Math.min(n, at + this.#credit));
          this.#credit -= part.length;
          at += part.length;
          await this.#session.send(TYPE.data, 0, this.#id, part.length, part);
        }
      }
      await this.#session.send(TYPE.windowUpdate, FLAG.fin, this.#id, 0);
      this.#endHalf();
    } catch {
      this.#break();
    }
  }

  /** At once, whatever is under way. */
  end(): void {
    if (this.#halves === 0) return;
    this.#halves = 0;
    this.#onEnd();
    this.#connection.close();
    this.#granted.reject(new Error("the stream has ended"));
    this.#granted.promise.catch(() => {});
  }

  #moreCredit(): Promise<void> {
    this.#granted = Promise.withResolvers<void>();
    return this.#granted.promise;
  }

  #then(step: () => Promise<void>): void {
    this.#passed = this.#passed.then(step).catch(() => this.#break());
  }

  #endHalf(): void {
    if (this.#halves === 1) this.end();
    else if (this.#halves === 2) this.#halves = 1;
  }

  #break(): void {
    if (this.#halves === 0) return;
    this.end();
    this.#session.send(TYPE.windowUpdate, FLAG.rst, this.#id, 0).catch(() => {});
  }
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}
