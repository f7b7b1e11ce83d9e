/** What `coffer serve` answers under load, beside OpenBao's development server and beside servers that do nothing. */
import { startBaoDevServer } from "../../test/fixture/openbao.ts";
import { type Answered, type Load, waiting, wrk } from "./http_load.ts";
import { type Goal, medianOf, type Row } from "./http_table.ts";
import type { Subject } from "./measure.ts";
import { residentMiB, startServer, urlIn } from "./server.ts";
import { tokens } from "./stack_of.ts";

/** How many values are asked for at once. */
export const AT_ONCE = 20;
/** The bars. */
const TIMES_OPENBAO = 1.5, RESOLVE_MS = 1, RESIDENT_MIB = 150;
const REQUESTS = 1_000_000;

export interface Setting {
  /** For wrk's scripts. */
  readonly folder: string;
  /** `coffer serve` at a free port, and the folder of its state. */
  readonly serve: Subject;
  readonly state: string;
  /** Of the stack `dev`, by name. */
  readonly values: ReadonlyMap<string, string>;
  readonly seconds: number;
  readonly rounds: number;
}

interface Measured {
  readonly rows: readonly Row[];
  readonly goals: readonly Goal[];
}

/** One kind of request to one server. */
interface Subjected {
  readonly name: string;
  readonly pid: number;
  readonly answer: () => Promise<Answered>;
}

export async function measureServers({ folder, serve, state, values, seconds, rounds }: Setting): Promise<Measured> {
  await using coffer = await startServer(serve);
  await using bao = await startBaoDevServer();
  await using bare = await startServer(bareServer("deno"));
  await using hono = await startServer(bareServer("hono"));
  const ours = { url: urlIn(coffer), token: Deno.readTextFileSync(`${state}/token`) };
  const theirs = { url: bao.address, token: bao.token };
  const [name] = values.keys();
  const data = { value: tokens(1).values().next().value! };
  await wrk(folder, { url: `${theirs.url}/v1/secret/data/${name}`, token: theirs.token, body: { data } }, 1);
  const references = { references: [...values.keys()].slice(0, AT_ONCE) };

  const atSocket = () => Deno.connect({ transport: "unix", path: `${state}/socket` });
  const atBao = () => Deno.connect(placeOf(theirs.url));
  const by = (load: Load) => () => wrk(folder, load, seconds);
  const at = (server: Omit<Load, "body">, path: string, body?: unknown) =>
    by({ ...server, url: server.url + path, body });
  const read = { ours: `/v1/dev/data/${name}`, theirs: `/v1/secret/data/${name}` };
  const subjects: readonly Subjected[] = [
    { name: "a bare `Deno.serve`", pid: bare.pid, answer: by({ url: urlIn(bare) + read.ours, token: "" }) },
    { name: "a bare hono", pid: hono.pid, answer: by({ url: urlIn(hono) + read.ours, token: "" }) },
    { name: "Coffer, read", pid: coffer.pid, answer: at(ours, read.ours) },
    { name: "OpenBao, read", pid: bao.pid, answer: at(theirs, read.theirs) },
    { name: "Coffer, write", pid: coffer.pid, answer: at(ours, "/v1/dev/data/written", { data }) },
    { name: "OpenBao, write", pid: bao.pid, answer: at(theirs, "/v1/secret/data/written", { data }) },
    { name: `Coffer, resolve of ${AT_ONCE}`, pid: coffer.pid, answer: at(ours, "/v1/coffer/resolve", references) },
    {
      name: `Coffer, resolve of ${AT_ONCE}, one client at the unix socket`,
      pid: coffer.pid,
      answer: () => waiting(atSocket, { path: "/v1/coffer/resolve", token: ours.token, body: references }),
    },
    {
      name: `OpenBao, ${AT_ONCE} reads in turn, one client at TCP`,
      pid: bao.pid,
      answer: () => waiting(atBao, { path: read.theirs, token: theirs.token }, AT_ONCE),
    },
  ];
  const rows = await inTurn(subjects, rounds);
  const ofCoffer = rows.filter(({ name }) => name.startsWith("Coffer"));
  let requests = ofCoffer.flatMap(({ rounds }) => rounds).reduce((sum, { requests }) => sum + requests, 0);
  while (requests < REQUESTS) requests += (await at(ours, read.ours)()).requests;
  const row = (name: string) => rows.find((row) => row.name === name)!;
  const [reads, theirReads] = [row("Coffer, read"), row("OpenBao, read")];
  return {
    rows,
    goals: [
      {
        name: "reads, times OpenBao's per second",
        here: medianOf(reads, "perSecond") / medianOf(theirReads, "perSecond"),
        atLeast: TIMES_OPENBAO,
      },
      {
        name: "reads, p99 as a part of OpenBao's",
        here: medianOf(reads, "p99Ms") / medianOf(theirReads, "p99Ms"),
        atMost: 1,
      },
      {
        name: `resolve of ${AT_ONCE} at the unix socket, p50, ms`,
        here: medianOf(row(`Coffer, resolve of ${AT_ONCE}, one client at the unix socket`), "p50Ms"),
        atMost: RESOLVE_MS,
      },
      {
        name: `resident MiB after ${requests.toLocaleString("en")} requests`,
        here: residentMiB(coffer.pid),
        atMost: RESIDENT_MIB,
      },
    ],
  };
}

/** Each once a round, so that the machine's phases hit all alike; the first round does not count. */
async function inTurn(subjects: readonly Subjected[], rounds: number): Promise<Row[]> {
  const answered = subjects.map((): Answered[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { answer }] of subjects.entries()) {
      const figures = await answer();
      if (round > 0) answered[i]!.push(figures);
    }
  }
  return subjects.map(({ name, pid }, i) => ({ name, rounds: answered[i]!, residentMiB: residentMiB(pid) }));
}

function bareServer(kind: string): Subject {
  return { name: kind, command: [Deno.execPath(), "run", "-A", `${import.meta.dirname}/bare_server.ts`, kind] };
}

function placeOf(url: string): Deno.ConnectOptions {
  const { hostname, port } = new URL(url);
  return { hostname, port: Number(port) };
}
