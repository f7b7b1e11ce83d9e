/**
 * The main job from start to end, in a temporary project with a real `.env`: seal it, look at what would be committed,
 * run the application with it, change the passphrase. Every line is the real command line; the demo fails when one of
 * its promises does not hold.
 */
import { concat } from "../core/crypto/bytes.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const project = await Deno.makeTempDir({ prefix: "coffer-demo-" });
const plaintext = await Deno.readTextFile(`${ROOT}scripts/demo_project/sample.env`);
/** What must not be seen anywhere: one telling piece of each value. */
const TELLING = ["tr0ub4dor&3", "sk_test_51Nq8vLx7TgWz", "not#a comment", "MC4CAQAwBQYDK2VwBCIEIJ"];

const environment = {
  COFFER_HOME: `${project}/home`,
  COFFER_PASSPHRASE_FILE: `${project}/passphrase`,
};

try {
  await prepare();
  say("A project with its secrets in a plaintext .env:");
  await shell("ls -A && wc -l < .env");
  say("Make a stack. Its key is random and wrapped by a passphrase, here a generated one:");
  await shell("coffer init --generate-passphrase > passphrase");
  say("Seal the .env, and remove it:");
  await shell("coffer import .env && rm .env");
  say("Names need no passphrase; values do:");
  await shell("coffer list");
  say("What would be committed:");
  const sealed = await shell("find .coffer -type f | sort && cat '.coffer/stacks/dev/secrets/=stripe_key.json'");
  say("Run the application. It prints its secrets; the terminal gets none of them:");
  const output = await shell("coffer run -- sh app.sh");
  say("Rotate one of them; the history stays:");
  await shell("coffer set STRIPE_KEY --generate=24 && coffer history STRIPE_KEY && coffer verify");
  await check(sealed + output);
  say("Nothing above or in the project shows a secret value.");
} finally {
  await Deno.remove(project, { recursive: true });
}

/** The project's files, and `coffer` as a command. */
async function prepare(): Promise<void> {
  await Deno.writeTextFile(`${project}/.env`, plaintext, { mode: 0o600 });
  await Deno.copyFile(`${ROOT}scripts/demo_project/app.sh`, `${project}/app.sh`);
  await Deno.writeTextFile(`${project}/passphrase`, "", { mode: 0o600 });
}

function say(text: string): void {
  print(`\n${text}\n`);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/** Shows and runs one line in a shell, `coffer` being this checkout's. Returns what it printed. */
async function shell(line: string): Promise<string> {
  print(`$ ${line}\n`);
  const coffer = `coffer() { "$COFFER_DEMO_DENO" run --quiet -A "$COFFER_DEMO_MAIN" "$@"; }`;
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", `${coffer}\n${line}`],
    cwd: project,
    env: { ...environment, COFFER_DEMO_DENO: Deno.execPath(), COFFER_DEMO_MAIN: `${ROOT}cli/main.ts` },
  }).output();
  const output = new TextDecoder().decode(concat(stdout, stderr));
  print(output);
  if (code !== 0) throw new Error(`the demo's command ended with ${code}`);
  return output;
}

/** @throws when a value shows in what was printed or in any file that is left */
async function check(printed: string): Promise<void> {
  const files: string[] = [];
  const walk = async (folder: string) => {
    for await (const entry of Deno.readDir(folder)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) await walk(path);
      else files.push(await Deno.readTextFile(path));
    }
  };
  await walk(project);
  for (const piece of TELLING) {
    for (const form of [piece, btoa(piece)]) {
      if ([printed, ...files].some((text) => text.includes(form))) throw new Error("a secret value shows");
    }
  }
}
