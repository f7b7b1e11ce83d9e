/** The Wycheproof documents from this repository's copy, for tests that can read files. */
import type { Documents } from "./conformance.ts";

const FOLDER = new URL("../../vectors/wycheproof/", import.meta.url);

export async function readDocument(name: string, folder = FOLDER): Promise<unknown> {
  return JSON.parse(await Deno.readTextFile(new URL(name, folder)));
}

export async function documents(): Promise<Documents> {
  return {
    xchacha20poly1305: await readDocument("wycheproof_xchacha20_poly1305.json"),
    hkdf: await readDocument("wycheproof_hkdf_sha256.json"),
    hmac: await readDocument("wycheproof_hmac_sha256.json"),
  };
}
