import assert from "node:assert/strict";
import { openBao, startBaoDevServer } from "../../fixture/openbao.ts";
import { BaoClient } from "./bao_client.ts";
import { decisions } from "./decisions.ts";
import { defaultPolicy } from "./default_policy.ts";
import { durations } from "./durations.ts";
import { policyTexts } from "./policy_texts.ts";
import { answersTo, askAll, type Subject } from "./subject.ts";
import { tokenRequests } from "./token_requests.ts";

const { lacking } = await openBao();

function isStillSo<Q, A>(subject: Subject<Q, A>): void {
  Deno.test({
    name: `OpenBao answers as recorded: ${subject.name}${lacking ? ` (ignored: ${lacking})` : ""}`,
    ignore: lacking !== undefined,
    async fn() {
      await using server = await startBaoDevServer();
      const now = await askAll(subject, new BaoClient(server));
      for (const [i, { question, answer }] of answersTo(subject, 1).entries()) {
        assert.deepEqual(now[i]!.answer, answer, JSON.stringify(question));
      }
    },
  });
}

isStillSo(durations);
isStillSo(policyTexts);
isStillSo(decisions);
isStillSo(defaultPolicy);
isStillSo(tokenRequests);
