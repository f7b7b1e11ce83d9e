/**
 * Masks, registered with the CI system that we run in: what it logs around the command, and in later steps, does not
 * come past our own masking.
 *
 * The runners of GitHub and Azure take masks from a step's output, where anybody else who reads that output (`| tee`, a
 * file, a task runner that records it) would get the values in plain. So they are printed only where the reader is
 * known to be the runner; in doubt nothing is.
 */
import { linesToMask } from "../../core/interchange/mask_lines.ts";
import { LEAST_MASKED_BYTES } from "../../core/mask/masker.ts";
import type { Secret } from "../../core/secret.ts";
import type { Host } from "../host.ts";
import { redactInBuildkite } from "./buildkite.ts";
import { outputToRunner } from "./ci_runner.ts";

/** pipe(7), PIPE_BUF: what is written at once, without what other processes of the step print in between. */
const ATOMIC_BYTES = 4096;

/**
 * Has GitHub Actions, Gitea, Forgejo, Azure Pipelines or Buildkite mask `values`, line by line. Does nothing elsewhere,
 * and for what is not text or shorter than 4 bytes.
 * @param write writes all of `bytes` to stdout (1) or stderr (2), at once
 */
export async function registerCiMasks(
  host: Host,
  values: Iterable<Secret>,
  write: (bytes: Uint8Array, fd: 1 | 2) => void,
): Promise<void> {
  if (host.env("BUILDKITE") === "true") return await redactInBuildkite(linesOf(values));
  const output = outputToRunner(host);
  if (!output) return;
  for (const batch of batchesOf(linesOf(values).map(output.mask))) write(batch, output.fd);
}

function linesOf(values: Iterable<Secret>): string[] {
  const texts: string[] = [];
  for (const value of values) {
    try {
      texts.push(value.revealText());
    } catch {
      // not text: a runner, which reads text, would not find it
    }
  }
  const encoder = new TextEncoder();
  return linesToMask(texts).filter((line) => encoder.encode(line).length >= LEAST_MASKED_BYTES);
}

/**
 * Commands, as many at a time as are written at once; one that is too long for that is left out, since another process
 * could cut it in two. Each batch begins by ending the line that somebody may have begun: behind that, it would be no
 * command, and the log would show it.
 */
function batchesOf(commands: readonly string[]): Uint8Array[] {
  const encoder = new TextEncoder();
  const batches: string[] = [];
  let size = ATOMIC_BYTES;
  for (const command of commands) {
    const bytes = encoder.encode(command).length;
    if (bytes >= ATOMIC_BYTES) continue;
    if (size + bytes > ATOMIC_BYTES) {
      batches.push("\n");
      size = 1;
    }
    batches.push(batches.pop() + command);
    size += bytes;
  }
  return batches.map((batch) => encoder.encode(batch));
}
