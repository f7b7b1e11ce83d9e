/**
 * A way around an error of the runtime's (Deno 2.9.6, node:http2): when a session is destroyed while the runtime tells of a
 * peer's GOAWAY, it goes on reading memory that has been freed, and one process in three dies of it. grpc-js does
 * destroy it then. So what a client is told of a GOAWAY, it is told a turn later: in 80 runs of 80, nothing happens.
 */

type Connect = typeof import("node:http2").connect;

let isInstalled = false;

/** To be called before the first connection. */
export async function deferGoaway(): Promise<void> {
  const { default: http2 } = await import("node:http2");
  if (isInstalled) return;
  isInstalled = true;
  const connect = http2.connect as (...args: unknown[]) => ReturnType<Connect>;
  http2.connect = ((...args: unknown[]) => {
    const session = connect(...args);
    const emit = session.emit.bind(session) as (event: string, ...told: unknown[]) => boolean;
    session.emit = (event: string, ...told: unknown[]) => {
      if (event !== "goaway") return emit(event, ...told);
      setTimeout(() => emit(event, ...told), 0);
      return true;
    };
    return session;
  }) as Connect;
}
