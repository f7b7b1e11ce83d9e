/** The processes of scrypt_process_test.ts. */
import { scrypt } from "../../../core/crypto/scrypt.ts";

const passphrase = new Uint8Array(10);
const salt = new Uint8Array(16);

/** Six unlocks at the default cost: resident memory before, at most, and after a collection. */
async function memory(): Promise<void> {
  const collect = (globalThis as unknown as { gc: () => void }).gc;
  const resident = () => Deno.memoryUsage().rss;
  await scrypt(passphrase, salt, { logN: 4, r: 8, p: 1, length: 32 });
  collect();
  const before = resident();
  let peak = 0;
  for (let i = 0; i < 6; i++) {
    await scrypt(passphrase, salt, { logN: 17, r: 8, p: 1, length: 32 });
    peak = Math.max(peak, resident());
  }
  // A WeakRef that was read keeps its target until the end of that turn; collect in a later one.
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
  }
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ before, peak, after: resident() })));
}

/** A long derivation with a handler for Ctrl-C. */
async function signal(): Promise<void> {
  Deno.addSignalListener("SIGINT", () => Deno.exit(130));
  const started = scrypt(passphrase, salt, { logN: 17, r: 8, p: 16, length: 32 });
  await Deno.stdout.write(new TextEncoder().encode("begun\n"));
  await started;
}

await (Deno.args[0] === "memory" ? memory() : signal());
Deno.exit(0);
