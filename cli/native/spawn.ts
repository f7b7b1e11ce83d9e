/** Starting a process with posix_spawn(3): the runtime's own call knows neither process groups nor descriptors. */
import { cString, fixed, type Functions, libc } from "./libc.ts";
import { EACCES, ENOENT, searchProgram } from "./program_search.ts";
import { StringVector } from "./string_vector.ts";

const SYMBOLS = {
  access: { parameters: ["buffer", "i32"], result: "i32" },
  posix_spawn: { parameters: ["buffer", "buffer", "buffer", "buffer", "buffer", "buffer"], result: "i32" },
  posix_spawn_file_actions_adddup2: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  posix_spawn_file_actions_addopen: { parameters: ["buffer", "i32", "buffer", "i32", "u32"], result: "i32" },
} as const;

/** <spawn.h> */
const SETPGROUP = 0x02, SETSIGDEF = 0x04, SETSID = 0x80;
const O_RDWR = 2, F_OK = 0, X_OK = 1;
/**
 * Our runtime ignores SIGPIPE, and what is ignored stays so across exec: `yes | head` would not end. The other two are
 * the C library's own, which it has children ignore.
 */
const TO_DEFAULT = [13, 32, 33];
/**
 * glibc's structures, of 80 and 336 bytes, with room to spare. All zeros is how its own functions initialize them, so
 * these need not be looked up, which takes longer than starting the process. <spawn.h> has the fields: flags, a process
 * group, and the signals to reset.
 */
const FILE_ACTIONS_BYTES = 256, ATTRIBUTES_BYTES = 512, FLAGS_AT = 0, SIGNALS_AT = 8;

export interface SpawnSpec {
  /** The program as typed, then its arguments; no NUL bytes. */
  readonly argv: readonly Uint8Array[];
  /** `NAME=value`. */
  readonly env: readonly Uint8Array[];
  /** The child's `PATH`, where a program without a slash is looked for. */
  readonly path: Uint8Array | undefined;
  /** `own`: a new process group. `session`: a new session, of which it is the leader. `shared`: ours. */
  readonly group: "shared" | "own" | "session";
  /** What it has as 0, 1, 2 and above: one of our descriptors, or a path that is opened; what is not named is ours. */
  readonly streams: Readonly<Record<number, number | string>>;
}

export class Spawner {
  readonly #libc: Functions<typeof SYMBOLS>;

  private constructor(functions: Functions<typeof SYMBOLS>) {
    this.#libc = functions;
  }

  /** Undefined where there is no such C library. */
  static load(): Spawner | undefined {
    const functions = libc(SYMBOLS);
    return functions && new Spawner(functions);
  }

  /** Starts a process, or tells why not. Its descriptors above 2 are ours that were handed to us. */
  spawn(spec: SpawnSpec): { readonly pid: number } | { readonly errno: number } {
    const actions = fixed(FILE_ACTIONS_BYTES);
    this.#addStreams(actions, spec.streams);
    const attributes = attributesOf(spec.group);
    using env = new StringVector(spec.env);
    const pid = fixed(4);
    const errno = searchProgram(spec.argv, spec.path, (file, words) => {
      const path = cString(file);
      // A failed start costs a hundred times what this look does, and `PATH` is long.
      if (file !== spec.argv[0] && this.#libc.access(path, F_OK) !== 0) return ENOENT;
      using argv = new StringVector(words);
      return this.#libc.posix_spawn(pid, path, actions, attributes, argv.pointers, env.pointers);
    });
    return errno === 0 ? { pid: new Int32Array(pid.buffer)[0]! } : { errno };
  }

  /** Looks for the program without starting it. Returns 0, or why it would not start. */
  locate(argv: SpawnSpec["argv"], path: SpawnSpec["path"]): number {
    const folderMark = new TextEncoder().encode("/.");
    return searchProgram(argv, path, (file) => {
      if (this.#libc.access(cString(file), F_OK) !== 0) return ENOENT;
      const isFolder = this.#libc.access(cString(new Uint8Array([...file, ...folderMark])), F_OK) === 0;
      return !isFolder && this.#libc.access(cString(file), X_OK) === 0 ? 0 : EACCES;
    });
  }

  /** Paths first: the first terminal that a session's leader opens becomes the session's own. */
  #addStreams(actions: Uint8Array<ArrayBuffer>, streams: SpawnSpec["streams"]): void {
    const entries = Object.entries(streams).map(([fd, stream]) => [Number(fd), stream] as const);
    for (const [fd, stream] of entries) {
      if (typeof stream === "string") {
        this.#libc.posix_spawn_file_actions_addopen(actions, fd, cString(stream), O_RDWR, 0);
      }
    }
    for (const [fd, stream] of entries) {
      if (typeof stream === "number") this.#libc.posix_spawn_file_actions_adddup2(actions, stream, fd);
    }
  }
}

function attributesOf(group: SpawnSpec["group"]): Uint8Array<ArrayBuffer> {
  const attributes = fixed(ATTRIBUTES_BYTES);
  const grouping = { shared: 0, own: SETPGROUP, session: SETSID }[group];
  new DataView(attributes.buffer).setInt16(FLAGS_AT, grouping | SETSIGDEF, true);
  for (const signal of TO_DEFAULT) attributes[SIGNALS_AT + ((signal - 1) >> 3)]! |= 1 << ((signal - 1) & 7);
  return attributes;
}
