/** Peers that npm has, installed on the spot. */
import { sh } from "./shell.ts";

/** Pinned, so that two runs compare the same. varlock needs a newer Node than Debian's, so it brings one. */
const PACKAGES = ["@dotenvx/dotenvx@2.38.2", "varlock@1.20.0", "node@22.23.3"];

export interface NpmPeers {
  readonly dotenvx: string;
  readonly varlock: string;
  /** What they are started with. */
  readonly env: Readonly<Record<string, string>>;
}

/** @param folder is made */
export async function installNpmPeers(folder: string): Promise<NpmPeers> {
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/package.json`, "{}");
  await sh(folder, `npm install --silent --no-fund --no-audit ${PACKAGES.join(" ")}`);
  const bin = `${folder}/node_modules/.bin`;
  return {
    dotenvx: `${bin}/dotenvx`,
    varlock: `${bin}/varlock`,
    env: { PATH: `${bin}:${Deno.env.get("PATH") ?? ""}` },
  };
}
