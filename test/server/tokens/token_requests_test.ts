import assert from "node:assert/strict";
import { Fault } from "../../../core/fault.ts";
import { parseDuration } from "../../../server/duration.ts";
import type { TokenRequest } from "../../../server/tokens/token_request.ts";
import { type IssuedToken, TokenStore } from "../../../server/tokens/token_store.ts";
import { answersTo } from "../openbao/subject.ts";
import {
  type MakerName,
  MAKERS,
  type RequestBody,
  type TokenQuestion,
  tokenRequests,
} from "../openbao/token_requests.ts";
import { Clock } from "../clock.ts";

function requestOf(body: RequestBody): TokenRequest {
  const { no_default_policy, no_parent, explicit_max_ttl, num_uses, display_name, ttl, period, ...same } = body;
  return {
    ...same,
    ...no_default_policy === undefined ? {} : { noDefaultPolicy: no_default_policy },
    ...no_parent === undefined ? {} : { noParent: no_parent },
    ...num_uses === undefined ? {} : { numUses: num_uses },
    ...display_name === undefined ? {} : { displayName: display_name },
    ttl: parseDuration(ttl, "ttl"),
    period: parseDuration(period, "period"),
    explicitMaxTtl: parseDuration(explicit_max_ttl, "explicit_max_ttl"),
  };
}

function ask(store: TokenStore, name: MakerName, { endpoint, request }: TokenQuestion): IssuedToken {
  const root = store.createRoot().info.accessor;
  const maker = store.create(requestOf(MAKERS[name]), { accessor: root, sudo: true, path: "auth/token/create" });
  return store.create(requestOf(request), {
    accessor: maker.info.accessor,
    sudo: /root|sudo/.test(name),
    path: `auth/token/${endpoint}`,
    orphan: endpoint === "create-orphan",
  });
}

Deno.test("TokenStore makes and renews tokens as OpenBao does, and refuses in its words", () => {
  let made = 0;
  for (const { question, answer } of answersTo(tokenRequests, 150)) {
    const store = new TokenStore({ now: new Clock().now });
    const said = JSON.stringify(question);
    let issued: IssuedToken;
    try {
      issued = ask(store, question.maker, question);
    } catch (error) {
      assert.ok(error instanceof Fault && error.code === "USAGE", said);
      assert.deepEqual({ error: error.message }, answer, said);
      continue;
    }
    assert.ok("token" in answer, said);
    const { info, warnings } = issued;
    assert.deepEqual(
      {
        creation_ttl: info.creationTtl,
        display_name: info.displayName,
        explicit_max_ttl: info.explicitMaxTtl,
        meta: info.meta,
        num_uses: info.numUses,
        orphan: info.orphan,
        path: info.path,
        ...info.period > 0 ? { period: info.period } : {},
        policies: info.policies,
        renewable: info.renewable,
      },
      answer.token,
      said,
    );
    assert.deepEqual(warnings, answer.warnings, said);
    const renewals = (question.renewals ?? []).map((increment) => {
      try {
        return store.renew(info.accessor, increment).info.ttl;
      } catch (error) {
        assert.ok(error instanceof Fault && error.code === "USAGE", said);
        return null;
      }
    });
    assert.deepEqual(renewals, answer.renewals, said);
    made++;
  }
  assert.ok(made > 80, `${made} tokens`);
});
