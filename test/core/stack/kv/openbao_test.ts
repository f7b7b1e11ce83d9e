/** Is the model what OpenBao does? */
import assert from "node:assert/strict";
import fc from "fast-check";
import { openBao, startBaoDevServer } from "../../../fixture/openbao.ts";
import { casOf, LOOKS, step } from "./kv_steps.ts";
import { OpenBaoEngine } from "./openbao_engine.ts";
import { VaultModel } from "./vault_model.ts";

const { lacking } = await openBao();

Deno.test({
  name: `VaultModel answers as OpenBao does${lacking ? ` (ignored: ${lacking})` : ""}`,
  ignore: lacking !== undefined,
  async fn() {
    await using server = await startBaoDevServer();
    let mounts = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30, size: "max" }), async (sequence) => {
        const bao = await OpenBaoEngine.mount(server, `kv${mounts++}`);
        const model = new VaultModel();
        for (const step of [...sequence, ...LOOKS]) {
          const cas = casOf(step, (name) => model.current(name));
          assert.deepEqual(await model.run(step, cas), await bao.run(step, cas), JSON.stringify(step));
        }
        await bao.unmount();
      }),
      { numRuns: 60 },
    );
  },
});
