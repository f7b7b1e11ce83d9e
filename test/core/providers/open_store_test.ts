import assert from "node:assert/strict";
import { parseDocument } from "../../../core/config/document.ts";
import { parseStores, type Stores } from "../../../core/config/stores.ts";
import type { StackName } from "../../../core/name.ts";
import type { Surroundings } from "../../../core/providers/kind.ts";
import { namedStore, openStore } from "../../../core/providers/open_store.ts";
import { SealedProvider } from "../../../core/providers/sealed.ts";
import { Secret } from "../../../core/secret.ts";
import { codeOf, secret, take, textOf } from "../../contract/provider.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { StackOnDisk } from "../../fixture/stack_on_disk.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

interface Opened {
  readonly stores: Stores;
  readonly around: Surroundings;
  readonly asked: (StackName | undefined)[];
}

async function configured(
  toml: string,
  disk: StackOnDisk | undefined,
  env: Record<string, string> = {},
): Promise<Opened> {
  const read = (name: string) => env[name];
  const asked: (StackName | undefined)[] = [];
  return {
    stores: parseStores(await parseDocument(toml, "toml", "file"), "file", { env: read, context: undefined }),
    asked,
    around: {
      env: read,
      cwd: "/",
      warn() {},
      async secretsOf(name) {
        asked.push(name);
        return new SealedProvider(disk ? await disk.unlock() : assert.fail("no stack was to be opened"));
      },
    },
  };
}

Deno.test("openStore() opens the current stack where nothing is configured, and another where one is named", async () => {
  using disk = await StackOnDisk.create({ name: "value" });
  const { stores, around, asked } = await configured(
    '[[secrets]]\nname = "prod"\nplugin = "sealed"\nconfig = { stack = "prod" }',
    disk,
  );
  await using provider = await openStore(stores.default, stores, around);
  assert.equal(await textOf(provider, "name"), "value");
  await using named = await openStore(namedStore("prod", stores), stores, around);
  assert.equal(await textOf(named, "name"), "value");
  assert.deepEqual(asked, [undefined, "prod"]);
  await assertFault("NOT_FOUND", () => namedStore("other", stores));
});

Deno.test("openStore() opens none but the store that is asked for, unless its configuration has secrets in it", async () => {
  using root = temporaryFolder();
  const toml =
    `[[secrets]]\nname = "files"\nplugin = "filesystem"\n[secrets.config]\nfolder = "\${env.ROOT}/\${secret.folder}"`;
  using disk = await StackOnDisk.create({ folder: "secrets" });
  const { stores, around, asked } = await configured(toml, disk, { ROOT: root.path });
  await using provider = await openStore(stores.named[0]!, stores, around);
  assert.deepEqual(asked, [undefined]);
  assert.equal(codeOf((await provider.resolve([secret("none")]))[0]!), "NOT_FOUND");
  using value = Secret.fromText("value");
  assert.ok("persist" in provider);
  await (provider.persist as (source: unknown, next: unknown) => Promise<void>)(secret("a"), { value, type: "bytes" });
  assert.equal(Deno.readTextFileSync(`${root.path}/secrets/a`), "value");
  const plain = await configured(toml.replace("/${secret.folder}", "/secrets"), undefined, { ROOT: root.path });
  await using again = await openStore(plain.stores.named[0]!, plain.stores, plain.around);
  assert.equal(take((await again.resolve([secret("a")]))[0]!), "value");
});

Deno.test("openStore() says which secret of the configuration is missing, or no text", async () => {
  using disk = await StackOnDisk.create({});
  const toml = '[[secrets]]\nname = "x"\nplugin = "host"\nconfig = { trim = "${secret.none}" }';
  const { stores, around } = await configured(toml, disk);
  const { message } = await assertFault("NOT_FOUND", () => openStore(stores.named[0]!, stores, around));
  assert.ok(message.startsWith("could not render config file because ${secret.none} could not be resolved: "));
});

Deno.test("openStore() says what a store's kind does not know, and never what is there", async () => {
  const toml =
    'default-secrets-plugin = "vualt"\n[[secrets]]\nname = "x"\nplugin = "host"\nconfig = { trim = "hunter2", tirm = "hunter2" }';
  const { stores, around } = await configured(toml, undefined);
  const { message, hint } = await assertFault("CONFIG", () => openStore(stores.named[0]!, stores, around));
  assert.ok(message.includes("config.tirm") && !`${message}${hint}`.includes("hunter2"));
  await assertFault("CONFIG", () => openStore(stores.default, stores, around));
});
