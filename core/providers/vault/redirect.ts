/**
 * Which redirects are followed. A standby of a Vault sends clients on to its leader with 307, and the token has to go
 * along. Whatever else redirects must not get it there: a sign-in page that a gateway puts in front, an open redirect.
 */

/**
 * The origin to send the request to instead; undefined when it is not to be followed. It is the leader's when
 *
 * - it is asked for the very same path and query, which no sign-in page is;
 * - it is https to https: over http nobody knows who answers there;
 * - the server, which has seen the token already, says by itself that its leader is there (`sys/leader`). A redirect
 *   alone may be somebody else's text in a header.
 */
export async function leaderIn(
  response: Response,
  asked: string,
  leaderOf: (origin: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  const [from, to] = [new URL(asked), URL.parse(response.headers.get("location") ?? "", asked)];
  if (response.status !== 307 || !to || to.origin === from.origin) return undefined;
  if (from.protocol !== "https:" || to.protocol !== "https:" || to.username !== "" || to.password !== "") {
    return undefined;
  }
  if (to.pathname !== from.pathname || to.search !== from.search || to.hash !== "") return undefined;
  const leader = URL.parse(await leaderOf(from.origin) ?? "");
  return leader?.origin === to.origin ? to.origin : undefined;
}
