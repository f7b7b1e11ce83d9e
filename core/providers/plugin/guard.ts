/**
 * What stays behind when Coffer is killed and cannot clean up: a shell of a few lines, in a session of its own, that
 * waits for our end of a pipe to close. Plugins do not look whether their host still runs, and hold what opens a vault.
 */

/** Reads words from us: what to end, and at last `done`. `sleep` takes whole seconds everywhere. */
const SCRIPT = `cd /
target=
while read -r word; do
  [ "$word" = done ] && exit
  target=$word
done
rm -rf -- "$1"
[ -z "$target" ] && exit
kill -s TERM -- "-$target" && sleep 1 && kill -s KILL -- "-$target"`;

export class PluginGuard {
  readonly #shell: Deno.ChildProcess;
  readonly #words: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  private constructor(shell: Deno.ChildProcess) {
    this.#shell = shell;
    this.#words = shell.stdin.getWriter();
  }

  /** @param folder removed as well. Undefined where there is no such shell. */
  static start(folder: string): PluginGuard | undefined {
    try {
      const shell = new Deno.Command("/bin/sh", {
        args: ["-c", SCRIPT, "coffer-plugin-guard", folder],
        env: { PATH: "/usr/bin:/bin" },
        clearEnv: true,
        detached: true, // neither a terminal's keys nor a signal to our group reach it
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      });
      return new PluginGuard(shell.spawn());
    } catch {
      return undefined;
    }
  }

  /** @param group a process group, by its number */
  async watch(group: number): Promise<void> {
    await this.#tell(String(group));
  }

  /** When everything has been cleaned up. */
  async end(): Promise<void> {
    await this.#tell("done");
    await this.#words.close().catch(() => {});
    await this.#shell.status;
  }

  async #tell(word: string): Promise<void> {
    await this.#words.write(new TextEncoder().encode(`${word}\n`)).catch(() => {}); // somebody has killed it
  }
}
