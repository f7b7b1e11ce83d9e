/**
 * Type-checks all there is, with the strict options of deno.json. The AssemblyScript is left out: it looks like
 * TypeScript and is another language, which its own compiler checks.
 *
 *     deno run -A scripts/check_types.ts
 */
import { filesOf, ROOT } from "./repository.ts";

const files = (await filesOf(ROOT)).filter((path) => path.endsWith(".ts") && !path.startsWith("core/crypto/assembly/"));
const check = new Deno.Command(Deno.execPath(), { args: ["check", "--quiet", ...files], cwd: ROOT, stdout: "inherit" });
const { code } = await check.spawn().status;
if (code !== 0) Deno.exitCode = code;
