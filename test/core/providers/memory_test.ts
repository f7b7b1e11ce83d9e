import { MemoryProvider } from "../../../core/providers/memory.ts";
import { providerContract } from "../../contract/provider.ts";

providerContract("MemoryProvider", () => {
  const provider = new MemoryProvider();
  return Promise.resolve({ provider, second: provider, [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose]() });
}, {
  persistAll: "one by one is as fast",
  history: "it keeps the newest value only",
});
