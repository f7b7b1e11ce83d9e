/**
 * Measures the crypto core beside its peers and prints the tables of docs/performance.md.
 *
 *     taskset -c 1 deno run -A scripts/bench_crypto.ts [scrypt] [cold] [aead]
 *
 * One process, interleaved rounds. "min" is the best round, the one least disturbed by the rest of the machine;
 * "median" says how typical that was. Ratios are of minima.
 */
import { cpus } from "node:os";
import { open, seal } from "../core/crypto/aead.ts";
import { scrypt } from "../core/crypto/scrypt.ts";
import { WasmScrypt } from "../core/crypto/wasm_scrypt.ts";
import { coldProcesses } from "./bench_crypto/cold.ts";
import { type Native, startNative } from "./bench_crypto/native.ts";
import { AEAD_PEERS, SCRYPT_PEERS } from "./bench_crypto/peers.ts";
import { interleave, type Result, type Subject, timed } from "./bench_crypto/rounds.ts";

const key = new Uint8Array(32).fill(1);
const nonce = new Uint8Array(24).fill(2);
const aad = new Uint8Array(32).fill(3);
const passphrase = new Uint8Array(10).fill(4);
const salt = new Uint8Array(16).fill(5);

const SIZES = [["64 B", 64], ["1 KiB", 1024], ["64 KiB", 65536], ["1 MiB", 1 << 20], ["16 MiB", 1 << 24]] as const;

const NATIVE = "libsodium, native";

async function benchScrypt(logN: number, rounds: number, native: Native | undefined): Promise<Record<string, Result>> {
  const options = { logN, r: 8, p: 1, length: 32 };
  const subjects: Record<string, Subject> = {
    "core": timed(() => scrypt(passphrase, salt, options), 1),
    "core, new memory": timed(() => new WasmScrypt().derive(passphrase, salt, options), 1),
  };
  for (const [name, derive] of Object.entries(SCRYPT_PEERS)) {
    subjects[name] = timed(() => derive(passphrase, salt, logN), 1);
  }
  if (native) subjects[NATIVE] = () => native.run("scrypt", logN, 1);
  return await interleave(subjects, rounds);
}

async function benchAead(
  operation: "seal" | "open",
  bytes: number,
  rounds: number,
  native: Native | undefined,
): Promise<Record<string, Result>> {
  const text = new Uint8Array(bytes).fill(6);
  const input = operation === "seal" ? text : seal(key, nonce, text, aad);
  const times = Math.max(1, Math.ceil(4e6 / (bytes + 2000)));
  const core = { seal, open }[operation];
  const subjects: Record<string, Subject> = { core: timed(() => core(key, nonce, input, aad), times) };
  for (const [name, peer] of Object.entries(AEAD_PEERS)) {
    subjects[name] = timed(() => peer[operation](key, nonce, input, aad), Math.ceil(times / 4));
  }
  if (native) subjects[NATIVE] = () => native.run(operation, bytes, times);
  return await interleave(subjects, rounds);
}

async function benchCold(rounds: number): Promise<Record<string, Result>> {
  const cold = await coldProcesses();
  try {
    return await interleave(cold.subjects, rounds);
  } finally {
    await cold.clean();
  }
}

function print(text: string): void {
  // deno-lint-ignore no-console
  console.log(text);
}

/** A table of minima, medians and how many times faster than each row core is. */
function table(title: string, unit: "ms" | "µs", results: Record<string, Result>): void {
  const scale = unit === "ms" ? 1 : 1000;
  const show = (ms: number) => (ms * scale).toFixed(ms * scale < 100 ? 2 : 0);
  const core = results["core"]!;
  print(
    `\n### ${title}\n\n| | min, ${unit} | median, ${unit} | core is faster by (min) | (median) |\n|---|---|---|---|---|`,
  );
  for (const [name, { min, median }] of Object.entries(results)) {
    const ratios = name === "core" ? "| " : `${(min / core.min).toFixed(2)} | ${(median / core.median).toFixed(2)}`;
    print(`| ${name} | ${show(min)} | ${show(median)} | ${ratios} |`);
  }
}

function version(name: string): string {
  const { version } = JSON.parse(
    Deno.readTextFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url)),
  );
  return `${name} ${version}`;
}

const native = await startNative();
const processors = cpus();
print(
  `${processors[0]!.model}, ${processors.length} cores; Deno ${Deno.version.deno}, V8 ${Deno.version.v8}; ` +
    ["@noble/hashes", "@noble/ciphers", "hash-wasm", "libsodium-wrappers-sumo"].map(version).join(", ") +
    (native ? `; native ${native.version}` : ""),
);

const sections: Record<string, () => Promise<void>> = {
  async scrypt() {
    table("scrypt, N = 2^15, r = 8, p = 1", "ms", await benchScrypt(15, 25, native));
    table("scrypt, N = 2^17, r = 8, p = 1 (the default: 128 MiB)", "ms", await benchScrypt(17, 25, native));
  },
  async cold() {
    table("A whole process with one unlock (N = 2^17), cold", "ms", await benchCold(25));
  },
  async aead() {
    for (const [label, bytes] of SIZES) {
      for (const operation of ["seal", "open"] as const) {
        table(`${operation}, ${label}`, "µs", await benchAead(operation, bytes, bytes > 1e7 ? 9 : 25, native));
      }
    }
  },
};
for (const name of Deno.args.length > 0 ? Deno.args : Object.keys(sections)) await sections[name]!();
await native?.stop();
Deno.exit(0);
