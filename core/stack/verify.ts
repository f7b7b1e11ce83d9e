/** Checking a whole stack: every file parses, authenticates and opens. */
import { Fault } from "../fault.ts";
import { KV_CONFIG, type KvName } from "../seal/kv_file.ts";
import { registrationOf } from "./registration.ts";
import type { Stack } from "./stack.ts";

/** In the place of a secret's name: with whom the secrets are. */
const PROVIDER = ".provider";

export interface Verdict {
  /** How many secrets there are. */
  readonly checked: number;
  /** What is wrong, by secret; under `.config` and `.provider`, what is wrong with the stack's own documents. */
  readonly problems: ReadonlyMap<KvName | typeof PROVIDER, Fault>;
}

/** Opens all that there is in an unlocked stack (whose header has thereby been authenticated). */
export async function verify(stack: Stack): Promise<Verdict> {
  return await stack.recorded("verify", async (access) => {
    const names = await stack.listAll();
    for (const name of names) access.secrets.set(name, undefined);
    await access.grant();
    const problems = new Map<KvName | typeof PROVIDER, Fault>();
    const check = async (name: KvName | typeof PROVIDER) => {
      if (name === PROVIDER) (await registrationOf(stack))?.config.dispose();
      else await (name === KV_CONFIG ? stack.settings() : stack.check(name));
    };
    for (const name of [...names, KV_CONFIG, PROVIDER] as const) {
      try {
        await check(name);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        problems.set(name, error);
      }
    }
    return { checked: names.length, problems };
  });
}
