import assert from "node:assert/strict";
import { homeOf } from "../../cli/home.ts";
import type { Host } from "../../cli/host.ts";
import { assertFault } from "../fixture/assert_fault.ts";

function hostWith(env: Readonly<Record<string, string>>): Host {
  return { env: (name) => env[name], cwd: "/here", stdin: Deno.stdin };
}

Deno.test("homeOf() takes COFFER_HOME, then HOME, then what the system says of the user", () => {
  assert.equal(homeOf(hostWith({ COFFER_HOME: "/a", HOME: "/people/ada" })), "/a");
  assert.equal(homeOf(hostWith({ COFFER_HOME: "a/b", HOME: "/people/ada" })), "/here/a/b");
  assert.equal(homeOf(hostWith({ COFFER_HOME: "", HOME: "/people/ada" })), "/people/ada/.coffer");
  const known = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"))
    .find((entry) => entry[2] === String(Deno.uid()))?.[5];
  if (known === undefined) assert.throws(() => homeOf(hostWith({})));
  else assert.equal(homeOf(hostWith({})), `${known}/.coffer`);
});

Deno.test("homeOf() does not take a relative HOME for a place", async () => {
  await assertFault("UNAVAILABLE", () => homeOf(hostWith({ HOME: "relative" })));
});
