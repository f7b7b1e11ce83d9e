/**
 * Who reads what we print, from Linux's /proc: an ancestor of ours that holds the other end of our output. What cannot
 * be seen (another user's process, another container's, another system's) is not known, and taken for a no.
 */

/** A process that started us, by itself or through others. */
export interface Ancestor {
  readonly pid: number;
  /** The program's file name, cut to 15 bytes (proc(5), comm). */
  readonly name: string;
}

/** From our parent upwards, as far as can be seen. */
export function ancestors(): Ancestor[] {
  const found: Ancestor[] = [];
  for (let pid = Deno.ppid; pid > 0;) {
    const [, name, parent] = /\((.*)\) \S+ (\d+)/s.exec(read(`/proc/${pid}/stat`)) ?? [];
    if (name === undefined) break;
    found.push({ pid, name });
    pid = Number(parent);
  }
  return found;
}

/** What stdout (1) or stderr (2) is: `pipe:[1234]`, `/dev/pts/5`, the path of a file. */
export function outputOf(process: number | "self", fd: 1 | 2): string | undefined {
  return link(`/proc/${process}/fd/${fd}`);
}

/** Whether a process has the end of `output` that is read: of a pipe, or of a terminal that it made. */
export function readsOutput({ pid }: Ancestor, output: string | undefined): boolean {
  const isTerminal = output?.startsWith("/dev/pts/");
  if (!isTerminal && !output?.startsWith("pipe:[")) return false;
  // Elsewhere the same name may be another terminal: a sandbox brings its own /dev.
  if (isTerminal && !sameFiles(pid)) return false;
  return list(`/proc/${pid}/fd`).some((fd) => {
    const other = link(`/proc/${pid}/fd/${fd}`);
    const info = read(`/proc/${pid}/fdinfo/${fd}`);
    if (isTerminal) return !!other?.endsWith("/ptmx") && field(info, "tty-index") === output?.split("/").at(-1);
    return other === output && (parseInt(field(info, "flags") ?? "1", 8) & ACCESS_MODE) !== WRITE_ONLY;
  });
}

/** A process's command line. Empty when it cannot be seen. */
export function argumentsOf({ pid }: Ancestor): string[] {
  return read(`/proc/${pid}/cmdline`).split("\0").slice(0, -1);
}

/** Whether it is a socket between processes of this machine: what Node.js gives its children instead of a pipe. */
export function isUnixSocket(output: string | undefined): boolean {
  const inode = /^socket:\[(\d+)\]$/.exec(output ?? "")?.[1];
  return inode !== undefined && read("/proc/net/unix").split("\n").some((line) => line.split(/\s+/)[6] === inode);
}

/** open(2): O_ACCMODE, O_WRONLY. */
const ACCESS_MODE = 0o3;
const WRITE_ONLY = 0o1;

function sameFiles(pid: number): boolean {
  const ours = link("/proc/self/ns/mnt");
  return ours !== undefined && link(`/proc/${pid}/ns/mnt`) === ours;
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(\\d+)$`, "m").exec(info)?.[1];
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

function link(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}

function list(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name);
  } catch {
    return [];
  }
}
