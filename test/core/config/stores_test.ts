/**
 * Configurations against what they are to mean: those in `corpus/`, and Porter's own (docs/configuration.md).
 *
 * Porter's own loader, at the commit of `test/vectors/porter/`, was given the corpus once. It reads the same, but for what
 * is different on purpose: the default store (`nothing`, `only_comments`, `empty_object`, `context_empty`, `plugin_keys`,
 * `variable_both`), text that stays text (`template_plain`), Coffer's own keys (`pinned_plugin`), and secrets that it looks
 * up although nothing needs them (`porter_settings`, `template_missing`, `template_in_default`). Braces in texts are a
 * mistake to it (`templates`). Of what is refused here, it accepts `refused_keys`, `refused_paths`, `refused_twice` and
 * `refused_scalars`.
 */
import assert from "node:assert/strict";
import { type DocumentFormat, documentFormatOf, parseDocument } from "../../../core/config/document.ts";
import { renderConfig } from "../../../core/config/render.ts";
import { parseStores, type Store, type Stores, storesWithoutFile } from "../../../core/config/stores.ts";
import { Fault } from "../../../core/fault.ts";
import { assertFault } from "../../fixture/assert_fault.ts";

const CORPUS = `${import.meta.dirname}/corpus`;
const PORTER = `${import.meta.dirname}/../../vectors/porter`;
/** What the check of the whole asks for. */
const LEAST_CASES = 20;

interface Case {
  readonly about: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly context?: string;
  /** What is in the default store. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly expected?: unknown;
  /** Texts that the error has. */
  readonly refused?: readonly string[];
  /** Texts that it must not have. */
  readonly hidden?: readonly string[];
}

interface CorpusFile extends Case {
  readonly name: string;
  readonly format: DocumentFormat;
  readonly text: string;
}

/** @throws when there is none: a loader that finds nothing proves nothing */
function load(folder: string): CorpusFile[] {
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => !name.endsWith(".case.json"));
  const cases = files.sort().map((name) => ({
    ...JSON.parse(Deno.readTextFileSync(`${folder}/${name.replace(/\.[a-z]+$/, ".case.json")}`)) as Case,
    name,
    format: documentFormatOf(name)!,
    text: Deno.readTextFileSync(`${folder}/${name}`),
  }));
  assert.ok(cases.length >= LEAST_CASES, `${folder} has ${cases.length} cases`);
  for (const format of ["toml", "yaml", "json"]) assert.ok(cases.some((one) => one.format === format), format);
  return cases;
}

async function storesOf({ name, format, text, env = {}, context }: CorpusFile): Promise<Stores> {
  return parseStores(await parseDocument(text, format, name), name, { env: (name) => env[name], context });
}

/** What a store's configuration comes to, or the fault that it has. */
async function resolved(store: Store, stores: Stores, { env = {}, secrets = {} }: Case): Promise<unknown> {
  const lookUp = (keys: readonly string[]) =>
    Promise.resolve(new Map(keys.map((key) => [key, secrets[key] ?? new Fault("NOT_FOUND", `there is no ${key}`)])));
  const { name, provider } = store;
  try {
    const config = await renderConfig(store, (name) => env[name], store === stores.default ? undefined : lookUp);
    return { name, provider, config };
  } catch (error) {
    assert.ok(error instanceof Fault);
    return { name, provider, fault: error.code, message: error.message };
  }
}

/** As the corpus has it: a fault's message is there when it has all that it is to name. */
function compare(actual: unknown, expected: unknown, about: string): void {
  const { message, ...given } = JSON.parse(JSON.stringify(actual));
  const { names = [], ...wanted } = expected as { names?: string[] };
  assert.deepEqual(given, wanted, about);
  for (const name of names) assert.ok(message.includes(name), `${about}: ${message}`);
}

for (const file of load(CORPUS)) {
  Deno.test(`the configuration ${file.name}: ${file.about}`, async () => {
    if (file.refused) {
      const { message, hint } = await assertFault("CONFIG", () => storesOf(file));
      for (const text of file.refused) assert.ok(message.includes(text), `${text} in ${message}`);
      for (const text of file.hidden ?? []) assert.ok(!`${message} ${hint}`.includes(text), message);
      return;
    }
    const stores = await storesOf(file);
    const expected = file.expected as { default: unknown; namespace: string; named: unknown[] };
    compare(await resolved(stores.default, stores, file), expected.default, "default");
    assert.equal(stores.namespace, expected.namespace);
    assert.equal(stores.named.length, expected.named.length);
    for (const [i, store] of stores.named.entries()) {
      compare(await resolved(store, stores, file), expected.named[i], store.name);
    }
  });
}

const PORTERS: readonly (readonly [name: string, env: Record<string, string>, defaultStore: unknown])[] = [
  ["config.toml", { VAULT_TOKEN: "t" }, {
    name: "red-team",
    provider: "plugin",
    config: { plugin: "azure.keyvault", config: { token: "t", vault: "teamsekrets" } },
  }],
  ["config-multi-context.yaml", {}, { name: "filesystem", provider: "filesystem", config: {} }],
  ["config-multi-context.yaml", { COFFER_CONTEXT: "prod" }, {
    name: "azure.keyvault",
    provider: "plugin",
    config: { plugin: "azure.keyvault", config: {} },
  }],
  ["config-tests.yaml", {}, { name: "filesystem", provider: "filesystem", config: {} }],
  // Porter would take its host plugin here.
  ["config-cosign.yaml", {}, { name: "sealed", provider: "sealed", config: {} }],
];

Deno.test("Porter's own configurations are Coffer's", async () => {
  for (const [name, env, expected] of PORTERS) {
    const file = {
      name,
      env,
      about: "",
      format: documentFormatOf(name)!,
      text: Deno.readTextFileSync(`${PORTER}/${name}`),
    };
    const stores = await storesOf(file);
    compare(await resolved(stores.default, stores, file), expected, name);
  }
});

Deno.test("without a file, the environment chooses, and else the current stack is the default store", async () => {
  const choices = (env: Record<string, string>) => ({ env: (name: string) => env[name], context: undefined });
  assert.equal(storesWithoutFile(choices({})).default.provider, "sealed");
  assert.equal(storesWithoutFile(choices({ COFFER_DEFAULT_SECRETS_PLUGIN: "host" })).default.provider, "host");
  await assertFault("CONFIG", () => storesWithoutFile(choices({ COFFER_DEFAULT_SECRETS: "x" })));
  await assertFault("CONFIG", () => storesWithoutFile(choices({ COFFER_CONTEXT: "x" })));
  await assertFault("CONFIG", () => storesWithoutFile(choices({ COFFER_DEFAULT_SECRETS_PLUGIN: "../sh" })));
});
