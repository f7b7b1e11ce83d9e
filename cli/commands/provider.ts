import { buildRouteMap } from "@stricli/core";
import type { Context } from "../command.ts";
import { providerList } from "./provider_list.ts";
import { providerMigrate } from "./provider_migrate.ts";
import { providerRegister } from "./provider_register.ts";
import { providerShow } from "./provider_show.ts";
import { providerUnregister } from "./provider_unregister.ts";

export const provider = buildRouteMap<"list" | "show" | "register" | "unregister" | "migrate", Context>({
  routes: {
    list: providerList,
    show: providerShow,
    register: providerRegister,
    unregister: providerUnregister,
    migrate: providerMigrate,
  },
  docs: { brief: "Keep a stack's secrets with a Vault or another provider; the configured stores" },
});
