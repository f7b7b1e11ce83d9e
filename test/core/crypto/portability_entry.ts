/** What portability_bundle.ts makes one file of: the conformance suite, its data, and a report to whoever runs it. */
import hkdf from "../../vectors/wycheproof/wycheproof_hkdf_sha256.json" with { type: "json" };
import hmac from "../../vectors/wycheproof/wycheproof_hmac_sha256.json" with { type: "json" };
import xchacha20poly1305 from "../../vectors/wycheproof/wycheproof_xchacha20_poly1305.json" with { type: "json" };
import { conformance } from "./conformance.ts";

const outcome = await conformance({ xchacha20poly1305, hkdf, hmac }).then(
  (report) => ({ report }),
  (error) => ({ failure: String(error?.stack ?? error) }),
);
const text = JSON.stringify(outcome);

// A page tells the server that it came from; a script tells its standard output.
// deno-lint-ignore no-console
if (!("document" in globalThis)) console.log(text);
else await fetch("/outcome", { method: "POST", body: text });
