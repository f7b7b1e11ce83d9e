/**
 * A day of a server's work in minutes: many mixed requests, then nothing, then a kill. What it holds, memory and
 * descriptors, must not grow; what it has confirmed must be there.
 */
import { type Clients, mixedClients } from "./endurance_clients.ts";
import { residentMiB, type RunningServer, startServer, urlIn } from "./server.ts";
import type { Subject } from "./measure.ts";

/** How often resident memory is looked at. */
const SAMPLES = 200;
const IDLE_MS = 30_000;
/** Of writes that are under way when the server is killed. */
const BURST_MS = 2000;

export interface Endurance {
  /** `coffer serve` at a free port. */
  readonly serve: Subject;
  /** Another command of the same project and home. */
  readonly command: (...args: readonly string[]) => Subject;
  /** The folder of the server's state. */
  readonly state: string;
  readonly requests: number;
}

export interface Endured {
  readonly requests: number;
  readonly seconds: number;
  /** How many of each kind. */
  readonly kinds: ReadonlyMap<string, number>;
  /** Medians of the quarters of the samples, and after the idle time. */
  readonly residentMiB: readonly number[];
  readonly idleMiB: number;
  /** After a tenth of the requests, and after the idle time. */
  readonly descriptors: readonly [before: number, after: number];
  /** Writes that were confirmed, and those of them that could not be read after the kill. */
  readonly confirmed: number;
  readonly lost: number;
  /** What commands found wrong afterwards. */
  readonly complaints: readonly string[];
}

export async function endure({ serve, command, state, requests }: Endurance): Promise<Endured> {
  const server = await startServer(serve);
  const clients = mixedClients(placeOf(server, state));
  const samples: number[] = [];
  let before = 0;
  const started = performance.now();
  for (let sample = 1; sample <= SAMPLES; sample++) {
    await clients.make(Math.floor(requests * sample / SAMPLES));
    samples.push(residentMiB(server.pid));
    if (sample === SAMPLES / 10) before = descriptorsOf(server.pid);
  }
  const seconds = (performance.now() - started) / 1000;
  await pause(IDLE_MS);
  const idleMiB = residentMiB(server.pid);
  const after = descriptorsOf(server.pid);
  await killInTheMiddle(server, clients);
  const quarters = [0, 1, 2, 3].map((n) => median(samples.slice(n * SAMPLES / 4, (n + 1) * SAMPLES / 4)));
  return {
    requests: clients.made,
    seconds,
    kinds: clients.kinds,
    residentMiB: quarters,
    idleMiB,
    descriptors: [before, after],
    ...await lookAfterwards({ serve, state }, clients),
    complaints: [...await complaintOf(command("verify")), ...await complaintOf(command("audit", "--verify"))],
  };
}

async function killInTheMiddle(server: RunningServer, clients: Clients): Promise<void> {
  const writing = clients.writeUntilRefused();
  await pause(BURST_MS);
  Deno.kill(server.pid, "SIGKILL");
  await writing;
}

/** Starts the server anew and reads all that the one before has confirmed. */
async function lookAfterwards({ serve, state }: Pick<Endurance, "serve" | "state">, clients: Clients) {
  await using server = await startServer(serve);
  return await clients.readBack(placeOf(server, state));
}

async function complaintOf({ command: [program, ...args], cwd, env }: Subject): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
    stdin: "null",
  }).output();
  return success ? [] : [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
}

export function enduranceTable(endured: Endured): string {
  const { requests, seconds, kinds, residentMiB, idleMiB, descriptors, confirmed, lost, complaints } = endured;
  const whole = (n: number) => n.toLocaleString("en");
  return [
    "| | |",
    "|---|---|",
    `| requests | ${whole(requests)} in ${seconds.toFixed(0)} s: ${
      [...kinds].map(([kind, count]) => `${whole(count)} ${kind}`).join(", ")
    } |`,
    `| resident MiB, medians of the quarters | ${residentMiB.map((mib) => mib.toFixed(1)).join(", ")} |`,
    `| the last quarter against the one before | ${((residentMiB[3]! / residentMiB[2]! - 1) * 100).toFixed(1)} % |`,
    `| resident MiB after ${IDLE_MS / 1000} s without a request | ${idleMiB.toFixed(1)} |`,
    `| descriptors after a tenth, and at the end | ${descriptors.join(", ")} |`,
    `| confirmed writes lost by \`kill -9\` while writing | ${lost} of ${whole(confirmed)} |`,
    `| \`coffer verify\`, \`coffer audit --verify\` | ${complaints.length === 0 ? "fine" : complaints.join("; ")} |`,
  ].join("\n");
}

/** Where clients find a server: its token is another after each start. */
function placeOf(server: RunningServer, state: string) {
  return { url: urlIn(server), socket: `${state}/socket`, token: Deno.readTextFileSync(`${state}/token`) };
}

function descriptorsOf(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
