/** The stacks that the server has unlocked, in memory until it is locked. */
import { Fault } from "../../core/fault.ts";
import type { StackName } from "../../core/name.ts";
import type { Provider } from "../../core/providers/provider.ts";
import type { SlotKey } from "../../core/seal/passphrase_slot.ts";
import { slotKeyOf } from "../../core/seal/passphrase_slot.ts";
import type { Secret } from "../../core/secret.ts";
import { LockedStack } from "../../core/stack/locked_stack.ts";
import { Project } from "../../core/stack/project.ts";
import type { Stack } from "../../core/stack/stack.ts";
import { PROVIDER_DOCUMENT, type StoredDocument } from "../../core/store/store.ts";
import { UnchangedFiles } from "../../core/store/unchanged_files.ts";
import type { Mounts } from "../../server/dependencies.ts";
import { MemoryReturn } from "../memory_return.ts";

interface Unlocked {
  readonly stack: Stack;
  readonly key: SlotKey;
  remote?: Remote;
}

/** The provider that was registered when it was last asked for. */
interface Remote {
  /** The same object as long as it is the same registration. */
  readonly document: StoredDocument;
  readonly provider: Promise<Provider | undefined>;
}

/** Opens the provider that is registered for a stack. */
export type OpenRemote = (stack: Stack) => Promise<Provider | undefined>;

export class UnlockedStacks implements Mounts, Disposable {
  readonly current: StackName;
  readonly #unlocked = new Map<StackName, Unlocked>();
  readonly #openRemote: OpenRemote;
  readonly #memory = new MemoryReturn();

  /** @param current the one that `coffer:///name` means */
  constructor(current: StackName, openRemote: OpenRemote) {
    this.current = current;
    this.#openRemote = openRemote;
  }

  list(): readonly StackName[] {
    return [...this.#unlocked.keys()].sort();
  }

  get(stack: StackName): Stack | undefined {
    return this.#unlocked.get(stack)?.stack;
  }

  async remote(name: StackName): Promise<Provider | undefined> {
    const unlocked = this.#unlocked.get(name);
    const document = await unlocked?.stack.session.openDocument(PROVIDER_DOCUMENT, (stored) => stored);
    if (!unlocked || unlocked.remote?.document === document) return await unlocked?.remote?.provider;
    leave(unlocked);
    if (!document) return undefined;
    const remote: Remote = { document, provider: this.#openRemote(unlocked.stack) };
    unlocked.remote = remote;
    try {
      return await remote.provider;
    } catch (error) {
      if (unlocked.remote === remote) delete unlocked.remote; // the next one to ask tries again
      throw error;
    }
  }

  /** The key of the stack with this id. */
  keyOf(id: string): SlotKey | undefined {
    return [...this.#unlocked.values()].find(({ stack }) => stack.header.id === id)?.key;
  }

  /**
   * Unlocks a stack, or does so again after its passphrase was changed.
   * @param project the folder that holds the project's stacks
   * @throws {Fault} LOCKED when the passphrase is wrong; CONFLICT when a stack of that name is served from elsewhere
   */
  async unlock(name: StackName, project: string, passphrase: Secret): Promise<void> {
    const locked = await LockedStack.load(new Project(project).store(name, new UnchangedFiles()));
    const before = this.#unlocked.get(name);
    if (before && before.stack.header.id !== locked.header.id) {
      throw new Fault("CONFLICT", `the server has another stack ${name}, of another project or from before`, {
        hint: "coffer stop, then coffer serve in this project",
      });
    }
    const key = await slotKeyOf(locked.header.slot, passphrase).finally(() => this.#memory.unlocked());
    const stack = locked.unlockWith({ ...key, kek: key.kek.slice() });
    this.#unlocked.set(name, { stack, key });
    if (before) wipe(before);
  }

  /** Forgets every key. */
  lock(): void {
    for (const unlocked of this.#unlocked.values()) wipe(unlocked);
    this.#unlocked.clear();
  }

  [Symbol.dispose](): void {
    this.lock();
    this.#memory[Symbol.dispose]();
  }
}

function wipe(unlocked: Unlocked): void {
  leave(unlocked);
  unlocked.stack.dispose();
  unlocked.key.kek.fill(0);
}

/** Nobody waits for it to end, or could do anything when it does not. */
function leave(unlocked: Unlocked): void {
  unlocked.remote?.provider.then((provider) => provider?.[Symbol.asyncDispose]()).catch(() => {});
  delete unlocked.remote;
}
