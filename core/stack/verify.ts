/** Checking a whole stack: every file parses, authenticates and opens. */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { Stack } from "./stack.ts";

export interface Verdict {
  /** How many secrets there are. */
  readonly checked: number;
  /** What is wrong, by secret. */
  readonly problems: ReadonlyMap<SecretName, Fault>;
}

/** Opens every version of every secret of an unlocked stack (whose header has thereby been authenticated). */
export async function verify(stack: Stack): Promise<Verdict> {
  return await stack.recorded("verify", async (access) => {
    const names = await stack.list();
    for (const name of names) access.secrets.set(name, undefined);
    await access.grant();
    const problems = new Map<SecretName, Fault>();
    for (const name of names) {
      try {
        await stack.check(name);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        problems.set(name, error);
      }
    }
    return { checked: names.length, problems };
  });
}
