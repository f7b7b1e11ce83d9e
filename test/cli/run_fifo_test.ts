import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, eventually } from "../fixture/coffer_cli.ts";
import { isAlive, isFile } from "../fixture/processes.ts";

const LINUX = { lacking: Deno.build.os === "linux" ? undefined : "needs Linux" };

endToEnd("coffer run --fifo gives a value to its first reader only", async (coffer) => {
  await coffer.given({ "db/key": "value of it", OTHER: "another\n" });
  const script = `stat -c '%F %a' "$DB_KEY_FILE"
[ "$OTHER_FILE" = "$COFFER_FILES/deep/other" ] && cat "$OTHER_FILE"
cat "$DB_KEY_FILE" && [ ! -e "$DB_KEY_FILE" ] && ! cat "$DB_KEY_FILE" 2> /dev/null && echo ", gone"
env | grep -c '^DB_KEY=\\|^OTHER='`;
  const flags = ["--fifo", "db/key", "--fifo", "OTHER=deep/other", "--no-mask"];
  const { text, stderr } = await coffer.run(["run", ...flags, "--", "sh", "-c", script]);
  assert.deepEqual([text, stderr], ["fifo 600\nanother\nvalue of it, gone\n0\n", ""]);
  assert.deepEqual([...Deno.readDirSync(coffer.runtime)], []);
}, LINUX);

endToEnd("coffer run --fifo says what is the matter with a path", async (coffer) => {
  await coffer.given({ KEY: "value", OTHER: "another" });
  const run = (...flags: string[]) => ["run", ...flags.flatMap((at) => ["--fifo", at]), "--", "true"];
  await coffer.fault("UNAVAILABLE", run(`KEY=${"a".repeat(300)}`));
  await coffer.fault("CONFLICT", run("KEY=a", "OTHER=a"));
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run --fifo gives a value of any size, and masks what of it is printed", async (coffer) => {
  const bytes = new Uint8Array(1024 * 1024);
  for (let at = 0; at < bytes.length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  await coffer.given({ LARGE: bytes, EMPTY: "", SMALL: "a small value" });
  const script = 'sha256sum < "$LARGE_FILE"; wc -c < "$EMPTY_FILE"; cat "$SMALL_FILE"';
  const flags = ["LARGE", "EMPTY", "SMALL"].flatMap((name) => ["--fifo", name]);
  const text = await coffer.ok(["run", ...flags, "--", "sh", "-c", script]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  assert.equal(text, `${digest}  -\n0\n*******`);
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run --fifo ends with the command, whether or not anybody has read", async (coffer) => {
  await coffer.given({ KEY: "value", LARGE: "x".repeat(1024 * 1024) });
  const run = ["run", "--fifo", "KEY", "--fifo", "LARGE", "--", "sh", "-c"];
  const scripts: Record<string, number> = {
    "exit 3": 3,
    'head -c 1 "$LARGE_FILE" > /dev/null; exit 4': 4,
    'sleep 60 < "$LARGE_FILE" & exit 5': 5,
    'exec 3< "$LARGE_FILE"; sleep 0.1; exit 6': 6,
    'rm "$KEY_FILE"; exit 7': 7,
    'rm -r "$COFFER_FILES"; exit 8': 8,
    "kill -9 $$": 137,
  };
  await Promise.all(
    Object.entries(scripts).map(async ([script, expected]) => {
      const { code, stderr } = await coffer.run([...run, script]);
      assert.deepEqual([code, stderr], [expected, ""], script);
    }),
  );
  assert.deepEqual([...Deno.readDirSync(coffer.runtime)], []);
}, { ...BUNDLE_ONLY, ...LINUX });

endToEnd("coffer run --fifo leaves nothing behind when it is killed", async (coffer) => {
  await coffer.given({ KEY: "value" });
  const path = `${coffer.temp}/started`;
  await using child = coffer.spawn([
    "run",
    "--fifo",
    "KEY",
    "--",
    "sh",
    "-c",
    `touch '${path}'; cat "$KEY_FILE"; sleep 60`,
  ]);
  const output = child.output();
  await eventually(() => isFile(path), "the command");
  child.kill("SIGKILL");
  await output;
  await eventually(() => [...Deno.readDirSync(coffer.runtime)].length === 0, "the folder to go");
  assert.ok(!isAlive(child.pid));
}, { ...BUNDLE_ONLY, ...LINUX });
