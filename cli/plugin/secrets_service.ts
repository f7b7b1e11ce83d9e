/** Porter's Resolve and Create, answered by a store. */
import { Fault } from "../../core/fault.ts";
import type { CreateRequest, ResolveRequest } from "../../core/go_plugin/messages.ts";
import { requireAbility, unsupportedSource } from "../../core/providers/ability.ts";
import { type Provider, type Source, SOURCE_KINDS, type SourceKind } from "../../core/providers/provider.ts";
import { resolveKeys } from "../../core/providers/resolve_keys.ts";
import { Secret } from "../../core/secret.ts";

export class SecretsService implements AsyncDisposable {
  readonly #open: () => Promise<Provider>;
  #store: Promise<Provider> | undefined;

  /** @param open is called at the first request, and again at the next when it fails: the store may be locked till then */
  constructor(open: () => Promise<Provider>) {
    this.#open = open;
  }

  /** The value, which the caller disposes of. @throws {Fault} when there is none */
  async resolve(request: ResolveRequest): Promise<Secret> {
    const source = sourceOf(request);
    const [found] = await resolveKeys(await this.#opened(), [source]);
    if (found instanceof Fault) throw found;
    requireText(found!.value);
    return found!.value;
  }

  async create(request: CreateRequest): Promise<void> {
    using value = new Secret(request.value);
    const source = sourceOf(request);
    const store = requireAbility(await this.#opened(), "persist", "the store");
    await store.persist(source, { value, type: "bytes" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const store = await this.#store?.catch(() => undefined);
    await store?.[Symbol.asyncDispose]();
  }

  async #opened(): Promise<Provider> {
    const opening = this.#store ??= this.#open();
    try {
      return await opening;
    } catch (error) {
      if (this.#store === opening) this.#store = undefined;
      throw error;
    }
  }
}

/** Porter's clients write the kind as they like. @throws {Fault} UNSUPPORTED for a kind that there is not */
function sourceOf({ keyName, keyValue }: ResolveRequest): Source {
  const kind = SOURCE_KINDS.find((known) => known === keyName.toLowerCase());
  if (kind === undefined) throw unsupportedSource({ kind: keyName as SourceKind, hint: keyValue });
  return { kind, hint: keyValue };
}

/** The protocol's strings are UTF-8. */
function requireText(value: Secret): void {
  try {
    value.use((bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    value.dispose();
    throw new Fault("UNSUPPORTED", "the value is not UTF-8 text, which is all that Porter's protocol carries", {
      hint: "store it as base64",
    });
  }
}
