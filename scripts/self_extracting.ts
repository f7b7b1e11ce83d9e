/** Makes one executable file of a bundle and a runtime: a shell script with both behind it. */
import { VERSION } from "../cli/version.ts";
import { concat } from "../core/crypto/bytes.ts";

const TEMPLATE = new URL("./self_extracting.sh.template", import.meta.url);

/** How `uname -s -m` names the systems that Deno is built for. */
const SYSTEMS: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "Linux x86_64",
  "aarch64-unknown-linux-gnu": "Linux aarch64",
  "x86_64-apple-darwin": "Darwin x86_64",
  "aarch64-apple-darwin": "Darwin arm64",
};

export interface Parts {
  /** The bundle. */
  readonly program: Uint8Array<ArrayBuffer>;
  /** The runtime's executable file. */
  readonly runtime: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The runtime's target, as `Deno.build.target` names it. */
  readonly target: string;
  /** What the runtime is told before the program's path. */
  readonly flags: readonly string[];
}

/** The bytes of the executable file. The same parts make the same bytes. */
export async function selfExtracting({ program, runtime, target, flags }: Parts): Promise<Uint8Array<ArrayBuffer>> {
  const system = SYSTEMS[target];
  if (system === undefined) throw new Error(`a self-extracting file needs a POSIX shell, which ${target} has not`);
  const packed = await new Response(runtime.pipeThrough(new CompressionStream("gzip"))).bytes();
  const payload = concat(program, packed);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", payload)).toHex();
  const values = {
    VERSION,
    SYSTEM: system,
    DIGEST: digest,
    PROGRAM_SIZE: String(program.length),
    FLAGS: flags.join(" "),
  };
  return concat(script(await Deno.readTextFile(TEMPLATE), values), payload);
}

/** The script says at which byte it ends, and saying so may make it longer: so it is padded to a round length. */
function script(template: string, values: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const ROUND = 8192;
  let text = template.replaceAll("@START@", String(ROUND + 1));
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`@${name}@`, value);
  const bytes = new TextEncoder().encode(text);
  if (bytes.length >= ROUND) throw new Error(`the script must be shorter than ${ROUND} bytes`);
  const padded = new Uint8Array(ROUND).fill("#".charCodeAt(0)); // a comment, never reached
  padded.set(bytes);
  padded[ROUND - 1] = "\n".charCodeAt(0);
  return padded;
}
