/** The token that a client shows to the server of `COFFER_ADDR`. */
import { Fault } from "../../core/fault.ts";
import { hostFault, readGuarded } from "../../core/store/file_guard.ts";
import type { Host } from "../host.ts";

const MAX_BYTES = 1024;
/**
 * Where Docker, Podman, Compose and Kubernetes mount secrets, often readable by all or by way of links: inside the
 * container there is nobody to keep them from. On any other machine `/run` is root's, so that nobody else can put a
 * file there.
 */
const MOUNTED_SECRETS = "/run/secrets/";
/** What a header can hold; anything else would be another header, or an error that quotes it. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * From the file `COFFER_TOKEN_FILE`, or from `COFFER_TOKEN`.
 * @throws {Fault} DENIED when others can read the file or there is no token; NOT_FOUND when there is no such file
 */
export function clientToken(host: Host): string {
  const file = host.env("COFFER_TOKEN_FILE");
  const token = file ? new TextDecoder().decode(readToken(file)).trim() : host.env("COFFER_TOKEN") ?? "";
  if (TOKEN.test(token)) return token;
  throw new Fault("DENIED", `there is no token in ${file ? file : "COFFER_TOKEN"}`, {
    hint: "make one where the server is with coffer token create; COFFER_TOKEN_FILE names the file that holds it",
  });
}

function readToken(path: string): Uint8Array {
  const mounted = mountedSecret(path);
  const bytes = mounted ? readMounted(mounted) : readGuarded(path, "private", MAX_BYTES);
  if (bytes) return bytes;
  throw new Fault("NOT_FOUND", `there is no file ${path}`, { hint: "COFFER_TOKEN_FILE names the file of the token" });
}

/** What the path leads to, when that is a mounted secret. */
function mountedSecret(path: string): string | undefined {
  try {
    const real = Deno.realPathSync(path);
    return real.startsWith(MOUNTED_SECRETS) ? real : undefined;
  } catch {
    return undefined; // reading it says why
  }
}

function readMounted(path: string): Uint8Array {
  try {
    const { isFile, size, mode } = Deno.statSync(path);
    if (!isFile || size > MAX_BYTES || ((mode ?? 0) & 0o022) !== 0) {
      throw new Fault("DENIED", `${path} is not a small file that others cannot change`, {
        hint: `chmod go-w ${path}`,
      });
    }
    return Deno.readFileSync(path);
  } catch (error) {
    throw hostFault(error, path);
  }
}
