/** Copying all secrets from one provider to another: all of them and whole, or as it was. */
import { Fault } from "../fault.ts";
import type { SecretName } from "../name.ts";
import type { NewValue } from "../stack/stack.ts";
import { can } from "./ability.ts";
import { findSecrets } from "./all_or_none.ts";
import type { ChangeableProvider, ListableProvider, ProvidedValue, Provider, RemovableProvider } from "./provider.ts";
import { isSame } from "./same_value.ts";

type Target = ChangeableProvider & RemovableProvider;

export interface MigrateOptions {
  /** Whether another value that is there already is replaced. */
  readonly replace: boolean;
  /** Called after each secret with 0…1. */
  readonly onProgress?: (done: number) => void;
}

export interface Migrated {
  readonly copied: readonly SecretName[];
  /** There already, the same. */
  readonly unchanged: readonly SecretName[];
}

/**
 * Copies the newest value of every secret, and reads each back.
 * @throws {Fault} CONFLICT naming every secret of which there is another value already: then nothing is written. Whatever
 * goes wrong after that, what was written is taken back
 */
export async function migrate(
  from: ListableProvider,
  to: Target,
  { replace, onProgress = () => {} }: MigrateOptions,
): Promise<Migrated> {
  const names = await from.list();
  const source = await findSecrets(from, names);
  const before = await findSecrets(to, names);
  const written: SecretName[] = [];
  try {
    const changed = [...source].filter(([name, value]) => !areSame(value, before.get(name)));
    const others = changed.filter(([name]) => before.has(name)).map(([name]) => name);
    if (others.length > 0 && !replace) throw conflict(others);
    try {
      for (const [name, value] of changed) {
        await put(to, name, value, before.get(name)).catch((error) => {
          // It may have got there all the same, unless somebody else was there first.
          if (!isConflict(error)) written.push(name);
          throw error;
        });
        written.push(name);
        onProgress(written.length / changed.length);
      }
      await requireSame(to, source);
    } catch (error) {
      throw withLeft(error, await takeBack(to, written, before, source));
    }
    const copied = changed.map(([name]) => name);
    return { copied, unchanged: [...source.keys()].filter((name) => !copied.includes(name)) };
  } finally {
    for (const { value } of [...source.values(), ...before.values()]) value.dispose();
  }
}

/** Nobody's newer value is overwritten: neither on the way there nor on the way back. */
async function put(
  to: ChangeableProvider,
  name: SecretName,
  next: NewValue,
  expected: NewValue | undefined,
): Promise<void> {
  await to.change(name, (current) => {
    if (!areSame(current, expected)) throw conflict([name]);
    return next;
  });
}

/** In the place of what was written, which may not have got there. */
async function putBack(to: ChangeableProvider, name: SecretName, old: NewValue, written: NewValue): Promise<void> {
  await to.change(name, (current) => {
    if (areSame(current, old)) return undefined;
    if (!areSame(current, written)) throw conflict([name]);
    return old;
  });
}

async function requireSame(to: Provider, source: ReadonlyMap<SecretName, ProvidedValue>): Promise<void> {
  const found = await findSecrets(to, [...source.keys()]);
  const different = [...source].filter(([name, value]) => !areSame(value, found.get(name))).map(([name]) => name);
  for (const { value } of found.values()) value.dispose();
  if (different.length === 0) return;
  throw new Fault("INTERNAL", `what was written cannot be read back: ${different.join(", ")}`, {
    hint: "nothing was migrated; the provider does not keep what it is given",
  });
}

/**
 * Removes what was written where there was no value. Of a secret that was deleted, and can be had back, there are older
 * versions: removing would take these as well.
 * @throws {Fault} CONFLICT when there are
 */
async function removeNew(to: Target, name: SecretName): Promise<void> {
  if (can(to, "history") && (await to.history(name)).length > 1) throw conflict([name]);
  await to.remove([name]);
}

/** As well as it goes. @returns what could not be taken back, or is not what was written */
async function takeBack(
  to: Target,
  written: readonly SecretName[],
  before: ReadonlyMap<SecretName, ProvidedValue>,
  source: ReadonlyMap<SecretName, ProvidedValue>,
): Promise<SecretName[]> {
  const left: SecretName[] = [];
  for (const name of written) {
    const old = before.get(name);
    try {
      if (old) await putBack(to, name, old, source.get(name)!);
      else if (await holds(to, name, source.get(name)!)) await removeNew(to, name);
    } catch {
      left.push(name);
    }
  }
  return left;
}

function withLeft(error: unknown, left: readonly SecretName[]): unknown {
  if (left.length === 0 || !(error instanceof Fault)) return error;
  return new Fault(error.code, `${error.message}; left as they were copied: ${left.join(", ")}`, {
    hint: "look at these; run it again to go on",
    cause: error,
  });
}

function isConflict(error: unknown): boolean {
  return error instanceof Fault && error.code === "CONFLICT";
}

/** Whether it is there as it was written. @throws {Fault} CONFLICT when something else is there */
async function holds(provider: Provider, name: SecretName, value: NewValue): Promise<boolean> {
  const found = (await findSecrets(provider, [name])).get(name);
  using _found = found?.value;
  if (found && !isSame(value, found)) throw conflict([name]);
  return found !== undefined;
}

function areSame(one: NewValue | undefined, other: NewValue | undefined): boolean {
  return one && other ? isSame(one, other) : one === other;
}

function conflict(names: readonly SecretName[]): Fault {
  return new Fault("CONFLICT", `other values are there already: ${names.join(", ")}`, {
    hint: "nothing was written; --replace makes them older versions",
  });
}
