/** The stacks that the server has unlocked, in memory until it is locked. */
import { Fault } from "../../core/fault.ts";
import type { StackName } from "../../core/name.ts";
import type { SlotKey } from "../../core/seal/passphrase_slot.ts";
import { slotKeyOf } from "../../core/seal/passphrase_slot.ts";
import type { Secret } from "../../core/secret.ts";
import { LockedStack } from "../../core/stack/locked_stack.ts";
import { Project } from "../../core/stack/project.ts";
import type { Stack } from "../../core/stack/stack.ts";
import { UnchangedFiles } from "../../core/store/unchanged_files.ts";
import type { Mounts } from "../../server/dependencies.ts";
import { MemoryReturn } from "./memory_return.ts";

interface Unlocked {
  readonly stack: Stack;
  readonly key: SlotKey;
}

export class UnlockedStacks implements Mounts, Disposable {
  readonly current: StackName;
  readonly #unlocked = new Map<StackName, Unlocked>();
  readonly #memory = new MemoryReturn();

  /** @param current the one that `coffer:///name` means */
  constructor(current: StackName) {
    this.current = current;
  }

  list(): readonly StackName[] {
    return [...this.#unlocked.keys()].sort();
  }

  get(stack: StackName): Stack | undefined {
    return this.#unlocked.get(stack)?.stack;
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
      throw new Fault("CONFLICT", `the server has another stack ${name}, of another project`, {
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

function wipe({ stack, key }: Unlocked): void {
  stack.dispose();
  key.kek.fill(0);
}
