import { buildRouteMap } from "@stricli/core";
import { Fault } from "../../core/fault.ts";
import { parseStackName, type StackName } from "../../core/name.ts";
import { registeredText } from "../../core/providers/registered.ts";
import { providerKind } from "../../core/providers/registry.ts";
import { readAddress } from "../../core/providers/vault/address.ts";
import { readVaultConfig } from "../../core/providers/vault/config.ts";
import { type ConfiguredPlace, configureVault } from "../../core/providers/vault/configure.ts";
import { openVault } from "../../core/providers/vault/vault.ts";
import { register, registeredAlready } from "../../core/stack/registration.ts";
import { parseDuration } from "../../server/duration.ts";
import { command, type CommonFlags, type Context, toggle } from "../command.ts";
import { addressOf, credentialText, requireUsable, type VaultFlags, vaultFlags } from "./provider_register.ts";

interface Flags extends CommonFlags, Omit<VaultFlags, "mount" | "prefix"> {
  readonly mount?: StackName;
  readonly policy?: StackName;
  readonly ttl?: string;
  readonly register: boolean;
}

const { url, namespace, caCert, allowHttp, tokenStdin } = vaultFlags;
const name = (brief: string) =>
  ({ kind: "parsed", parse: parseStackName, optional: true, brief, placeholder: "name" }) as const;

const configure = command<Flags>({
  brief: "Make a place for this stack in a Vault, and a token that opens nothing else",
  details:
    "A KV engine, a policy and an orphan, renewable token with this policy only. Takes a token that may make these; it is\n" +
    "not kept. Prints the new one, or with --register keeps it, sealed, as the stack's provider.",
  examples: [
    "vault configure --url https://vault.example:8200 --register",
    "vault configure --url http://127.0.0.1:8200 --mount acme --token-stdin --json < root-token.txt",
  ],
  flags: {
    url,
    mount: name("Where the engine is mounted; what the address says, or the stack's name, unless given"),
    policy: name("What the policy is called; as the mount unless given"),
    ttl: {
      kind: "parsed",
      parse: String,
      optional: true,
      brief: "How long the token lives unused",
      placeholder: "duration",
    },
    namespace,
    caCert,
    allowHttp,
    tokenStdin,
    register: toggle("Register it as the stack's provider, instead of printing the token"),
  },
  positional: { kind: "tuple", parameters: [] },
  async run(context, flags) {
    const { report, workspace } = context;
    if (flags.url === undefined) throw new Fault("USAGE", "there is no address", { hint: "add --url https://…" });
    const seconds = flags.ttl === undefined ? undefined : parseDuration(flags.ttl, "--ttl");
    // What would be made for nothing is not made.
    using stack = flags.register ? await workspace.unlocked(flags) : undefined;
    if (await stack?.isRegistered()) throw registeredAlready();
    const mount = flags.mount ?? mountIn(flags.url) ?? await stackNameOf(context, flags);
    const address = addressOf(flags);
    // With the mount: where the URL names another one, that is known before anything is made.
    const admin = { ...address, mount, token: await credentialText(context, flags, "token of an administrator") };
    await using session = await openVault(readVaultConfig(defined(admin)), workspace.surroundings(flags));
    const made = await configureVault(session, {
      mount,
      ...(flags.policy && { policy: flags.policy }),
      ...(seconds && { seconds }),
    });
    using token = made.token;
    const place = { mount: made.mount, policy: made.policy, ttl: made.ttl };
    if (!stack) {
      const text = token.revealText(); // what was asked for
      report.data({ ...place, token: text }, () => [text]);
      report.note(`made: mount ${made.mount}/, policy ${made.policy}, and this token, which opens nothing else`);
      report.note(`next: coffer provider register ${placeFlags(flags, made.mount)}`);
      return;
    }
    await keep(context, flags, defined({ ...address, mount: made.mount, token: token.revealText() }), stack);
    report.data(place, () => []);
    report.note(
      `made and registered: mount ${made.mount}/, policy ${made.policy}, and a token that opens nothing else`,
    );
    report.note("what the stack has stays there; to copy it: coffer provider migrate --to provider");
  },
});

async function keep(
  { workspace }: Context,
  flags: Flags,
  config: Readonly<Record<string, unknown>>,
  stack: Parameters<typeof register>[0],
): Promise<void> {
  await requireUsable(await providerKind("vault"), config, workspace.surroundings(flags), stack.header.id);
  using registered = registeredText({ config, cacheSeconds: undefined });
  await register(stack, "vault", registered);
}

/** Undefined also for a URL that is none, which the configuration then is refused for. */
function mountIn(url: string): StackName | undefined {
  const address = readAddress(url, true);
  return typeof address === "string" || address.mount === undefined ? undefined : parseStackName(address.mount);
}

/** What says at the command line which place was made. */
function placeFlags({ url, namespace, caCert, allowHttp, stack }: Flags, mount: string): string {
  const given = { url, mount, namespace, "ca-cert": caCert, stack };
  const flags = Object.entries(given).flatMap(([flag, value]) => value === undefined ? [] : [`--${flag} ${value}`]);
  return [...flags, ...allowHttp ? ["--allow-http"] : []].join(" ");
}

/** Of a stack that need not be there: what is made may be for somebody else. */
async function stackNameOf({ workspace }: Context, flags: Flags): Promise<ConfiguredPlace["mount"] & StackName> {
  if (flags.stack) return flags.stack;
  return (await workspace.selected(flags)).name;
}

function defined(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

export const vault = buildRouteMap<"configure", Context>({
  routes: { configure },
  docs: { brief: "Make a place for a stack in a Vault" },
});
