import { Fault } from "../../core/fault.ts";
import { type ProviderConfig, type Surroundings } from "../../core/providers/kind.ts";
import { registeredText, requireElsewhere } from "../../core/providers/registered.ts";
import { providerKind } from "../../core/providers/registry.ts";
import { Secret } from "../../core/secret.ts";
import { register, registeredAlready } from "../../core/stack/registration.ts";
import { parseDuration } from "../../server/duration.ts";
import { command, type CommonFlags, type Context, parseCount, toggle } from "../command.ts";
import { readFileBytes, readStdin } from "../input.ts";

/** What `coffer provider register` and `coffer vault configure` say of a Vault. */
export interface VaultFlags {
  readonly url?: string;
  readonly mount?: string;
  readonly prefix?: string;
  readonly namespace?: string;
  readonly caCert?: string;
  readonly allowHttp: boolean;
  readonly tokenStdin: boolean;
}

interface Flags extends CommonFlags, VaultFlags {
  readonly kind: string;
  readonly config?: string;
  readonly kvVersion?: number;
  readonly auth?: string;
  readonly authMount?: string;
  readonly roleId?: string;
  readonly username?: string;
  readonly role?: string;
  readonly jwtFile?: string;
  readonly cacheTtl?: string;
}

const MAX_BYTES = 64 * 1024;
/** What each of Vault's methods keeps secret, and what to call it. None for Kubernetes: it is in a file there. */
const CREDENTIALS: Readonly<Record<string, readonly [key: string, words: string]>> = {
  token: ["token", "token"],
  approle: ["secret_id", "secret id"],
  userpass: ["password", "password"],
};

const text = (brief: string, placeholder: string) =>
  ({ kind: "parsed", parse: String, optional: true, brief, placeholder }) as const;

export const vaultFlags = {
  url: text("The Vault's address, with the engine's path behind it if you like", "url"),
  mount: text("The path of its KV engine", "path"),
  prefix: text("A folder in it, for everything of this stack", "path"),
  namespace: text("A namespace of Vault Enterprise or OpenBao", "name"),
  caCert: text("A certificate to trust, PEM", "file"),
  allowHttp: toggle("Take an http:// address of another machine: for networks that encrypt by themselves"),
  tokenStdin: toggle("Read the token, secret id or password from stdin instead of asking for it"),
};

export const providerRegister = command<Flags>({
  brief: "Keep this stack's secrets with a provider from now on",
  details:
    "Everything is checked before anything is kept. What it takes to get in is sealed in the stack, so that everyone who\n" +
    "has the stack's passphrase has the provider. What is in the stack stays there, and is not used: see\n" +
    "`coffer provider migrate`.",
  examples: [
    "provider register --url https://vault.example:8200/acme",
    "provider register --url http://127.0.0.1:8200 --mount acme --token-stdin < token.txt",
    "provider register --url https://vault.example --mount kv --auth approle --role-id ci --cache-ttl 8h",
    "provider register --kind plugin --config plugin.json",
  ],
  flags: {
    kind: { kind: "parsed", parse: String, default: "vault", brief: "The kind of provider", placeholder: "kind" },
    config: text("The configuration of another kind of provider, JSON; - for stdin", "file"),
    ...vaultFlags,
    kvVersion: {
      kind: "parsed",
      parse: (given: string) => parseCount(given, 1),
      optional: true,
      brief: "The engine's version, where the Vault may not be asked",
      placeholder: "1|2",
    },
    auth: text("How to get in: token (unless given), approle, userpass or kubernetes", "method"),
    authMount: text("The path of that method, where it is not its name", "path"),
    roleId: text("approle: the role", "id"),
    username: text("userpass: the user", "name"),
    role: text("kubernetes: the role", "name"),
    jwtFile: text("kubernetes: the service account's token, where it is not in the usual place", "file"),
    cacheTtl: text("Keep values, sealed, for when the provider cannot be reached", "duration"),
  },
  positional: { kind: "tuple", parameters: [] },
  async run(context, flags) {
    const { workspace, report } = context;
    const cacheSeconds = flags.cacheTtl === undefined ? undefined : parseDuration(flags.cacheTtl, "--cache-ttl");
    if (cacheSeconds === 0) {
      throw new Fault("USAGE", "--cache-ttl is no time at all", { hint: "leave it out to keep no values" });
    }
    const kind = await providerKind(flags.kind); // before anybody is asked for anything
    requireElsewhere(flags.kind);
    requireFlagsOf(flags);
    using stack = await workspace.unlocked(flags);
    if (await stack.isRegistered()) throw registeredAlready();
    const config = await configFrom(context, flags);
    await requireUsable(kind, config, workspace.surroundings(flags), stack.header.id);
    using registered = registeredText({ config, cacheSeconds });
    await register(stack, flags.kind, registered);
    const { name } = await workspace.selected(flags);
    report.data({ stack: name, provider: flags.kind, ...(flags.url !== undefined && { url: flags.url }) }, () => []);
    report.note(`registered: the secrets of stack ${name} are with ${flags.url ?? flags.kind} now`);
    report.note("those in the stack stay there; to copy them: coffer provider migrate --to provider");
  },
});

/** @throws {Fault} what is wrong with the configuration, or with what is at the other end */
export async function requireUsable(
  kind: Awaited<ReturnType<typeof providerKind>>,
  config: ProviderConfig,
  around: Surroundings,
  stackId: string,
): Promise<void> {
  if (kind.check) return await kind.check(config, around, stackId);
  await using _opened = await kind.open(config, around);
}

/** What is for another kind would be left out, and what is registered would be something else than what was meant. */
function requireFlagsOf({ kind, config, tokenStdin, allowHttp, ...flags }: Flags): void {
  if (kind === "vault") {
    if (config !== undefined) {
      throw new Fault("USAGE", "--config is for other kinds than vault", { hint: "--kind KIND" });
    }
    return;
  }
  const { url, mount, prefix, namespace, caCert, kvVersion, auth, authMount, roleId, username, role, jwtFile } = flags;
  const given = [url, mount, prefix, namespace, caCert, kvVersion, auth, authMount, roleId, username, role, jwtFile];
  if (!tokenStdin && !allowHttp && given.every((value) => value === undefined)) return;
  throw new Fault("USAGE", `the flags that say which Vault it is are not for the kind ${kind}`, {
    hint: "leave --kind out for a Vault; --config FILE has what another kind needs",
  });
}

async function configFrom(context: Context, flags: Flags): Promise<ProviderConfig> {
  if (flags.kind !== "vault") return await configFile(context, flags);
  const { auth = "token", url } = flags;
  if (url === undefined) throw new Fault("USAGE", "there is no address", { hint: "add --url https://…" });
  const credential = CREDENTIALS[auth];
  const config = {
    auth: flags.auth,
    auth_mount: flags.authMount,
    kv_version: flags.kvVersion,
    role_id: flags.roleId,
    username: flags.username,
    role: flags.role,
    jwt_file: flags.jwtFile,
    ...addressOf(flags),
    ...(credential && { [credential[0]]: await credentialText(context, flags, credential[1]) }),
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/** The part of the configuration that says which Vault it is. */
export function addressOf({ url, mount, prefix, namespace, caCert, allowHttp }: VaultFlags): ProviderConfig {
  const pem = caCert === undefined ? undefined : new TextDecoder().decode(readFileBytes(caCert, MAX_BYTES));
  return { url, mount, prefix, namespace, ca_cert: pem, allow_http: allowHttp || undefined };
}

/** What is typed or piped in; as text, since it becomes part of a text that is sealed as a whole. */
export async function credentialText(
  { host, terminal }: Context,
  { tokenStdin }: VaultFlags,
  words: string,
): Promise<string> {
  if (!tokenStdin) {
    using typed = await terminal.askHidden(`The ${words} (not shown)`);
    if (typed && typed.size > 0) return typed.revealText();
    throw new Fault("LOCKED", `there is no ${words}, and no terminal to ask for one`, {
      hint: "pipe it in, and add --token-stdin",
    });
  }
  using given = new Secret(await readStdin(host, MAX_BYTES));
  const line = decoded(given).trim();
  if (line === "") throw new Fault("USAGE", `there is no ${words} on stdin`, { hint: 'printf %s "$TOKEN" | coffer …' });
  return line;
}

function decoded(given: Secret): string {
  try {
    return given.revealText();
  } catch {
    throw new Fault("USAGE", "what is on stdin is not text", { hint: "pipe in the token as it was given to you" });
  }
}

async function configFile({ host }: Context, { config, kind }: Flags): Promise<ProviderConfig> {
  if (config === undefined) return {};
  using bytes = new Secret(config === "-" ? await readStdin(host, MAX_BYTES) : readFileBytes(config, MAX_BYTES));
  try {
    const parsed: unknown = JSON.parse(bytes.revealText());
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as ProviderConfig;
  } catch {
    // reported below, without quoting the text
  }
  throw new Fault("CONFIG", `the configuration of ${kind} is not a JSON object`, {
    hint: '{"plugin": "azure.keyvault"}',
  });
}
