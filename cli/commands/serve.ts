import { Fault } from "../../core/fault.ts";
import { parseStackName, type StackName } from "../../core/name.ts";
import { recorded } from "../../core/stack/access.ts";
import { command, type CommonFlags, toggle } from "../command.ts";
import { type Address, type Certificate, isLoopbackName, parseAddress } from "../server/listener.ts";
import { serverLocation } from "../server/location.ts";
import { Server } from "../server/server.ts";
import { UnlockedStacks } from "../server/unlocked_stacks.ts";
import { hostSources, parseHostSources } from "../server/host_sources.ts";
import { parseDuration } from "../../server/duration.ts";
import type { HostSources } from "../../server/dependencies.ts";
import { readFileBytes } from "../input.ts";

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

const MAX_PEM_BYTES = 1024 * 1024;

export const serve = command<Flags, StackName[]>({
  brief: "Unlock once, and serve secrets to processes and containers",
  details:
    "Speaks Vault's HTTP API, each stack a KV v2 mount, and unlocks the stack for all other commands. Listens on a unix\n" +
    "socket that only you can reach; --listen adds others. The owner's token is in a file beside the socket.",
  examples: ["serve", "serve --listen 127.0.0.1:8200", "serve dev prod --ttl 8h", "serve --allow-source env"],
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
    allowRemote: toggle("Listen beyond this machine; with TLS only"),
    tlsCert: { kind: "parsed", parse: String, optional: true, brief: "Certificate chain, PEM", placeholder: "file" },
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
    const certificate = certificateOf(flags);
    requireSafe([...addresses, ...awsAgent], flags, certificate);
    const idleLockSeconds = flags.ttl === undefined ? undefined : parseDuration(flags.ttl, "--ttl");
    const project = await workspace.project();
    const current = workspace.stackName(flags, project);
    using stacks = new UnlockedStacks(names[0] ?? current);
    for (const name of names.length > 0 ? names : [current]) {
      const record = await workspace.recorder(name, undefined);
      await workspace.withPassphrase(flags, name, (passphrase) =>
        // Only a failure is a record of its own.
        recorded(record, "unlock", () => stacks.unlock(name, project.folder, passphrase)));
    }
    const hosts = (flags.host ?? []).map((host) => host.toLowerCase());
    const sources = hostSources(flags.allowSource ?? [], workspace.env);
    const server = new Server({ home: workspace.home, stacks, idleLockSeconds, hosts, sources });
    using _signals = onSignals(server); // before anybody can know that it runs
    await server.start(addresses, awsAgent, certificate);
    report.data({ listeners: server.urls, stacks: stacks.list(), tokenFile: location.tokenFile }, () => []);
    report.note(`serving ${stacks.list().join(", ")} at ${server.urls.join(", ")}`);
    report.note(`the owner's token is in ${location.tokenFile}`);
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

function certificateOf({ tlsCert, tlsKey }: Flags): Certificate | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new Fault("USAGE", "--tls-cert and --tls-key belong together", { hint: "give both" });
  }
  const [cert, key] = [tlsCert, tlsKey].map((path) => new TextDecoder().decode(readFileBytes(path, MAX_PEM_BYTES)));
  return { cert: cert!, key: key! };
}

/** Other machines, and browsers by way of 0.0.0.0, reach what is not the loopback. */
function requireSafe(
  addresses: readonly Address[],
  { allowRemote }: Flags,
  certificate: Certificate | undefined,
): void {
  const remote = addresses.some((address) => address.kind === "tcp" && !isLoopbackName(address.hostname));
  if (!remote) return;
  if (!allowRemote) {
    throw new Fault("USAGE", "that address can be reached from other machines", {
      hint: "listen on 127.0.0.1, or add --allow-remote with --tls-cert and --tls-key",
    });
  }
  if (!certificate) {
    throw new Fault("USAGE", "--allow-remote wants TLS", { hint: "add --tls-cert FILE and --tls-key FILE" });
  }
}
