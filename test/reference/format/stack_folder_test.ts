import assert from "node:assert/strict";
import { Refusal } from "./layout.ts";
import { seededRandom } from "./seeded_random.ts";
import { readStackFolder } from "./stack_reader.ts";
import { type StackPlan, writeStackFolder } from "./stack_writer.ts";

const LONG = "a/B".repeat(80);
const value = new TextEncoder().encode("hunter2");
const plan = (): StackPlan => ({
  passphrase: "x",
  logN: 10,
  created: "2026-01-31T23:59:59Z",
  secrets: [{ name: "a", versions: [{ value }] }, { name: LONG, versions: [{ value }] }],
  random: seededRandom("folder"),
});

async function inFolder(test: (stack: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await writeStackFolder(`${folder}/dev`, plan());
    await test(`${folder}/dev`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readStackFolder() returns what writeStackFolder() wrote", () =>
  inFolder(async (stack) => {
    const secrets = await readStackFolder(stack, "x");
    assert.deepEqual([...secrets.keys()].sort(), ["a", LONG].sort());
    assert.deepEqual(secrets.get(LONG)![0]!.value, value);
  }));

Deno.test("readStackFolder() refuses when a secret's file is a symbolic link", () =>
  inFolder(async (stack) => {
    await Deno.rename(`${stack}/secrets/a.json`, `${stack}/secrets/elsewhere`);
    await Deno.symlink("elsewhere", `${stack}/secrets/a.json`);
    await assert.rejects(
      readStackFolder(stack, "x"),
      (error: unknown) => error instanceof Refusal && error.code === "DENIED",
    );
  }));

Deno.test("readStackFolder() refuses when the folder of KV files, or one of them, is a symbolic link", async () => {
  for (const path of ["kv", "kv/a.json", "kv/.config.json"]) {
    await inFolder(async (stack) => {
      if (path !== "kv") await Deno.mkdir(`${stack}/kv`);
      await Deno.symlink("/nonexistent", `${stack}/${path}`);
      await assert.rejects(
        readStackFolder(stack, "x"),
        (error: unknown) => error instanceof Refusal && error.code === "DENIED",
      );
    });
  }
});

Deno.test("readStackFolder() does not look when another file is a symbolic link", () =>
  inFolder(async (stack) => {
    await Deno.symlink("/nonexistent", `${stack}/secrets/notes`);
    await Deno.symlink("/", `${stack}/secrets/root`);
    assert.equal((await readStackFolder(stack, "x")).size, 2);
  }));
