import { buildRouteMap } from "@stricli/core";
import { Fault } from "../../core/fault.ts";
import { parseStackName, type StackName } from "../../core/name.ts";
import { recorded } from "../../core/stack/access.ts";
import { LockedStack } from "../../core/stack/locked_stack.ts";
import { command, type CommonFlags, type Context, toggle } from "../command.ts";
import { selectStack } from "../selection.ts";
import { makeStack, newStackFlags } from "./init.ts";

const nameArgument = {
  kind: "tuple",
  parameters: [{ parse: parseStackName, brief: "The stack's name", placeholder: "name" }],
} as const;

const list = command<CommonFlags>({
  brief: "Print the stacks, the current one marked",
  examples: ["stack list", "stack list --json"],
  flags: {},
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report }, flags) {
    const project = await workspace.project();
    const current = workspace.stackName(flags, project);
    const stacks = project.stacks().map((name) => ({ name, current: name === current }));
    report.data(stacks, () => stacks.map(({ name, current }) => `${current ? "*" : " "} ${name}`));
  },
});

interface NewFlags extends CommonFlags {
  readonly workFactor?: number;
  readonly generatePassphrase: boolean;
}

const create = command<NewFlags, [name: StackName]>({
  brief: "Make another stack, with a key and passphrase of its own",
  examples: ["stack new staging", "stack new prod --generate-passphrase"],
  flags: newStackFlags,
  positional: nameArgument,
  run: (context, flags, name) => makeStack(context, flags, name, false),
});

const select = command<CommonFlags, [name: StackName]>({
  brief: "Use this stack in this project from now on",
  details: "Remembered for you in $COFFER_HOME, not in the project. --stack and COFFER_STACK come first.",
  examples: ["stack select staging"],
  flags: {},
  positional: nameArgument,
  async run({ workspace, report }, _flags, name) {
    const project = await workspace.project();
    project.store(name);
    await selectStack(workspace.home, project.folder, name);
    report.note(`using stack ${name} in ${project.folder}`);
  },
});

interface RemoveFlags extends CommonFlags {
  readonly yes: boolean;
}

const remove = command<RemoveFlags, [name: StackName]>({
  brief: "Remove a stack with all its secrets",
  examples: ["stack rm staging", "stack rm staging --yes"],
  flags: { yes: toggle("Do not ask") },
  aliases: { y: "yes" },
  positional: nameArgument,
  async run({ workspace, report, terminal }, flags, name) {
    const project = await workspace.project();
    const store = project.store(name);
    const agreed = flags.yes || terminal.confirm(`Remove stack ${name} and every secret in it, for good?`);
    if (!agreed) {
      throw new Fault("USAGE", `stack ${name} was not removed`, { hint: `coffer stack rm ${name} --yes` });
    }
    // A damaged stack can be removed as well: it need not say which one it is.
    const id = await LockedStack.load(store).then(({ header }) => header.id, () => undefined);
    const record = await workspace.recorder(name, id);
    await recorded(record, "remove", async (access) => {
      for (const secret of await store.list("secret")) access.secrets.set(secret, undefined);
      await access.grant();
      await project.remove(name);
    });
    report.note(`removed stack ${name}`);
  },
});

export const stack = buildRouteMap<"list" | "new" | "select" | "rm", Context>({
  routes: { list, new: create, select, rm: remove },
  docs: { brief: "List, make, select and remove stacks" },
});
