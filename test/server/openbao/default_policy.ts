import type { Subject } from "./subject.ts";

/** What a token with the policy `default` alone may do on a path. */
export const defaultPolicy: Subject<string, readonly string[]> = {
  name: "default_policy",
  questions: [
    ...["lookup-self", "renew-self", "revoke-self", "lookup", "renew", "revoke", "create", "accessors/", "lookup-self/"]
      .map((name) => `auth/token/${name}`),
    ...["capabilities-self", "capabilities", "wrapping/wrap", "wrapping/lookup", "wrapping/unwrap", "wrapping/rewrap"]
      .concat("policies/acl/default", "mounts", "seal", "internal/ui/mounts/secret")
      .map((name) => `sys/${name}`),
    ...["secret/data/x", "secret/metadata/", "secret/"],
  ],
  async ask(bao, path) {
    const { client_token } = await bao.get("POST", "auth/token/create", { policies: ["default"] });
    return (await bao.capabilities(client_token, [path]))[path]!;
  },
};
