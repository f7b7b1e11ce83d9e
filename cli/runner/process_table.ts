/** Other processes, from Linux's /proc. */
import { mayHaveMembers } from "../native/process_group.ts";

/** The children of a process. Empty where the kernel does not tell. */
export function childrenOf(pid: number): number[] {
  try {
    const tasks = [...Deno.readDirSync(`/proc/${pid}/task`)];
    const lists = tasks.map(({ name }) => Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`));
    return lists.flatMap((list) => list.split(" ").filter((text) => text.trim() !== "").map(Number));
  } catch {
    return [];
  }
}

export interface ProcessStat {
  readonly group: number;
  readonly session: number;
  /** 0: no controlling terminal. */
  readonly terminal: number;
  readonly foregroundGroup: number;
}

/** From proc(5). Undefined when there is no such process, and for one that has ended and was not waited for. */
export function statOf(pid: number): ProcessStat | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The program's name is in parentheses and may hold anything.
    const [state, , group, session, terminal, foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") return undefined;
    const [g, s, t, f] = [group, session, terminal, foreground].map(Number) as [number, number, number, number];
    return { group: g, session: s, terminal: t, foregroundGroup: f };
  } catch {
    return undefined;
  }
}

/** Whether a process group has a member that runs. */
export function groupExists(group: number): boolean {
  if (!mayHaveMembers(group)) return false;
  // What has ended counts until its parent asks, and not every container has a first process that does.
  return running().some(({ stat }) => stat.group === group);
}

/** The processes of a session. */
export function sessionMembers(session: number): number[] {
  return running().filter(({ stat }) => stat.session === session).map(({ pid }) => pid);
}

function running(): { readonly pid: number; readonly stat: ProcessStat }[] {
  const pids = [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter(Number.isInteger);
  return pids.flatMap((pid) => {
    const stat = statOf(pid);
    return stat ? [{ pid, stat }] : [];
  });
}
