import assert from "node:assert/strict";
import { hashOfToken, newBearerToken, randomBase62 } from "../../server/bearer_token.ts";

Deno.test("a bearer token is cfr. and 190 random bits, another one each time", () => {
  const tokens = Array.from({ length: 1000 }, () => newBearerToken().revealText());
  for (const token of tokens) assert.match(token, /^cfr\.[0-9A-Za-z]{32}$/);
  assert.equal(new Set(tokens).size, tokens.length);
});

Deno.test("randomBase62() prefers no character", () => {
  const counts = Map.groupBy(Array.from({ length: 620 }, () => randomBase62(1000)).join(""), (character) => character);
  assert.equal(counts.size, 62);
  // 10,000 ± 100 each: a remainder of bytes by 62 would give the first eight 2,000 more.
  for (const { length } of counts.values()) assert.ok(Math.abs(length - 10_000) < 1000, `${length}`);
});

Deno.test("hashOfToken() tells tokens apart", () => {
  const [token, other] = [newBearerToken(), newBearerToken()];
  assert.equal(hashOfToken(token), hashOfToken(token.copy()));
  assert.notEqual(hashOfToken(token), hashOfToken(other));
});
