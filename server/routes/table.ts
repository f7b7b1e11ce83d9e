/** Every route there is, in the order of the documentation; the first whose path fits answers. */
import { CAPABILITIES } from "./capabilities.ts";
import { COFFER_RESOLVE } from "./coffer_resolve.ts";
import { COFFER_TOKENS } from "./coffer_tokens.ts";
import { KV_DATA } from "./kv_data.ts";
import { KV_METADATA } from "./kv_metadata.ts";
import { KV_VERSIONS } from "./kv_versions.ts";
import { MOUNTS } from "./mounts.ts";
import { POLICIES } from "./policies.ts";
import type { Route } from "./route.ts";
import { SPECIFICATION } from "./specification.ts";
import { STATUS } from "./status.ts";
import { TOKENS } from "./tokens.ts";
import { WRAPPING } from "./wrapping.ts";

/** Under the headings of the documentation. */
export const ROUTES: readonly (readonly [heading: string, routes: readonly Route[]])[] = [
  ["Secrets", [...KV_DATA, ...KV_VERSIONS, ...KV_METADATA]],
  ["Many values at once", [...COFFER_RESOLVE, ...COFFER_TOKENS]],
  ["The server", STATUS],
  ["Stacks", MOUNTS],
  ["Policies", [...POLICIES, ...CAPABILITIES]],
  ["Tokens", TOKENS],
  ["Wrapped answers", WRAPPING],
  ["This description", SPECIFICATION],
];
