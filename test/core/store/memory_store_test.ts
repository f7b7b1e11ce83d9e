import { MemoryStore } from "../../../core/store/memory_store.ts";
import { storeContract } from "../../contract/store.ts";

storeContract("MemoryStore", () => {
  const store = new MemoryStore();
  return { store, second: store, [Symbol.dispose]() {} };
});
