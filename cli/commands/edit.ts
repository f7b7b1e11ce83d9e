import { Fault } from "../../core/fault.ts";
import type { SecretName } from "../../core/name.ts";
import { MAX_VALUE_BYTES } from "../../core/seal/padding.ts";
import { Secret } from "../../core/secret.ts";
import { command, type CommonFlags, secretNameArgument } from "../command.ts";
import { edited } from "../editor.ts";

export const edit = command<CommonFlags, [name: SecretName]>({
  brief: "Change a secret in your editor",
  details: "Uses $VISUAL or $EDITOR. The plaintext is a file in memory only, and is removed when the editor ends.",
  examples: ["edit app/config", "EDITOR='code --wait' coffer edit app/config"],
  flags: {},
  positional: { kind: "tuple", parameters: [secretNameArgument()] },
  async run(context, flags, name) {
    const { workspace, report } = context;
    await using stack = await workspace.opened(flags);
    const { changeable } = stack; // before anybody has typed anything
    const found = (await stack.find([name])).get(name);
    using before = found?.value ?? new Secret(new Uint8Array(0));
    const saved = await edited(context, name.split("/").at(-1)!, before, MAX_VALUE_BYTES, (after) => ({
      after,
      type: found?.type === "json" ? jsonOrBytes(after, name) : "bytes" as const,
    }));
    if (!saved) return report.note(`${name} is unchanged`);
    using after = saved.after;
    const version = await changeable.change(name, (current) => {
      requireSame(found && before, current?.value, name);
      return { value: after, type: saved.type };
    });
    report.data({ name, ...(version !== undefined && { version }) }, () => []);
    report.note(stack.said(name, version));
  },
});

/** What somebody else has written meanwhile is not overwritten. */
function requireSame(before: Secret | undefined, current: Secret | undefined, name: SecretName): void {
  const isSame = before === undefined || current === undefined ? before === current : before.equals(current);
  if (isSame) return;
  throw new Fault("CONFLICT", `${name} was changed meanwhile; nothing was written`, {
    hint: `coffer get ${name} to see the new value, then try again`,
  });
}

/** A secret with fields must stay one. */
function jsonOrBytes(value: Secret, name: SecretName): "json" {
  try {
    const parsed: unknown = JSON.parse(value.revealText());
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return "json";
  } catch {
    // reported below, without quoting the text
  }
  throw new Fault("CONFIG", `${name} has fields, and what was saved is not a JSON object; nothing was changed`, {
    hint: `to make it a plain value: coffer rm ${name}, then coffer set ${name}`,
  });
}
