import { SealedProvider } from "../../../core/providers/sealed.ts";
import { providerContract } from "../../contract/provider.ts";
import { StackOnDisk } from "../../fixture/stack_on_disk.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

providerContract("SealedProvider", async () => {
  const disk = await StackOnDisk.create({}, temporaryFolder("memory"));
  const [provider, second] = [new SealedProvider(await disk.unlock()), new SealedProvider(await disk.unlock())];
  return {
    provider,
    second,
    async [Symbol.asyncDispose]() {
      for (const one of [provider, second]) await one[Symbol.asyncDispose]();
      disk[Symbol.dispose]();
    },
  };
});
