/** A server that is as far away as in another building: what passes, passes later. */

export interface Relay extends Disposable {
  readonly port: number;
}

/** Passes connections to a port of this machine on, everything `ms` later in either direction. */
export function distantPort(port: number, ms: number): Relay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections = new Set<Deno.TcpConn>();
  const pass = async (from: Deno.Conn, to: Deno.Conn) => {
    // One after the other is written, and none waits for another's time to pass.
    let last = Promise.resolve();
    for await (const chunk of from.readable) {
      const due = new Promise((resolve) => setTimeout(resolve, ms));
      last = last.then(() => due).then(() => writeAll(to, chunk));
      last.catch(() => {});
    }
    await last;
  };
  (async () => {
    for await (const near of listener) {
      const far = await Deno.connect({ hostname: "127.0.0.1", port });
      for (const conn of [near, far]) {
        conn.setNoDelay(); // or small packets wait for 40 ms
        connections.add(conn);
      }
      for (const ended of [pass(near, far), pass(far, near)]) ended.catch(() => {}); // closed at the other end
    }
  })();
  return {
    port: listener.addr.port,
    [Symbol.dispose]() {
      listener.close();
      for (const conn of connections) {
        try {
          conn.close();
        } catch {
          // it is already
        }
      }
    },
  };
}

async function writeAll(to: Deno.Conn, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) at += await to.write(chunk.subarray(at));
}
