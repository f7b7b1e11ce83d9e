/**
 * Writes test/vectors/openbao: what a real OpenBao answers to the questions of test/server/openbao. The tests compare
 * Coffer's server with these answers and, where there is an OpenBao, the answers with what it says now.
 *
 *     deno run -A scripts/record_openbao_answers.ts
 */
import { startBaoDevServer } from "../test/fixture/openbao.ts";
import { BaoClient } from "../test/server/openbao/bao_client.ts";
import { decisions } from "../test/server/openbao/decisions.ts";
import { defaultPolicy } from "../test/server/openbao/default_policy.ts";
import { durations } from "../test/server/openbao/durations.ts";
import { policyTexts } from "../test/server/openbao/policy_texts.ts";
import { askAll, type Subject, write } from "../test/server/openbao/subject.ts";
import { tokenRequests } from "../test/server/openbao/token_requests.ts";

async function record<Q, A>(subject: Subject<Q, A>): Promise<void> {
  await using server = await startBaoDevServer();
  write(subject, await askAll(subject, new BaoClient(server)));
}

await record(durations);
await record(policyTexts);
await record(decisions);
await record(defaultPolicy);
await record(tokenRequests);
