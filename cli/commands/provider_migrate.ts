import { Fault } from "../../core/fault.ts";
import { migrate } from "../../core/providers/migrate.ts";
import { command, type CommonFlags, toggle } from "../command.ts";

interface Flags extends CommonFlags {
  readonly to: "provider" | "stack";
  readonly replace: boolean;
}

export const providerMigrate = command<Flags>({
  brief: "Copy this stack's secrets to its provider, or back into the stack",
  details:
    "The newest value of each, all of them or none; each is read back. Nothing is removed where it comes from, and what\n" +
    "is there already is not overwritten unless --replace says so.",
  examples: ["provider migrate --to provider", "provider migrate --to stack --replace"],
  flags: {
    to: { kind: "enum", values: ["provider", "stack"], brief: "Where they are copied to" },
    replace: toggle("Write over other values that are there already; they become older versions"),
  },
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report, terminal }, flags) {
    await using registered = await workspace.opened(flags);
    if (registered.isSealed) {
      throw new Fault("NOT_FOUND", `no provider is registered for stack ${registered.name}`, {
        hint: "coffer provider register --url URL",
      });
    }
    const [from, to] = flags.to === "provider"
      ? [registered.local, registered.migratable] as const
      : [registered.listable, registered.local] as const;
    const { copied, unchanged } = await terminal.progress(
      "copying",
      (onProgress) => migrate(from, to, { replace: flags.replace, onProgress }),
    );
    report.data({ copied, unchanged }, () => []);
    report.note(`copied ${copied.length} secrets to the ${flags.to}, ${unchanged.length} were there already; verified`);
  },
});
