/**
 * A process of its own that works on a stack, for tests that kill it, starve it or race it:
 *
 *     writer.ts <stack folder> <passphrase> <what> [arguments]
 *
 * Before each change it says `intend …`, and after it `done …`, each on a line that is written before it goes on: what
 * the test has not been told was not promised. A fault ends it with a line `fault CODE`.
 */
import { AuditLog } from "../../core/audit/audit_log.ts";
import { createStack } from "../../core/stack/create.ts";
import { KvEngine } from "../../core/stack/kv/engine.ts";
import { LockedStack } from "../../core/stack/locked_stack.ts";
import { changePassphrase } from "../../core/stack/passphrase.ts";
import { rekey } from "../../core/stack/rekey.ts";
import { Fault } from "../../core/fault.ts";
import { parseSecretName } from "../../core/name.ts";
import { Secret } from "../../core/secret.ts";
import { FileStore } from "../../core/store/file_store.ts";
import { secretDocument, STACK_DOCUMENT } from "../../core/store/store.ts";
import { entryOf } from "../fixture/audit.ts";
import { LONG_TEXT } from "../fixture/stack_on_disk.ts";

const [folder, passphrase, what, ...args] = Deno.args as [string, string, string, ...string[]];
const store = new FileStore(folder);

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Only once the program runs: at its start Deno writes caches of its own, which the limit would hit. */
async function limitFiles(bytes: number): Promise<void> {
  await new Deno.Command("prlimit", { args: ["--pid", String(Deno.pid), `--fsize=${bytes}`] }).output();
}

async function unlocked() {
  return await (await LockedStack.load(store)).unlock(Secret.fromText(passphrase));
}

const programs: Record<string, () => Promise<void>> = {
  /** Makes a stack with a few secrets. */
  async create() {
    const stack = await createStack(store, Secret.fromText(passphrase), { logN: 10 });
    for (const name of args) {
      await stack.set(parseSecretName(name), { value: Secret.fromText("value"), type: "bytes" });
    }
    await rekey(stack);
    await changePassphrase(stack, Secret.fromText(passphrase));
    say("done");
  },

  /** <mark> <times> <name>…: sets the names in turn to values that start with the mark and a count. */
  async set() {
    const [mark, times, ...names] = args as [string, string, ...string[]];
    using stack = await unlocked();
    for (let i = 0; i < Number(times); i++) {
      const name = parseSecretName(names[i % names.length]!);
      // Sizes differ, so that a mixture of two values would show.
      const text = `${mark}-${i}:${LONG_TEXT.slice(0, (i * 797) % 6000)}`;
      say(`intend ${name} ${text}`);
      using value = Secret.fromText(text);
      say(`done ${name} ${await stack.set(name, { value, type: "bytes" })}`);
    }
  },

  /** <name>: takes the secret through all that the KV engine can do to it, again and again. */
  async kv() {
    using stack = await unlocked();
    const engine = new KvEngine(stack);
    const name = parseSecretName(args[0]!);
    const steps = {
      remove: () => engine.remove(name),
      put: () => engine.put(name, Secret.fromText("{}")),
      delete: () => engine.delete(name),
      undelete: () => engine.undelete(name, [1]),
      destroy: () => engine.destroy(name, [1]),
    };
    for (;;) {
      for (const [step, run] of Object.entries(steps)) {
        say(`intend ${step}`);
        await run();
        say(`done ${step}`);
      }
    }
  },

  /** Changes the stack key again and again. */
  async rekey() {
    using stack = await unlocked();
    for (;;) {
      say("intend");
      await rekey(stack);
      say("done");
    }
  },

  /** <mark>: changes the passphrase again and again. */
  async passphrase() {
    using stack = await unlocked();
    for (let i = 0;; i++) {
      say(`intend ${args[0]}-${i}`);
      await changePassphrase(stack, Secret.fromText(`${args[0]}-${i}`));
      say(`done ${args[0]}-${i}`);
    }
  },

  /** Holds the lock until it is killed. */
  async hold() {
    await store.exclusively(async () => {
      say("held");
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    });
  },

  /** [name]: reads the header or a secret's file, whatever is in its place. */
  async read() {
    const stored = await store.read(args[0] ? secretDocument(parseSecretName(args[0])) : STACK_DOCUMENT);
    say(`read ${stored?.bytes.length}`);
  },

  /** <size> <limit>: writes a secret's file of `size` bytes where files may have no more than `limit`. */
  async write() {
    const [size, limit] = args.map(Number) as [number, number];
    await limitFiles(limit);
    await store.exclusively((writer) => writer.write(secretDocument(parseSecretName("a")), new Uint8Array(size)));
    say("written");
  },

  /** <times> <names> [limit]: appends to the audit log of the home `folder`, with lines of that many names. */
  async audit() {
    const [times, names, limit] = args.map(Number) as [number, number, number?];
    const log = AuditLog.open(folder);
    if (limit !== undefined) await limitFiles(limit);
    for (let i = 0; i < times; i++) {
      say("intend");
      await log.append(entryOf(names, i + 1));
      say("done");
    }
  },

  /** Waits for a lock that another process holds, on a clock that runs a thousand times as fast. */
  async wait() {
    const now = performance.now.bind(performance);
    performance.now = () => now() * 1000;
    await store.exclusively(() => Promise.resolve());
    say("locked");
  },
};

try {
  await programs[what]!();
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  say(`fault ${error.code}`);
}
