import { buildRouteMap } from "@stricli/core";
import type { Context } from "../command.ts";
import { providerList } from "./provider_list.ts";

export const provider = buildRouteMap<"list", Context>({
  routes: { list: providerList },
  docs: { brief: "Where secrets are kept: the configured stores" },
});
