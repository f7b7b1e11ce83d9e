/** A fresh folder, 0700, for a plugin's socket: Go's plugins make theirs in a place that everybody shares, by default. */
import { Fault } from "../fault.ts";

/** What `sun_path` of unix(7) holds without its NUL byte; macOS has four less. */
const LONGEST_SOCKET_PATH = 103;
/** Go appends up to ten digits. */
const LONGEST_NAME = "/plugin1234567890";

const encoder = new TextEncoder();

export class SocketFolder implements Disposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes one in the first of the places that is a folder, can be written to, and leaves room for a socket's name.
   * @throws {Fault} UNAVAILABLE when none is
   */
  static make(places: readonly (string | undefined)[]): SocketFolder {
    for (const place of places) {
      if (!place?.startsWith("/")) continue;
      try {
        const path = Deno.makeTempDirSync({ dir: place, prefix: "coffer-plugin-" });
        if (encoder.encode(path + LONGEST_NAME).length <= LONGEST_SOCKET_PATH) return new SocketFolder(path);
        Deno.removeSync(path);
      } catch {
        // not there, or not ours to write to
      }
    }
    throw new Fault("UNAVAILABLE", "there is no folder to put a socket in", {
      hint: "set XDG_RUNTIME_DIR or TMPDIR to a folder of your own with a short path",
    });
  }

  [Symbol.dispose](): void {
    try {
      Deno.removeSync(this.path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
