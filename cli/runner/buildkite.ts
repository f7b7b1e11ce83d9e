/** Buildkite's agent takes values to mask on its stdin, so there is no reader to be wrong about. */

const TIMEOUT_MS = 10_000;

/** Has the agent mask `lines` in the job's log; does nothing where there is no agent. */
export async function redactInBuildkite(lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  // What unlocks our stacks is none of its business.
  const needed = ([name]: [string, string]) => name === "PATH" || name.startsWith("BUILDKITE_");
  try {
    await using agent = new Deno.Command("buildkite-agent", {
      args: ["redactor", "add", "--format", "json"],
      clearEnv: true,
      env: Object.fromEntries(Object.entries(Deno.env.toObject()).filter(needed)),
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).spawn();
    const writer = agent.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify({ ...lines }))); // an object: {"0": …, "1": …}
    await writer.close();
    await agent.status;
  } catch {
    // our own masking remains
  }
}
