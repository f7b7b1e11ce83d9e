import { Fault } from "../../core/fault.ts";
import { LEAST_MASKED_BYTES, Masker } from "../../core/mask/masker.ts";
import { describeReference, parseNameOrReference, type Reference } from "../../core/reference.ts";
import { command, type CommonFlags, type Context, offlineFlag, toggle } from "../command.ts";
import { eachChunkOfStdin } from "../input.ts";
import { OpenStacks } from "../open_stacks.ts";

interface Flags extends CommonFlags {
  readonly secret?: readonly Reference[];
  readonly prefix?: string;
  readonly all: boolean;
}

const STDIN = 0;

export const mask = command<Flags>({
  brief: "Pass stdin on with the values of secrets masked",
  details:
    "For output of what `coffer run` did not start. Every secret of the stack is masked unless some are chosen. Nothing\n" +
    "is passed on before all of them are there. Ctrl-C is left to the command whose output it is.",
  examples: [
    "mask < app.log",
    "ssh host journalctl -f 2>&1 | coffer mask",
    "mask -s db/password -s api#token < app.log",
    "mask --prefix db/ < app.log > shared.log",
  ],
  flags: {
    ...offlineFlag,
    secret: {
      kind: "parsed",
      parse: parseNameOrReference,
      variadic: true,
      optional: true,
      brief: "Mask this secret, field, or reference",
      placeholder: "name",
    },
    prefix: {
      kind: "parsed",
      parse: String,
      optional: true,
      brief: "Mask every secret that starts so",
      placeholder: "p",
    },
    all: toggle("Mask every secret of the stack, besides what else is chosen"),
  },
  aliases: { s: "secret" },
  positional: { kind: "tuple", parameters: [] },
  async run(context, flags) {
    if (flags.passphraseFd === STDIN) {
      throw new Fault("USAGE", "stdin is what is to be masked, and not the passphrase", {
        hint: "give the passphrase on another descriptor: --passphrase-fd 3 3< passphrase.txt",
      });
    }
    const masker = await maskerOf(context, flags);
    // Ctrl-C at a terminal reaches every program of a pipeline: the last words of the others are still to be masked.
    if (!context.host.stdin.isTerminal()) Deno.addSignalListener("SIGINT", () => {});
    const stream = masker.open();
    eachChunkOfStdin(context.host, (chunk) => context.report.bytes(stream.write(chunk)));
    context.report.bytes(stream.end());
  },
});

async function maskerOf({ workspace, report }: Context, flags: Flags): Promise<Masker> {
  await using stacks = new OpenStacks(workspace, flags);
  const references = await choose(flags, stacks);
  using resolved = await stacks.resolve(references);
  const short = references.filter((reference) => resolved.of(reference).size < LEAST_MASKED_BYTES);
  const names = [...new Set(short.map(describeReference))].join(", ");
  if (names) report.warning(`too short to be masked: ${names}`);
  if (references.length === 0) report.warning("no secret is chosen, and nothing will be masked");
  return new Masker(resolved.masked);
}

async function choose({ secret, prefix, all }: Flags, stacks: OpenStacks): Promise<Reference[]> {
  if (secret && prefix === undefined && !all) return [...secret];
  const names = await stacks.list();
  const chosen = names.filter((name) => name.startsWith(all ? "" : prefix ?? ""));
  return [...secret ?? [], ...chosen.map((name) => ({ stack: undefined, name, field: undefined }))];
}
