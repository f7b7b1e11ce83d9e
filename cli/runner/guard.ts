/**
 * What stays behind when we are killed and cannot clean up: a shell of a few lines, in a session of its own, that waits
 * for our end of a pipe to close. It removes the private folder, and ends the command, which has secrets only while
 * Coffer runs.
 */
import { Descriptors } from "../native/pipe.ts";
import { Spawner } from "../native/spawn.ts";

/** Reads words from us: what to end, and at last `done`. `sleep` takes whole seconds everywhere. */
const SCRIPT = `cd /
target=
while read -r word; do
  [ "$word" = done ] && exit
  target=$word
done
[ -z "$1" ] || rm -rf -- "$1"
[ -z "$target" ] && exit
kill -s TERM -- "$target" && sleep 2 && kill -s KILL -- "$target"`;

const encoder = new TextEncoder();

/** A command that ends sooner is not worth a guard that has no folder to remove. */
const SOON_MS = 100;

export class Guard {
  #shell: Shell | undefined;
  #soon: AbortSignal | undefined;

  /**
   * Where no guard can be started, a folder that is left behind goes when the next command makes one.
   * @param folder the private folder, absolute: guarded from now on
   */
  constructor(folder: string | undefined) {
    if (folder !== undefined) this.#shell = Shell.start(folder);
  }

  /** @param target a process, or `-` and a process group */
  watch(target: string): void {
    if (this.#shell) return this.#shell.tell(target);
    // The first `setTimeout` of a process loads code for 4 ms; this takes a tenth of that.
    this.#soon = AbortSignal.timeout(SOON_MS);
    this.#soon.onabort = () => {
      this.#shell = Shell.start("");
      this.#shell?.tell(target);
    };
  }

  /** When everything has been cleaned up. */
  [Symbol.dispose](): void {
    if (this.#soon) this.#soon.onabort = null;
    this.#shell?.end();
  }
}

class Shell {
  readonly #fd: number;
  readonly #descriptors: Descriptors;

  private constructor(fd: number, descriptors: Descriptors) {
    this.#fd = fd;
    this.#descriptors = descriptors;
  }

  static start(folder: string): Shell | undefined {
    const [spawner, descriptors] = [Spawner.load(), Descriptors.load()];
    const pipe = descriptors?.pipe();
    if (!spawner || !descriptors || !pipe) return undefined;
    const words = ["/bin/sh", "-c", SCRIPT, "coffer-guard", folder];
    const started = spawner.spawn({
      argv: words.map((word) => encoder.encode(word)),
      env: [encoder.encode("PATH=/usr/bin:/bin")],
      path: undefined,
      group: "session", // neither a terminal's keys nor a signal to our group reach it
      streams: { 0: pipe.read, 1: "/dev/null", 2: "/dev/null" },
    });
    descriptors.close(pipe.read);
    if ("pid" in started) return new Shell(pipe.write, descriptors);
    descriptors.close(pipe.write);
    return undefined;
  }

  tell(word: string): void {
    this.#descriptors.writeNow(this.#fd, encoder.encode(`${word}\n`));
  }

  end(): void {
    this.tell("done");
    this.#descriptors.close(this.#fd);
  }
}
