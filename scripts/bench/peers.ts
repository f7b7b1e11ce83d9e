/** The peers that can be had here: npm packages are installed on the spot, Debian packages are used where installed. */
import type { Subject } from "./measure.ts";
import { installNpmPeers } from "./npm_peers.ts";
import { sh } from "./shell.ts";

export interface Peers {
  readonly subjects: readonly Subject[];
  /** What could not be measured, and why. */
  readonly missing: readonly string[];
}

/** Prepares a project for each peer in `folder`, holding one sealed secret, and the same jobs for all of them. */
export async function preparePeers(folder: string): Promise<Peers> {
  const subjects: Subject[] = [];
  const missing: string[] = [];
  for (const prepare of [fromNpm, age, pass]) {
    try {
      subjects.push(...await prepare(folder));
    } catch (error) {
      missing.push(`${prepare.name}: ${(error as Error).message}`);
    }
  }
  return { subjects, missing };
}

async function fromNpm(folder: string): Promise<Subject[]> {
  const cwd = `${folder}/npm`;
  const { dotenvx, varlock, env } = await installNpmPeers(cwd);
  await Deno.writeTextFile(`${cwd}/.env`, "API_KEY=s3cr3t-value\n");
  await Deno.writeTextFile(
    `${cwd}/.env.schema`,
    "# @defaultRequired=infer\n# ---\n# @sensitive\nAPI_KEY=s3cr3t-value\n",
  );
  await sh(cwd, `${dotenvx} encrypt`, env);
  return [
    { name: "dotenvx --version", command: [dotenvx, "--version"], cwd, env },
    { name: "dotenvx get API_KEY", command: [dotenvx, "get", "API_KEY"], cwd, env },
    { name: "dotenvx run -- true", command: [dotenvx, "run", "--", "true"], cwd, env },
    { name: "varlock --version", command: [varlock, "--version"], cwd, env },
    { name: "varlock run -- true", command: [varlock, "run", "--", "true"], cwd, env },
  ];
}

async function age(folder: string): Promise<Subject[]> {
  const cwd = `${folder}/age`;
  await Deno.mkdir(cwd);
  await sh(cwd, "age-keygen -o key.txt && printf s3cr3t-value | age -R <(age-keygen -y key.txt) -o secret.age");
  return [
    { name: "age --version", command: ["age", "--version"], cwd },
    { name: "age -d (key file)", command: ["age", "-d", "-i", "key.txt", "secret.age"], cwd },
  ];
}

async function pass(folder: string): Promise<Subject[]> {
  const cwd = `${folder}/pass`;
  await Deno.mkdir(`${cwd}/gnupg`, { recursive: true, mode: 0o700 });
  const env = { HOME: cwd, GNUPGHOME: `${cwd}/gnupg`, PASSWORD_STORE_DIR: `${cwd}/store` };
  await sh(cwd, "gpg --batch --quiet --passphrase '' --quick-generate-key bench@example.invalid", env);
  await sh(cwd, "pass init bench@example.invalid && printf s3cr3t-value | pass insert -m API_KEY", env);
  return [
    { name: "pass ls", command: ["pass", "ls"], cwd, env },
    { name: "pass show (gpg key without passphrase)", command: ["pass", "show", "API_KEY"], cwd, env },
  ];
}
