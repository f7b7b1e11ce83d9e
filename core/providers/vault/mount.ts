/** Which version of the KV engine is at a mount: clients have to know, since their paths differ. */
import { Fault } from "../../fault.ts";
import { objectIn, type VaultAnswer } from "./answer.ts";
import { notVault } from "./faults.ts";
import { refused } from "./refused.ts";
import type { VaultSession } from "./session.ts";

/** @throws {Fault} CONFIG when there is no KV engine at the mount, or none that the token may see */
export async function kvVersionAt(session: VaultSession, mount: string): Promise<1 | 2> {
  const answer = await session.send({ method: "GET", path: `sys/internal/ui/mounts/${mount}` });
  if (answer.status !== 200) throw noMount(answer, session.where, mount);
  const { path, type, options } = objectIn(answer.body, "data");
  if (typeof path !== "string" || typeof type !== "string") throw notVault(session.where);
  if (path !== `${mount}/`) {
    const [at, rest] = [path.replace(/\/$/, ""), mount.slice(path.length)];
    throw new Fault("CONFIG", `${mount} is a folder in the engine ${path} of ${session.where}`, {
      hint: `mount = "${at}", prefix = "${rest}"`,
    });
  }
  // Before Vault 0.9 it was called generic.
  if (type !== "kv" && type !== "generic") {
    throw new Fault("CONFIG", `the engine ${path} of ${session.where} is no KV engine`, {
      hint: "coffer vault configure makes one; bao secrets list shows what there is",
    });
  }
  return objectIn({ options }, "options").version === "2" ? 2 : 1;
}

/** The token is good, or the session would have said so. A Vault does not tell what is not there from what is hidden. */
function noMount(answer: VaultAnswer, where: string, mount: string): Fault {
  if (answer.status !== 403) return refused(answer, where, `say what is at ${mount}/`);
  return new Fault("CONFIG", `${where} has no engine ${mount}/ in which the token may do anything`, {
    hint: "check mount, or have coffer vault configure make one; bao secrets list shows what there is",
  });
}
