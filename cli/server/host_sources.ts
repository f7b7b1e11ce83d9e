/** Porter's sources of the machine that a server runs on, for clients: off unless they are asked for one by one. */
import { Fault } from "../../core/fault.ts";
import { HostProvider } from "../../core/providers/host.ts";
import type { HostSources, ReadSource } from "../../server/dependencies.ts";

const KINDS: readonly (keyof HostSources)[] = ["env", "path", "command"];

/** @throws {Fault} USAGE unless each of the words, with commas between them, is a kind of source */
export function parseHostSources(text: string): (keyof HostSources)[] {
  return text.split(",").map((word) => {
    const kind = KINDS.find((kind) => kind === word);
    if (kind) return kind;
    throw new Fault("USAGE", `${JSON.stringify(word)} is not a source of this machine`, {
      hint: `--allow-source takes any of ${KINDS.join(",")}`,
    });
  });
}

/** @param env reads a variable; not those that hold a passphrase or a token */
export function hostSources(
  kinds: readonly (keyof HostSources)[],
  env: (name: string) => string | undefined,
): HostSources {
  const host = new HostProvider(env);
  const reader = (kind: keyof HostSources): ReadSource => async (hint) => {
    const [found] = await host.resolve([{ kind, hint }]);
    if (found instanceof Fault) throw found;
    return found!.value;
  };
  return Object.fromEntries(kinds.map((kind) => [kind, reader(kind)]));
}
