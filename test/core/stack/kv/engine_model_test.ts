/** The engine of a stack against the model, with what the command line does in between. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Fault } from "../../../../core/fault.ts";
import type { SecretName } from "../../../../core/name.ts";
import { Secret } from "../../../../core/secret.ts";
import { createStack } from "../../../../core/stack/create.ts";
import { LockedStack } from "../../../../core/stack/locked_stack.ts";
import { rekey } from "../../../../core/stack/rekey.ts";
import type { Stack } from "../../../../core/stack/stack.ts";
import { verify } from "../../../../core/stack/verify.ts";
import { FileStore } from "../../../../core/store/file_store.ts";
import { MemoryStore } from "../../../../core/store/memory_store.ts";
import type { Store } from "../../../../core/store/store.ts";
import { PASSPHRASE, QUICK, valueOf } from "../../../fixture/stack_on_disk.ts";
import { temporaryFolder } from "../../../fixture/temporary_folder.ts";
import { CofferEngine } from "./coffer_engine.ts";
import { casOf, LOOKS, NAMES, type Step, step } from "./kv_steps.ts";
import { VaultModel } from "./vault_model.ts";

/** What an owner does without the engine. */
type OwnStep =
  | { readonly kind: "set"; readonly name: SecretName; readonly text: string }
  | { readonly kind: "get" | "rm"; readonly name: SecretName }
  | { readonly kind: "rollback"; readonly name: SecretName; readonly version: number }
  | { readonly kind: "names" | "rekey" | "reopen" };

const name = fc.constantFrom(...NAMES);
const ownStep: fc.Arbitrary<OwnStep> = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), name, text: fc.constantFrom("", "x", "é 🔑\n") }),
  fc.record({ kind: fc.constantFrom("get" as const, "rm" as const), name }),
  fc.record({ kind: fc.constant("rollback" as const), name, version: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constantFrom("names" as const, "rekey" as const, "reopen" as const) }),
);
const sequences = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: step.map((step) => ({ own: false as const, step })) },
    { weight: 1, arbitrary: ownStep.map((step) => ({ own: true as const, step })) },
  ),
  { maxLength: 40, size: "max" },
);

class UnderTest implements Disposable {
  readonly #store: Store;
  #stack: Stack;

  private constructor(store: Store, stack: Stack) {
    this.#store = store;
    this.#stack = stack;
  }

  static async make(store: Store): Promise<UnderTest> {
    return new UnderTest(store, await createStack(store, Secret.fromText(PASSPHRASE), QUICK));
  }

  run(step: Step, cas: number | undefined): Promise<unknown> {
    return new CofferEngine(this.#stack).run(step, cas);
  }

  async runOwn(step: OwnStep): Promise<unknown> {
    switch (step.kind) {
      case "set":
        return void await this.#stack.set(step.name, valueOf(step.text));
      case "get":
        return await this.#get(step.name);
      case "names":
        return await this.#names();
      case "rollback":
        return await found(() => this.#stack.rollback(step.name, step.version));
      case "rm":
        return await found(() => this.#stack.remove([step.name]));
      case "rekey":
        return void await rekey(this.#stack);
      case "reopen":
        this.#stack.dispose();
        return void (this.#stack = await (await LockedStack.load(this.#store)).unlock(Secret.fromText(PASSPHRASE)));
    }
  }

  async #get(name: SecretName): Promise<string | Uint8Array | undefined> {
    const opened = (await this.#stack.find([name])).get(name);
    assert.equal(await found(() => this.#stack.get(name)), opened !== undefined);
    if (!opened) return undefined;
    using value = opened.value;
    return opened.type === "json" ? value.revealText() : value.reveal();
  }

  /** By all ways to ask for them. */
  async #names(): Promise<string[]> {
    const names = await this.#stack.list();
    assert.deepEqual(await (await LockedStack.load(this.#store)).list(), names);
    assert.deepEqual([...(await this.#stack.getAll(names)).keys()], names);
    assert.deepEqual([...(await this.#stack.find(NAMES)).keys()].sort(), names);
    return names;
  }

  async assertSound(): Promise<void> {
    assert.deepEqual((await verify(this.#stack)).problems, new Map());
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

async function found(step: () => Promise<unknown>): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    if (error instanceof Fault && error.code === "NOT_FOUND") return false;
    throw error;
  }
}

async function runOnModel(model: VaultModel, step: OwnStep): Promise<unknown> {
  switch (step.kind) {
    case "set":
      return model.set(step.name, step.text);
    case "get":
      return model.get(step.name);
    case "names":
      return model.names();
    case "rollback":
      return model.rollback(step.name, step.version);
    case "rm":
      return model.rm(step.name);
    case "rekey":
    case "reopen":
      return await undefined;
  }
}

/** 0 and 1 both mean that nothing went, and only a counter of its own could tell which Vault would say. */
function withoutOldest(step: Step, answer: unknown): unknown {
  if (step.kind !== "metadata" || answer === undefined) return answer;
  const { oldest, ...rest } = answer as { readonly oldest: number };
  return { ...rest, oldest: oldest > 1 ? oldest : undefined };
}

async function assertAsModel(
  store: Store,
  sequence: readonly ({ own: false; step: Step } | { own: true; step: OwnStep })[],
) {
  using stack = await UnderTest.make(store);
  const model = new VaultModel();
  const run = async (step: Step) => {
    const cas = casOf(step, (name) => model.current(name));
    const [actual, expected] = [await stack.run(step, cas), await model.run(step, cas)];
    assert.deepEqual(withoutOldest(step, actual), withoutOldest(step, expected), JSON.stringify(step));
  };
  const runOwn = async (step: OwnStep) => {
    assert.deepEqual(await stack.runOwn(step), await runOnModel(model, step), JSON.stringify(step));
  };
  for (const { own, step } of sequence) await (own ? runOwn(step) : run(step));
  await stack.assertSound();
  for (const step of LOOKS) await run(step);
  for (const name of NAMES) await runOwn({ kind: "get", name: name });
  await runOwn({ kind: "names" });
}

Deno.test("KvEngine answers as the model when a stack in memory goes through any steps", async () => {
  await fc.assert(fc.asyncProperty(sequences, (sequence) => assertAsModel(new MemoryStore(), sequence)), {
    numRuns: 6000,
  });
});

Deno.test("KvEngine answers as the model when a stack on disk goes through any steps", async () => {
  await fc.assert(
    fc.asyncProperty(sequences, async (sequence) => {
      using folder = temporaryFolder("memory");
      await assertAsModel(new FileStore(folder.path), sequence);
    }),
    { numRuns: 40 },
  );
});
