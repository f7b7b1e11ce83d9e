/** The processes of scrypt_process_test.ts. */
import { scrypt } from "../../../core/crypto/scrypt.ts";
import { WasmScrypt } from "../../../core/crypto/wasm_scrypt.ts";

const passphrase = new Uint8Array(10);
const salt = new Uint8Array(16);

/** Six unlocks at the default cost: resident memory before, at most, while the memory is held, and afterwards. */
async function memory(): Promise<void> {
  const holdMs = 2000;
  const backend = new WasmScrypt({ holdMs });
  const resident = () => Deno.memoryUsage().rss;
  await backend.derive(passphrase, salt, { logN: 4, r: 8, p: 1, length: 32 });
  await collect();
  const before = resident();
  let peak = 0;
  for (let i = 0; i < 6; i++) {
    await backend.derive(passphrase, salt, { logN: 17, r: 8, p: 1, length: 32 });
    peak = Math.max(peak, resident());
  }
  await collect();
  const held = resident();
  await pause(holdMs);
  await collect();
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ before, peak, held, after: resident() })));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Several times, with turns of the event loop between: callbacks about a collection come after it, and free more. */
async function collect(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    (globalThis as unknown as { gc: () => void }).gc();
    await pause(20);
  }
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
