/** The commands of one kind of set. */
import { buildRouteMap } from "@stricli/core";
import type { SetKind } from "../../core/sets/set.ts";
import type { Context } from "../command.ts";
import { applyCommand } from "./apply.ts";
import { createCommand } from "./create.ts";
import { deleteCommand } from "./delete.ts";
import { editCommand } from "./edit.ts";
import { generateCommand } from "./generate.ts";
import { listCommand } from "./list.ts";
import { showCommand } from "./show.ts";

export function setCommands(kind: SetKind) {
  return buildRouteMap<"apply" | "list" | "show" | "create" | "edit" | "delete" | "generate", Context>({
    routes: {
      apply: applyCommand(kind),
      list: listCommand(kind),
      show: showCommand(kind),
      create: createCommand(kind),
      edit: editCommand(kind),
      delete: deleteCommand(kind),
      generate: generateCommand(kind),
    },
    docs: { brief: `Porter's ${kind.singular} sets: where each ${kind.singular} of a command has its value from` },
  });
}
