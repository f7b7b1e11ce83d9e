/** Where Coffer answers differently on purpose, each with the reason. A difference that is none any more fails the test. */

/** OpenBao's error texts as Go's libraries make them: the words inside are the same. */
export function withoutGoList(text: string): string {
  return /^1 error occurred:\n\t\* (.*)\n\n$/s.exec(text)?.[1] ?? text;
}

/** Members that later versions of OpenBao have added and Vault has not. */
export const ONLY_OPENBAO: ReadonlySet<string> = new Set([
  "allow_slashes_in_identity_templates",
  "allow_wildcards_in_identity_templates",
  "current_metadata_version",
  "metadata_cas_required",
  "modified",
]);

/** Engines and methods that Coffer has no use for. */
export const ONLY_MOUNTED_THERE: ReadonlySet<string> = new Set(["cubbyhole/", "identity/", "sys/", "token/"]);

const QUOTES = "OpenBao repeats what was sent, and in Go's words; what was sent may be a value";
const NO_RIGHTS_FIRST = "nothing is told to who has no token, not even which methods there are";
const NEWER_POLICIES = "versions of policies are OpenBao's own";
const SHORTER = "OpenBao's words name its command line";

/** The same status, other words. */
export const OTHER_WORDS: Readonly<Record<string, string>> = {
  "health with a code that is no number": "OpenBao does not say what was wrong",
  "one mount that there is not": "what was asked for is not repeated where it need not be",
  "a list that there is not": "the path is shown without the slash that a list's path gets",
  "a relative path": SHORTER,
  "a version that is no number": QUOTES,
  "a write with a version that is no number": QUOTES,
  "a write of data that is no object": QUOTES,
  "a write with options that are no object": QUOTES,
  "a write of what is no JSON": QUOTES,
  "a write of a JSON array": QUOTES,
  "a write with something after the JSON": QUOTES,
  "the root of data": SHORTER,
  "the mount itself": SHORTER,
  "a version 1 path": SHORTER,
  "a write to a version 1 path": SHORTER,
  "a patch as plain JSON": QUOTES,
  "a patch without a type": "OpenBao's words do not say which type it should be",
  "versions that are no numbers are deleted": QUOTES,
  "metadata with a text that is no number": QUOTES,
  "metadata with a duration that is none": QUOTES,
  "custom metadata that is no object": QUOTES,
  "custom metadata that is no text": QUOTES,
  "a policy that does not parse": "another parser, which says the line",
  "a policy with a capability that there is not": "another parser, which says all that is wrong",
  "a token with a duration that is none": QUOTES,
  "a token with a duration below zero": "one text for all durations",
  "a batch token": "Coffer has no batch tokens, whoever asks",
  "a token with policies that are no names": QUOTES,
  "a wrapping with a time that is none": QUOTES,
  "a wrapping with a time below zero": "one text for all durations",
  "an unwrapping without a token": "there is no token to find wrong",
};

/** Another status, or another body. */
export const OTHER_ANSWERS: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  "health cannot be written": [403, NO_RIGHTS_FIRST],
  "seal status": [200, "Coffer does not say when it was built"],
  "seal status cannot be deleted": [403, NO_RIGHTS_FIRST],
  "the mounts without a token": [403, "every question but the server's condition takes a token"],
  "the names as the Go client asks": [200, "no warning that what Go's client always sends is ignored"],
  "data cannot be listed": [404, "there is no such path in Coffer, rather than no such method"],
  "a patch of a secret that there is not": [404, "OpenBao's body is empty, which is no JSON"],
  "metadata of a secret that there is not is patched": [404, "OpenBao's body is empty, which is no JSON"],
  "metadata as written": [200, "the oldest version is counted from the first one that is kept"],
  "metadata as patched": [200, "OpenBao ignores a patch that takes the deletion after a time back"],
  "a write of null": [400, "null is no value: OpenBao writes a version without any"],
  "all is in the list": [404, "not there: it would open every secret's file"],
  "a policy": [200, NEWER_POLICIES],
  "a policy of old": [200, NEWER_POLICIES],
  "the policy root": [200, NEWER_POLICIES],
  "the root token": [
    200,
    "the developer server's root token was made by a request; Coffer's as Vault makes its first one",
  ],
  "something to read": [200, "what was patched above: the version is not deleted after a time"],
  "what the token may read": [200, "as above"],
  "a secret is unwrapped by its token alone": [200, "as above"],
  "a token that is null is revoked": [400, "as one that is not given: there is no token to find wrong"],
};
