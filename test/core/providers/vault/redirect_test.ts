import assert from "node:assert/strict";
import { leaderIn } from "../../../../core/providers/vault/redirect.ts";

const ASKED = "https://standby.example:8200/v1/secret/data/a?version=2";
const LEADER = "https://leader.example:8200";
const THERE = `${LEADER}/v1/secret/data/a?version=2`;

function follow(location: string | null, status = 307, asked = ASKED, leader: string | undefined = LEADER) {
  const headers = location === null ? {} : { location };
  return leaderIn(new Response(null, { status, headers }), asked, () => Promise.resolve(leader));
}

Deno.test("leaderIn() follows a standby to the leader that it names", async () => {
  assert.equal(await follow(THERE), LEADER);
  assert.equal(await follow(THERE, 307, ASKED, `${LEADER}/`), LEADER);
});

Deno.test("leaderIn() follows nothing else", async () => {
  const cleartext = "http://standby.example:8200/v1/secret/data/a";
  const answers = [
    follow(null),
    follow("not a: URL at all://"),
    follow(ASKED), // to itself
    follow(THERE, 301),
    follow(THERE, 302),
    follow(THERE, 303),
    follow(THERE, 308),
    follow(THERE.replace("https", "http")),
    follow(`${LEADER}/v1/secret/data/a`),
    follow(`${LEADER}/v1/secret/data/b?version=2`),
    follow(`${LEADER}/ui/login?next=/v1/secret/data/a?version=2`),
    follow(THERE.replace("https://", "https://user:password@")),
    follow(`${THERE}#there`),
    follow(THERE, 307, ASKED, "https://other.example:8200"),
    follow(THERE, 307, ASKED, "https://leader.example:8201"),
    follow(THERE, 307, ASKED, "http://leader.example:8200"),
    follow(THERE, 307, ASKED, ""),
    follow(THERE, 307, ASKED, "leader"),
    follow(cleartext.replace("standby", "leader"), 307, cleartext, "http://leader.example:8200"),
  ];
  assert.deepEqual(await Promise.all(answers), answers.map(() => undefined));
});

Deno.test("leaderIn() does not ask for the leader when that would not help", async () => {
  const never = () => Promise.reject(new Error("asked"));
  const response = new Response(null, { status: 302, headers: { location: THERE } });
  assert.equal(await leaderIn(response, ASKED, never), undefined);
});
