/** The CI runner that reads our output and obeys commands in it, known for certain or not at all. */
import { azureMask } from "../../core/interchange/azure.ts";
import { githubMask } from "../../core/interchange/github.ts";
import type { Host } from "../host.ts";
import { type Ancestor, ancestors, argumentsOf, isUnixSocket, outputOf, readsOutput } from "./output_reader.ts";

const LARGEST_SCRIPT_BYTES = 1024 * 1024;

interface Runner {
  /** `true` in its jobs. */
  readonly variable: string;
  /** The programs that read a step's output, by their file names. */
  readonly programs: ReadonlySet<string>;
  /** The command that has it mask a line. */
  readonly mask: (line: string) => string;
  /** Whether `process` reads `output` and will obey. `between` are those from our parent up to its child. */
  readonly obeys: (process: Ancestor, output: string | undefined, between: readonly Ancestor[]) => boolean;
}

const RUNNERS: readonly Runner[] = [
  {
    variable: "GITHUB_ACTIONS",
    programs: new Set(["Runner.Worker", "act_runner", "gitea-runner", "forgejo-runner"]),
    mask: githubMask,
    obeys: (process, output, between) => readsOutput(process, output) && !between.some(stopsCommands),
  },
  {
    variable: "TF_BUILD",
    programs: new Set(["Agent.Worker"]),
    mask: azureMask,
    obeys: (process, output, between) => readsOutput(process, output) || taskPassesOn(process, output, between),
  },
];

/** Which of stdout (1) and stderr (2) a runner reads, and its command to mask a line. Undefined where none is known to. */
export function outputToRunner(host: Host): { readonly fd: 1 | 2; readonly mask: Runner["mask"] } | undefined {
  const runner = RUNNERS.find(({ variable }) => host.env(variable)?.toLowerCase() === "true");
  if (!runner) return undefined;
  const line = ancestors();
  for (const fd of [1, 2] as const) {
    const output = outputOf("self", fd);
    const isRunner = (process: Ancestor, at: number) =>
      runner.programs.has(process.name) && runner.obeys(process, output, line.slice(0, at));
    if (line.some(isRunner)) return { fd, mask: runner.mask };
  }
  return undefined;
}

/**
 * Between `::stop-commands::` and its end the runner prints commands instead of obeying them. Nothing tells us whether
 * it does, so a step that knows how to stop them, in its script or one on the way to us, is left alone.
 */
function stopsCommands(process: Ancestor): boolean {
  const words = argumentsOf(process);
  const stops = /stop-[c]ommands/; // does not find itself in a bundle
  return words.length === 0 || words.some((word) => stops.test(word) || stops.test(scriptOf(process, word)));
}

function scriptOf({ pid }: Ancestor, word: string): string {
  const path = word.startsWith("/") ? word : `/proc/${pid}/cwd/${word}`;
  try {
    const { isFile, size } = Deno.statSync(path);
    return isFile && size <= LARGEST_SCRIPT_BYTES ? Deno.readTextFileSync(path) : "";
  } catch {
    return ""; // not a file
  }
}

/** Azure's script tasks, which pass on what their script prints: `…/_tasks/Bash_<id>/<version>/bash.js`. */
const SCRIPT_TASK = /\/_tasks\/(?:Bash|CmdLine|PowerShell)_[0-9a-f-]{36}\//;

/**
 * Azure's agent starts such a task with Node.js, and that the script. Node.js gives its children sockets, whose other
 * end cannot be seen; but what the script itself has for its output is what the task gave it.
 */
function taskPassesOn(agent: Ancestor, output: string | undefined, between: readonly Ancestor[]): boolean {
  const [script, task] = [between.at(-2), between.at(-1)];
  if (task === undefined || !argumentsOf(task).some((word) => SCRIPT_TASK.test(word))) return false;
  const given = ([1, 2] as const).map((fd) => outputOf(script?.pid ?? "self", fd));
  return isUnixSocket(output) && given.includes(output) && readsOutput(agent, outputOf(task.pid, 1));
}
