import { buildRouteMap } from "@stricli/core";
import { Fault } from "../../core/fault.ts";
import { command, type CommonFlags, parseCount } from "../command.ts";
import type { ServerClient, VaultAnswer } from "../server/client.ts";
import { runningServer } from "../server/running.ts";

interface CreateFlags extends CommonFlags {
  readonly policy?: readonly string[];
  readonly ttl?: string;
  readonly uses?: number;
  readonly name?: string;
}

const create = command<CreateFlags>({
  brief: "Make a token for a client of the running server",
  details:
    "It is printed once; the server keeps its hash only. Without a policy it may do what the `default` policy says.",
  examples: ["token create --policy app --ttl 1h", "token create --policy ci --uses 1 --name build"],
  flags: {
    policy: {
      kind: "parsed",
      parse: String,
      variadic: true,
      optional: true,
      brief: "What it may do",
      placeholder: "name",
    },
    ttl: { kind: "parsed", parse: String, optional: true, brief: "How long it lives", placeholder: "duration" },
    uses: {
      kind: "parsed",
      parse: (text: string) => parseCount(text, 1),
      optional: true,
      brief: "How often it can be used",
      placeholder: "n",
    },
    name: { kind: "parsed", parse: String, optional: true, brief: "What lists call it", placeholder: "text" },
  },
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report }, flags) {
    const server = await runningServer(workspace);
    // An orphan: the owner's token, its parent otherwise, is another each time the server starts.
    const answer = await server.vault("POST", "auth/token/create-orphan", {
      policies: flags.policy ?? ["default"],
      ...(flags.ttl !== undefined && { ttl: flags.ttl }),
      ...(flags.uses !== undefined && { num_uses: flags.uses }),
      ...(flags.name !== undefined && { display_name: flags.name }),
    });
    for (const warning of answer!.warnings ?? []) report.warning(warning);
    const { client_token: token, accessor, policies, lease_duration: ttl } = answer!.auth!;
    report.data({ token, accessor, policies, ttl }, () => [token]);
  },
});

interface ListedToken {
  readonly accessor: string;
  readonly name: string;
  readonly policies: readonly string[];
  /** Seconds left; 0 when it has no end. */
  readonly ttl: number;
  /** Uses left; 0 for any number. */
  readonly uses: number;
}

const list = command({
  brief: "List the tokens of the running server",
  details: "By accessor, which names a token and cannot be used as one.",
  examples: ["token list", "token list --json"],
  flags: {},
  positional: { kind: "tuple", parameters: [] },
  async run({ workspace, report }) {
    const server = await runningServer(workspace);
    const accessors = (await server.vault("GET", "auth/token/accessors?list=true"))?.data?.["keys"] ?? [];
    const tokens: ListedToken[] = [];
    for (const accessor of accessors as string[]) { // one connection, one request at a time
      const data = await describe(server, accessor);
      if (!data) continue;
      const { display_name: name, policies, ttl, num_uses: uses } = data;
      tokens.push({
        accessor,
        name: String(name),
        policies: policies as string[],
        ttl: Number(ttl),
        uses: Number(uses),
      });
    }
    report.data(
      tokens,
      () =>
        tokens.map(({ accessor, name, policies, ttl }) =>
          `${accessor}  ${name}  ${policies.join(",")}  ${ttl === 0 ? "no end" : `${ttl} s`}`
        ),
    );
  },
});

/** Undefined for a token that has ended since its accessor was listed: on a busy server there always is one. */
async function describe(server: ServerClient, accessor: string): Promise<VaultAnswer["data"] | undefined> {
  try {
    return (await server.vault("POST", "auth/token/lookup-accessor", { accessor }))?.data;
  } catch (error) {
    if (error instanceof Fault && error.code === "USAGE") return undefined;
    throw error;
  }
}

const revoke = command<CommonFlags, [accessor: string]>({
  brief: "End a token, and those that were made with it",
  examples: ["token revoke bDhIlOhnfdL6y5NJhNrbcW8R"],
  flags: {},
  positional: {
    kind: "tuple",
    parameters: [{ parse: String, brief: "As `token list` shows it", placeholder: "accessor" }],
  },
  async run({ workspace, report }, _flags, accessor) {
    if (!/^[A-Za-z0-9]{1,64}$/.test(accessor)) {
      throw new Fault("USAGE", "that is no accessor", { hint: "coffer token list shows them; a token is not one" });
    }
    const server = await runningServer(workspace);
    // It answers with nothing, or warns that there is none.
    if (await server.vault("POST", "auth/token/revoke-accessor", { accessor })) {
      throw new Fault("NOT_FOUND", "there is no token with that accessor", { hint: "coffer token list" });
    }
    report.note("revoked");
  },
});

export const token = buildRouteMap({
  routes: { create, list, revoke },
  docs: { brief: "Tokens of the running server: create, list, revoke" },
});
