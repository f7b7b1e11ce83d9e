/** With whom a stack's secrets are, where they are not in the stack itself (docs/format.md §9). */
import { Fault } from "../fault.ts";
import { encodeProviderFile, openProviderFile, parseProviderFile, type ProviderFile } from "../seal/provider_file.ts";
import { timestampNow } from "../seal/timestamp.ts";
import type { Secret } from "../secret.ts";
import { PROVIDER_DOCUMENT } from "../store/store.ts";
import type { Stack } from "./stack.ts";

export interface Registration extends Pick<ProviderFile, "provider" | "created"> {
  /** The text of a JSON object; the receiver disposes of it. */
  readonly config: Secret;
}

/**
 * Undefined: the secrets are in the stack itself.
 * @throws {Fault} CONFIG when the file does not parse; TAMPERED when it does not authenticate
 */
export function registrationOf(stack: Stack): Promise<Registration | undefined> {
  return stack.session.openDocument(PROVIDER_DOCUMENT, ({ bytes, where }, { header, keyring }) => {
    const read = parseProviderFile(bytes, header.id, where);
    const { provider, created } = read.file;
    return { provider, created, config: openProviderFile(read, keyring, where) };
  });
}

/**
 * From now on, the secrets are with a provider. Those in the stack stay as they are.
 * @param config the text of a JSON object; borrowed
 * @throws {Fault} CONFLICT when they are with one already
 */
export async function register(stack: Stack, provider: string, config: Secret): Promise<void> {
  await stack.recorded(
    "provider",
    (access) =>
      stack.session.exclusively(async (writer) => {
        const { store, current: { header, keyring } } = stack.session;
        if (await store.read(PROVIDER_DOCUMENT)) throw registeredAlready();
        const place = { stack: header.id, key: keyring.newest, provider, created: timestampNow() };
        const bytes = encodeProviderFile(place, config, keyring);
        await access.grant();
        await writer.write(PROVIDER_DOCUMENT, bytes);
      }),
  );
}

/**
 * From now on, the secrets are in the stack itself again.
 * @throws {Fault} NOT_FOUND when they are with no provider
 */
export async function unregister(stack: Stack): Promise<void> {
  await stack.recorded("provider", (access) =>
    stack.session.exclusively(async (writer) => {
      if (!await stack.session.store.read(PROVIDER_DOCUMENT)) {
        throw new Fault("NOT_FOUND", "no provider is registered for the stack", {
          hint: "coffer provider register --help",
        });
      }
      await access.grant(); // also a damaged one has to go
      await writer.remove(PROVIDER_DOCUMENT);
    }));
}

export function registeredAlready(): Fault {
  return new Fault("CONFLICT", "there is a provider registered for the stack already", {
    hint: "coffer provider show, or coffer provider unregister first",
  });
}
