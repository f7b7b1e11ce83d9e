/** Stacks of many secrets, made quickly: sealed in memory, then written as plain files without a flush for each. */
import type { SecretName } from "../../core/name.ts";
import { Secret } from "../../core/secret.ts";
import { createStack } from "../../core/stack/create.ts";
import { pathOfSecret } from "../../core/store/file_name.ts";
import { MemoryStore } from "../../core/store/memory_store.ts";
import { secretDocument, STACK_DOCUMENT } from "../../core/store/store.ts";

export const BENCH_PASSPHRASE = "correct horse battery staple";

/** Values named `group/secret-N`. */
export function numbered(count: number): Map<string, string> {
  const names = Array.from({ length: count }, (_, i) => `group${i % 100}/secret-${i}`);
  return new Map(names.map((name) => [name, `value of ${name}`]));
}

/** Values named `TOKEN_N`, as services issue them: 32 random characters, which mean nothing to a shell or a parser. */
export function tokens(count: number): Map<string, string> {
  const token = () => crypto.getRandomValues(new Uint8Array(24)).toBase64({ alphabet: "base64url" });
  return new Map(Array.from({ length: count }, (_, i) => [`TOKEN_${i}`, token()]));
}

/** A project in `folder` with these values by name, under work factor `logN`. */
export async function makeProject(folder: string, values: ReadonlyMap<string, string>, logN: number): Promise<void> {
  const store = new MemoryStore();
  using stack = await createStack(store, Secret.fromText(BENCH_PASSPHRASE), { logN });
  const secrets = new Map([...values].map(([name, value]) => [name as SecretName, Secret.fromText(value)]));
  await stack.setAll(new Map([...secrets].map(([name, value]) => [name, { value, type: "bytes" }])));
  const root = `${folder}/.coffer/stacks/dev`;
  await Deno.mkdir(`${root}/secrets`, { recursive: true, mode: 0o700 });
  for (const path of [folder, `${folder}/.coffer`, `${folder}/.coffer/stacks`, root]) await Deno.chmod(path, 0o700);
  const write = (path: string, bytes: Uint8Array) => Deno.writeFileSync(`${root}/${path}`, bytes, { mode: 0o600 });
  write("stack.json", (await store.read(STACK_DOCUMENT))!.bytes);
  for (const name of secrets.keys()) {
    write(`secrets/${pathOfSecret(name).join("/")}`, (await store.read(secretDocument(name)))!.bytes);
  }
}
