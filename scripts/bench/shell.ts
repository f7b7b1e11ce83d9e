/** Runs a script of bash in `cwd`; throws what it said last when one of its commands fails. */
export async function sh(cwd: string, script: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", `set -e; ${script}`],
    cwd,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr).trim().split("\n").at(-1));
  return new TextDecoder().decode(stdout);
}
