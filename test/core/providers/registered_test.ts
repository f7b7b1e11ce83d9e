import { openRegistered, registeredText } from "../../../core/providers/registered.ts";
import { register } from "../../../core/stack/registration.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { StackOnDisk } from "../../fixture/stack_on_disk.ts";

Deno.test("openRegistered() opens no stack as the provider of a stack, which may be itself", async () => {
  using disk = await StackOnDisk.create({ a: "1" });
  using stack = await disk.unlock();
  using text = registeredText({ config: {}, cacheSeconds: undefined });
  await register(stack, "sealed", text);
  const secretsOf = () => Promise.reject(new Error("opened"));
  const around = { env: () => undefined, cwd: "/", secretsOf, warn: () => {} };
  await assertFault("UNSUPPORTED", () => openRegistered(stack, around, { home: "/nowhere", offline: false }));
});
