import { Fault } from "../../core/fault.ts";
import { parseStackName, type StackName } from "../../core/name.ts";
import { recorded } from "../../core/stack/access.ts";
import { command, type CommonFlags, toggle } from "../command.ts";
import { givenCertificate, ownCertificate, type ServerCertificate } from "../server/certificate.ts";
import { type Address, isAnyAddress, isLoopbackName, namesIn, parseAddress } from "../server/listener.ts";
import { type ServerLocation, serverLocation } from "../server/location.ts";
import { Server } from "../server/server.ts";
import { UnlockedStacks } from "../server/unlocked_stacks.ts";
import { hostSources, parseHostSources } from "../server/host_sources.ts";
import { parseDuration } from "../../server/duration.ts";
import { LOCAL_HOSTS } from "../../server/http/header_guard.ts";
import type { HostSources } from "../../server/dependencies.ts";

interface Flags extends CommonFlags {
  readonly listen?: readonly string[];
  readonly awsAgent?: readonly string[];
  readonly ttl?: string;
  readonly allowRemote: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly host?: readonly string[];
  readonly allowSource?: readonly (keyof HostSources)[];
}

/** In ASCII, without a port. An address with colons may have brackets. */
const HOST_NAME = /^[A-Za-z0-9._-]+$|^\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?$/;

const TRUST =
  "nobody vouches for it: clients trust that file by COFFER_CACERT, VAULT_CACERT, DENO_CERT or curl --cacert";

const NO_NAME = "other machines get no answer until --host says by which name or address they call this one";

export const serve = command<Flags, StackName[]>({
  brief: "Unlock once, and serve secrets to processes and containers",
  details:
    "Speaks Vault's HTTP API, each stack a KV v2 mount, and unlocks the stack for all other commands. Listens on a unix\n" +
    "socket that only you can reach; --listen adds others. The owner's token is in a file beside the socket.",
  examples: [
    "serve",
    "serve --listen 127.0.0.1:8200",
    "serve dev prod --ttl 8h",
    "serve --allow-source env",
    "serve --allow-remote --listen 0.0.0.0:8200 --host coffer.example",
  ],
  flags: {
    listen: {
      kind: "parsed",
      parse: String,
      variadic: true,
      optional: true,
      brief: "Also listen there: unix:PATH, PORT or HOST:PORT",
      placeholder: "address",
    },
    awsAgent: {
      kind: "parsed",
      parse: String,
      variadic: true,
      optional: true,
      brief: "Speak the AWS Secrets Manager Agent's API there; its own port is 2773",
      placeholder: "address",
    },
    ttl: {
      kind: "parsed",
      parse: String,
      optional: true,
      brief: "Forget the keys after this time without a request",
      placeholder: "duration",
    },
    allowRemote: toggle("Listen beyond this machine; TCP is then with TLS only"),
    tlsCert: {
      kind: "parsed",
      parse: String,
      optional: true,
      brief: "Certificate chain for TLS, PEM; with --allow-remote, one is made unless given",
      placeholder: "file",
    },
    tlsKey: { kind: "parsed", parse: String, optional: true, brief: "Its private key, PEM", placeholder: "file" },
    host: {
      kind: "parsed",
      parse: String,
      variadic: true,
      optional: true,
      brief: "Another name that clients call this server by",
      placeholder: "name",
    },
    allowSource: {
      kind: "parsed",
      parse: parseHostSources,
      optional: true,
      brief: "Resolve env, path, command of this machine for clients whose policy allows it",
      placeholder: "a,b",
    },
  },
  positional: {
    kind: "array",
    minimum: 0,
    parameter: { parse: parseStackName, brief: "Stacks to unlock; the current one unless given", placeholder: "stack" },
  },
  async run(context, flags, ...names) {
    const { workspace, report } = context;
    const location = serverLocation(workspace.home);
    // The user's own socket always: the other commands look there, and it is what keeps two servers apart.
    const listen = [...new Set(["unix", ...flags.listen ?? []])];
    const addresses = listen.map((text) => parseAddress(text, location.socket));
    const awsAgent = (flags.awsAgent ?? []).map((text) => parseAddress(text, location.socket));
    const all = [...addresses, ...awsAgent];
    requireSafe(all, flags);
    const hosts = [...new Set([...namesIn(all), ...flags.host ?? []].map(parseHost))];
    const certificate = certificateOf(flags, hosts, location);
    const idleLockSeconds = flags.ttl === undefined ? undefined : idleTime(flags.ttl);
    const project = await workspace.project();
    const current = workspace.stackName(flags, project);
    using stacks = new UnlockedStacks(names[0] ?? current, async (stack) => {
      const { openRegistered } = await import("../../core/providers/registered.ts");
      const use = { home: workspace.home, offline: false };
      return (await openRegistered(stack, workspace.surroundings(flags), use))?.provider;
    });
    for (const name of names.length > 0 ? names : [current]) {
      const record = await workspace.recorder(name, undefined);
      await workspace.withPassphrase(flags, name, (passphrase) =>
        // Only a failure is a record of its own.
        recorded(record, "unlock", () => stacks.unlock(name, project.folder, passphrase)));
    }
    const sources = hostSources(flags.allowSource ?? [], workspace.env);
    const server = new Server({ home: workspace.home, stacks, idleLockSeconds, hosts: hosts.map(inUrl), sources });
    using _signals = onSignals(server); // before anybody can know that it runs
    await server.start({ addresses, awsAgent, certificate });
    const { urls: listeners, certificate: shown } = server;
    report.data({ listeners, stacks: stacks.list(), tokenFile: location.tokenFile, certificate: shown }, () => []);
    report.note(`serving ${stacks.list().join(", ")} at ${listeners.join(", ")}`);
    report.note(`the owner's token is in ${location.tokenFile}`);
    if (all.some(isAnyAddress) && !flags.host) report.warning(NO_NAME);
    if (shown) report.note(`the certificate is in ${shown.file}, SHA-256 ${shown.sha256}`);
    if (shown?.file === location.certificateFile) report.note(TRUST);
    await server.ended;
    report.note("stopped");
  },
});

/** SIGHUP locks; SIGTERM and SIGINT finish what is under way and end. */
function onSignals(server: Server): Disposable {
  const listeners = [
    ["SIGHUP", () => void server.lock()],
    ["SIGTERM", () => server.stop()],
    ["SIGINT", () => server.stop()],
  ] as const;
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return {
    [Symbol.dispose]() {
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

/** @throws {Fault} USAGE for what is no time, and for none at all: it would lock before anybody could ask */
function idleTime(text: string): number {
  const seconds = parseDuration(text, "--ttl");
  if (seconds > 0) return seconds;
  throw new Fault("USAGE", "--ttl is no time at all", { hint: "without --ttl it never locks itself" });
}

/** Made, or read, when it is known that no other server runs. @throws {Fault} USAGE; NOT_FOUND or CONFIG for a given one */
function certificateOf(
  { tlsCert, tlsKey, allowRemote }: Flags,
  hosts: readonly string[],
  location: ServerLocation,
): (() => Promise<ServerCertificate>) | undefined {
  if (tlsCert !== undefined && tlsKey !== undefined) {
    const given = givenCertificate(tlsCert, tlsKey);
    return () => Promise.resolve(given);
  }
  if (tlsCert !== undefined || tlsKey !== undefined) {
    throw new Fault("USAGE", "--tls-cert and --tls-key belong together", { hint: "give both" });
  }
  if (!allowRemote) return undefined;
  // The names that the Host header may have, and no others.
  const names = [...new Set([...LOCAL_HOSTS.map((name) => name.replace(/^\[|\]$/g, "")), ...hosts])].sort();
  return () => ownCertificate(location, names, new Date());
}

/** Other machines, and browsers by way of 0.0.0.0, reach what is not the loopback. */
function requireSafe(addresses: readonly Address[], { allowRemote }: Flags): void {
  const remote = addresses.some((address) => address.kind === "tcp" && !isLoopbackName(address.hostname));
  if (!remote || allowRemote) return;
  throw new Fault("USAGE", "that address can be reached from other machines", {
    hint: "listen on 127.0.0.1, or add --allow-remote, which takes TLS",
  });
}

/** A name or an address as it stands in a Host header, but without brackets. @throws {Fault} USAGE */
function parseHost(text: string): string {
  const host = HOST_NAME.test(text) ? inUrl(text.replace(/^\[|\]$/g, "")) : "";
  if (URL.canParse(`http://${host}`)) return new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, "");
  throw new Fault("USAGE", `${JSON.stringify(text)} is not a host's name`, {
    hint: "--host coffer.example or --host 192.0.2.1, without a port",
  });
}

function inUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
