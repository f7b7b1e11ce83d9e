/**
 * Requests that are sent, in this order, to OpenBao and to Coffer, whose answers must be the same. Both start with an
 * empty KV v2 engine at `secret/` and a root token.
 */

export interface Exchange {
  /** What is asked, once each: a recorded answer is found by it. */
  readonly ask: string;
  readonly method: string;
  /** From `/v1/` on; `{name}` stands for what was saved. */
  readonly path: string;
  /** `root` unless given: what was saved under that name, or `none`. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or text that is sent as it is. `{name}` in it stands for what was saved. */
  readonly body?: unknown;
  /** Keeps parts of the answer for later requests: name → members on the way there. */
  readonly save?: Readonly<Record<string, readonly string[]>>;
}

const MERGE = { "Content-Type": "application/merge-patch+json" };
const TOKEN = ["auth", "client_token"];
const ACCESSOR = ["auth", "accessor"];
const WRAPPED = ["wrap_info", "token"];

function read(ask: string, path: string, more: Partial<Exchange> = {}): Exchange {
  return { ask, method: "GET", path, ...more };
}

function list(ask: string, path: string, more: Partial<Exchange> = {}): Exchange {
  return { ask, method: "LIST", path, ...more };
}

function put(ask: string, path: string, body: unknown, more: Partial<Exchange> = {}): Exchange {
  return { ask, method: "PUT", path, body, ...more };
}

function post(ask: string, path: string, body?: unknown, more: Partial<Exchange> = {}): Exchange {
  return { ask, method: "POST", path, ...(body === undefined ? {} : { body }), ...more };
}

function patch(ask: string, path: string, body: unknown, more: Partial<Exchange> = {}): Exchange {
  return { ask, method: "PATCH", path, body, headers: MERGE, ...more };
}

function remove(ask: string, path: string, more: Partial<Exchange> = {}): Exchange {
  return { ask, method: "DELETE", path, ...more };
}

const SYSTEM: readonly Exchange[] = [
  read("health", "sys/health", { token: "none" }),
  { ask: "health, head only", method: "HEAD", path: "sys/health", token: "none" },
  read("health with another code for active", "sys/health?activecode=299", { token: "none" }),
  read("health with a code that is no number", "sys/health?activecode=abc", { token: "none" }),
  read("health with codes that do not matter now", "sys/health?sealedcode=298&uninitcode=297&standbyok=true", {
    token: "none",
  }),
  put("health cannot be written", "sys/health", {}, { token: "none" }),
  read("seal status", "sys/seal-status", { token: "none" }),
  remove("seal status cannot be deleted", "sys/seal-status", { token: "none" }),
  read("leader", "sys/leader", { token: "none" }),
  read("initialised", "sys/init", { token: "none" }),
  read("mounts", "sys/mounts"),
  read("mounts without a token", "sys/mounts", { token: "none" }),
  read("mounts with a token that there is not", "sys/mounts", {
    headers: { "X-Vault-Token": "s.nothing" },
    token: "none",
  }),
  read("mounts by the other header", "sys/mounts", { headers: { Authorization: "Bearer {root}" }, token: "none" }),
  read("one mount", "sys/mounts/secret"),
  read("one mount that there is not", "sys/mounts/nothing"),
  remove("mounts cannot be deleted", "sys/mounts"),
  post("a mount where there is one", "sys/mounts/secret", { type: "kv", options: { version: "2" } }),
  read("the mounts that one can see", "sys/internal/ui/mounts"),
  read("the mounts without a token", "sys/internal/ui/mounts", { token: "none" }),
  read("preflight of a secret", "sys/internal/ui/mounts/secret/db/password"),
  read("preflight of a mount", "sys/internal/ui/mounts/secret"),
  read("preflight of nothing", "sys/internal/ui/mounts/nothing/db"),
  read("preflight without a token", "sys/internal/ui/mounts/secret/db", { token: "none" }),
  read("a path that there is not", "nothing/here"),
  read("a path that there is not, without a token", "nothing/here", { token: "none" }),
  read("a path that there is not in sys", "sys/nothing"),
  list("a list that there is not", "nothing/here"),
  { ask: "a method that there is not", method: "FOO", path: "secret/data/a" },
  read("a relative path", "secret/data/%2e%2e/a"),
  read("a namespace that there is not", "secret/data/a", { headers: { "X-Vault-Namespace": "team" } }),
  read("a namespace for the health", "sys/health", { token: "none", headers: { "X-Vault-Namespace": "team" } }),
  read("the empty namespace", "sys/internal/ui/mounts/secret", { headers: { "X-Vault-Namespace": "" } }),
  ...["root", "root/", "/root", "/"].map((name) =>
    read(`the root's namespace as ${name}`, "sys/internal/ui/mounts/secret", { headers: { "X-Vault-Namespace": name } })
  ),
];

const SETTINGS = {
  max_versions: 5,
  cas_required: true,
  delete_version_after: "10h",
  custom_metadata: { owner: "team-a" },
};
/** What several languages' clients write for what they leave out. */
const NULL_SETTINGS = { max_versions: null, cas_required: null, delete_version_after: null, custom_metadata: null };

const KV: readonly Exchange[] = [
  read("a secret that there is not", "secret/data/db"),
  list("the names of an empty engine", "secret/metadata"),
  put("the first version", "secret/data/db", { data: { user: "admin", port: 5432, tls: { ca: ["a", null] } } }),
  read("the newest version", "secret/data/db"),
  post("the second version", "secret/data/db", { data: { user: "admin", password: "hunter2" } }),
  read("an older version", "secret/data/db?version=1"),
  read("a version that there is not", "secret/data/db?version=7"),
  read("version 0 is the newest", "secret/data/db?version=0"),
  read("a version that is no number", "secret/data/db?version=abc"),
  put("a write with the right version", "secret/data/db", { data: { n: 3 }, options: { cas: 2 } }),
  put("a write with an old version", "secret/data/db", { data: { n: 4 }, options: { cas: 1 } }),
  put("a write with a version as text", "secret/data/db", { data: { n: 4 }, options: { cas: "3" } }),
  put("a write of what is there already", "secret/data/db", { data: { n: 5 }, options: { cas: 0 } }),
  put("a first write that says so", "secret/data/new", { data: { n: 1 }, options: { cas: 0 } }),
  put("a write with a version that is no number", "secret/data/db", { data: { n: 4 }, options: { cas: "x" } }),
  put("a write without data", "secret/data/db", { options: {} }),
  put("a write of data that is no object", "secret/data/db", { data: "text" }),
  put("a write of an empty object", "secret/data/empty", { data: {} }),
  read("an empty object", "secret/data/empty"),
  put("a write with options that are no object", "secret/data/db", { data: {}, options: "x" }),
  put("a write of what is no JSON", "secret/data/db", "{"),
  put("a write of a JSON array", "secret/data/db", []),
  put("a write of nothing", "secret/data/db", ""),
  put("a write with something after the JSON", "secret/data/db", '{"data":{"n":6}} tail'),
  put("a write with other members", "secret/data/other", { data: { a: "1" }, other: true }),
  put("a write to a folder", "secret/data/folder/", { data: {} }),
  put("a secret in a folder", "secret/data/folder/one", { data: { v: "1" } }),
  put("a secret deeper in a folder", "secret/data/folder/deep/two", { data: { v: "2" } }),
  read("a folder is no secret", "secret/data/folder"),
  read("a folder, with a slash", "secret/data/folder/"),
  list("the names", "secret/metadata"),
  list("the names, with a slash", "secret/metadata/"),
  list("the names in a folder", "secret/metadata/folder"),
  read("the names by GET", "secret/metadata/folder?list=true"),
  { ask: "the names as the Go client asks", method: "LIST", path: "secret/metadata/folder?list=true" },
  read("the names by GET with what is no truth", "secret/metadata/folder?list=maybe"),
  list("the names of a secret", "secret/metadata/db"),
  list("the names in a folder that there is not", "secret/metadata/nothing"),
  list("data cannot be listed", "secret/data"),
  read("the root of data", "secret/data"),
  read("the mount itself", "secret"),
  read("a version 1 path", "secret/db"),
  put("a write to a version 1 path", "secret/db", { user: "x" }),
  patch("a patch", "secret/data/db", { data: { user: "root", n: null } }),
  read("what the patch made", "secret/data/db"),
  patch("a patch with an old version", "secret/data/db", { data: { x: 1 }, options: { cas: 1 } }),
  patch("a patch of a secret that there is not", "secret/data/nothing", { data: { x: 1 } }),
  patch("a patch without data", "secret/data/db", { options: {} }),
  patch("a patch as plain JSON", "secret/data/db", { data: {} }, { headers: { "Content-Type": "application/json" } }),
  patch("a patch without a type", "secret/data/db", { data: {} }, { headers: { "Content-Type": "" } }),
  read("the keys", "secret/subkeys/db"),
  read("the keys of a version", "secret/subkeys/db?version=1"),
  read("the keys to a depth", "secret/subkeys/db?version=1&depth=1"),
  read("the keys of a secret that there is not", "secret/subkeys/nothing"),
  remove("the newest version is deleted", "secret/data/db"),
  read("a deleted version", "secret/data/db"),
  read("the keys of a deleted version", "secret/subkeys/db"),
  patch("a patch of a deleted version", "secret/data/db", { data: { x: 1 } }),
  remove("it is deleted again", "secret/data/db"),
  remove("a secret that there is not is deleted", "secret/data/nothing"),
  post("versions are undeleted", "secret/undelete/db", { versions: [4] }),
  read("an undeleted version", "secret/data/db"),
  post("versions are deleted", "secret/delete/db", { versions: ["1", 2] }),
  post("no versions are deleted", "secret/delete/db", { versions: [] }),
  post("versions are deleted without saying which", "secret/delete/db", {}),
  post("versions that are no numbers are deleted", "secret/delete/db", { versions: ["x"] }),
  post("versions in one text are deleted", "secret/delete/db", { versions: "1,2" }),
  post("one version that is no list", "secret/delete/db", { versions: 1 }),
  post("versions of a secret that there is not are deleted", "secret/delete/nothing", { versions: [1] }),
  post("versions of a secret that there is not are undeleted", "secret/undelete/nothing", { versions: [1] }),
  post("no versions are undeleted", "secret/undelete/db", {}),
  put("versions are destroyed", "secret/destroy/db", { versions: [1] }),
  put("no versions are destroyed", "secret/destroy/db", {}),
  read("a destroyed version", "secret/data/db?version=1"),
  read("destroyed versions are no path to read", "secret/destroy/db"),
  read("metadata", "secret/metadata/db"),
  read("metadata of a secret that there is not", "secret/metadata/nothing"),
  post("metadata is written", "secret/metadata/db", {
    max_versions: 5,
    cas_required: true,
    delete_version_after: "3h25m19s",
    custom_metadata: { owner: "team-a" },
  }),
  read("metadata as written", "secret/metadata/db"),
  put("a write without a version where one is required", "secret/data/db", { data: { n: 9 } }),
  put("a write with the version that is required", "secret/data/db", { data: { n: 9 }, options: { cas: 4 } }),
  read("a version that will be deleted", "secret/data/db"),
  patch("metadata is patched", "secret/metadata/db", {
    cas_required: false,
    delete_version_after: "0s",
    custom_metadata: { owner: null, tier: "1" },
  }),
  read("metadata as patched", "secret/metadata/db"),
  patch("metadata of a secret that there is not is patched", "secret/metadata/nothing", { max_versions: 3 }),
  post("metadata with a text that is no number", "secret/metadata/db", { max_versions: "x" }),
  post("metadata with a duration that is none", "secret/metadata/db", { delete_version_after: "x" }),
  post("metadata with a number as text", "secret/metadata/db", { max_versions: "6" }),
  post("custom metadata that is no object", "secret/metadata/db", { custom_metadata: "x" }),
  post("custom metadata that is no text", "secret/metadata/db", { custom_metadata: { a: { b: 1 } } }),
  post("metadata of a secret to come", "secret/metadata/planned", { custom_metadata: { a: "b" } }),
  read("the metadata of a secret to come", "secret/metadata/planned"),
  read("a secret to come", "secret/data/planned"),
  read("the settings", "secret/config"),
  post("the settings are written", "secret/config", { max_versions: 4, delete_version_after: "1h" }),
  read("the settings as written", "secret/config"),
  post("the settings are written back", "secret/config", { max_versions: 0, delete_version_after: "0s" }),
  remove("the settings cannot be deleted", "secret/config"),
  remove("a secret is removed", "secret/metadata/other"),
  remove("a secret is removed again", "secret/metadata/other"),
  read("a removed secret", "secret/data/other"),
  put("a write of null", "secret/data/null", { data: null }),
  list("all is in the list", "secret/detailed-metadata/folder"),
  put("a write with options that are null", "secret/data/nulls", { data: { n: 1 }, options: null }),
  put("a write with a version that is null", "secret/data/nulls", { data: { n: 2 }, options: { cas: null } }),
  patch("a patch with options that are null", "secret/data/nulls", { data: { n: 2 }, options: null }),
  post("versions that are null are deleted", "secret/delete/nulls", { versions: null }),
  post("metadata is written, to be nulled", "secret/metadata/nulls", SETTINGS),
  post("metadata that is null is written", "secret/metadata/nulls", NULL_SETTINGS),
  read("metadata as nulled by a write", "secret/metadata/nulls"),
  post("metadata is written, to be nulled once more", "secret/metadata/nulls", SETTINGS),
  patch("metadata that is null is patched", "secret/metadata/nulls", NULL_SETTINGS),
  read("metadata as nulled by a patch", "secret/metadata/nulls"),
  post("the settings are written, to be nulled", "secret/config", { max_versions: 4, cas_required: true }),
  post("settings that are null are written", "secret/config", { max_versions: null, cas_required: null }),
  read("the settings as nulled", "secret/config"),
];

const POLICIES: readonly Exchange[] = [
  list("the policies", "sys/policies/acl"),
  read("the policies by GET", "sys/policies/acl"),
  read("the policies of old", "sys/policy"),
  put("a policy is written", "sys/policies/acl/reader", {
    policy: 'path "secret/data/db" { capabilities = ["read"] }\npath "secret/metadata/*" { capabilities = ["list"] }',
  }),
  put("a policy for changes", "sys/policies/acl/changer", {
    policy: 'path "secret/data/mine/*" { capabilities = ["update", "patch"] }\n' +
      'path "secret/data/made/*" { capabilities = ["create", "read"] }\n' +
      'path "auth/token/create" { capabilities = ["update"] }',
  }),
  post("a policy of old is written", "sys/policy/old", { policy: 'path "secret/*" { policy = "read" }' }),
  read("a policy", "sys/policies/acl/reader"),
  read("a policy of old", "sys/policy/reader"),
  read("a policy that there is not", "sys/policies/acl/nothing"),
  read("the policy root", "sys/policies/acl/root"),
  put("the policy root is written", "sys/policies/acl/root", { policy: "" }),
  put("a policy without text", "sys/policies/acl/empty", {}),
  put("a policy that does not parse", "sys/policies/acl/broken", { policy: 'path "x" {' }),
  put("a policy with a capability that there is not", "sys/policies/acl/broken", {
    policy: 'path "x" { capabilities = ["fly"] }',
  }),
  list("the policies there are now", "sys/policies/acl"),
  remove("a policy of old is deleted", "sys/policy/old"),
  remove("a policy that there is not is deleted", "sys/policies/acl/nothing"),
  remove("the policy root is deleted", "sys/policies/acl/root"),
  remove("the policy default is deleted", "sys/policies/acl/default"),
];

const TOKENS: readonly Exchange[] = [
  read("the root token", "auth/token/lookup-self"),
  read("a token that there is not", "auth/token/lookup-self", {
    token: "none",
    headers: { "X-Vault-Token": "nothing" },
  }),
  post("a token", "auth/token/create", { policies: ["reader"], ttl: "1h", meta: { run: "7" }, display_name: "ci" }, {
    save: { reader: TOKEN, readerAccessor: ACCESSOR },
  }),
  post("a token as the command line asks for it", "auth/token/create", {
    policies: ["reader"],
    ttl: "1h",
    entity_alias: "",
    type: "service",
    display_name: "",
    num_uses: 0,
    renewable: true,
    no_parent: false,
    no_default_policy: false,
    explicit_max_ttl: "0s",
    period: "0s",
    meta: {},
  }),
  read("the token itself", "auth/token/lookup-self", { token: "reader" }),
  post("the token, by the root", "auth/token/lookup", { token: "{reader}" }),
  post("the token by its accessor", "auth/token/lookup-accessor", { accessor: "{readerAccessor}" }),
  post("a token that there is not, by the root", "auth/token/lookup", { token: "nothing" }),
  post("an accessor that there is not", "auth/token/lookup-accessor", { accessor: "nothing" }),
  post("no accessor", "auth/token/lookup-accessor", {}),
  list("the accessors", "auth/token/accessors"),
  put("something to read", "secret/data/db", { data: { user: "admin" } }),
  read("what the token may read", "secret/data/db", { token: "reader" }),
  read("what the token may not read", "secret/data/new", { token: "reader" }),
  put("what the token may not write", "secret/data/db", { data: {} }, { token: "reader" }),
  list("what the token may list", "secret/metadata/folder", { token: "reader" }),
  read("what nobody has, with rights to nothing there", "nothing/here", { token: "reader" }),
  read("preflight of what it may read", "sys/internal/ui/mounts/secret/db", { token: "reader" }),
  read("preflight of a mount that there is not", "sys/internal/ui/mounts/nothing/db", { token: "reader" }),
  read("its mounts", "sys/internal/ui/mounts", { token: "reader" }),
  read("all mounts, which it may not", "sys/mounts", { token: "reader" }),
  post("its capabilities", "sys/capabilities-self", {
    paths: ["secret/data/db", "secret/data/new", "secret/metadata/x"],
  }, { token: "reader" }),
  post("its capabilities on one path", "sys/capabilities-self", { path: "secret/data/db" }, { token: "reader" }),
  post("its capabilities on no path", "sys/capabilities-self", {}, { token: "reader" }),
  post("the root's capabilities", "sys/capabilities-self", { paths: ["secret/data/db"] }),
  post("another token's capabilities", "sys/capabilities", { token: "{reader}", paths: ["secret/data/db"] }),
  post("the capabilities of a token that there is not", "sys/capabilities", { token: "nothing", paths: ["a"] }),
  post("an accessor's capabilities", "sys/capabilities-accessor", {
    accessor: "{readerAccessor}",
    paths: ["secret/data/db"],
  }),
  post("a token for changes", "auth/token/create", { policies: "changer", ttl: 3600, no_default_policy: true }, {
    save: { changer: TOKEN, changerAccessor: ACCESSOR },
  }),
  put("an update of what there is not", "secret/data/mine/a", { data: { v: 1 } }, { token: "changer" }),
  put("it is made by the root", "secret/data/mine/a", { data: { v: 1 } }),
  put("an update of what there is", "secret/data/mine/a", { data: { v: 2 } }, { token: "changer" }),
  patch("a patch where one may", "secret/data/mine/a", { data: { v: 3 } }, { token: "changer" }),
  put("something is made", "secret/data/made/a", { data: { v: 1 } }, { token: "changer" }),
  put("what was made is not changed", "secret/data/made/a", { data: { v: 2 } }, { token: "changer" }),
  read("without the default policy there is no self", "auth/token/lookup-self", { token: "changer" }),
  post("a child", "auth/token/create", {}, { token: "changer", save: { child: TOKEN } }),
  post("a child with more rights", "auth/token/create", { policies: ["root"] }, { token: "changer" }),
  post("an orphan by who may not", "auth/token/create-orphan", {}, { token: "changer" }),
  post("a child without a parent by who may not", "auth/token/create", { no_parent: true }, { token: "changer" }),
  post("an orphan", "auth/token/create-orphan", { policies: ["reader"], period: "1h", num_uses: 3 }, {
    save: { orphan: TOKEN, orphanAccessor: ACCESSOR },
  }),
  read("a use of it", "auth/token/lookup-self", { token: "orphan" }),
  post("a token with an explicit end", "auth/token/create", { ttl: "30m", explicit_max_ttl: "1h", renewable: false }, {
    save: { fixed: TOKEN },
  }),
  read("a token with an explicit end, itself", "auth/token/lookup-self", { token: "fixed" }),
  put("what is not renewable", "auth/token/renew-self", {}, { token: "fixed" }),
  post("a token with a duration that is none", "auth/token/create", { ttl: "soon" }),
  post("a token with a duration below zero", "auth/token/create", { ttl: "-1h" }),
  post("a token that would live too long", "auth/token/create", { ttl: "90000h" }),
  post("a token of a type that there is not", "auth/token/create", { type: "magic" }),
  post("a batch token", "auth/token/create", { type: "batch" }),
  post("a token with uses below zero", "auth/token/create", { num_uses: -1 }),
  post("a token with policies that are no names", "auth/token/create", { policies: { a: 1 } }),
  put("the token renews itself", "auth/token/renew-self", {}, { token: "reader" }),
  put("the token renews itself by a time", "auth/token/renew-self", { increment: "2h" }, { token: "reader" }),
  put("the root renews it", "auth/token/renew", { token: "{reader}", increment: 1800 }),
  put("the root renews it by its accessor", "auth/token/renew-accessor", { accessor: "{readerAccessor}" }),
  put("the root renews what there is not", "auth/token/renew", { token: "nothing" }),
  put("the root renews no token", "auth/token/renew", {}),
  put("the root renews itself", "auth/token/renew-self", {}),
  put("the token renews another, which it may not", "auth/token/renew", { token: "{changer}" }, { token: "reader" }),
  read("the child", "secret/data/made/a", { token: "child" }),
  put("the parent is revoked", "auth/token/revoke-accessor", { accessor: "{changerAccessor}" }),
  read("the child of a revoked parent", "secret/data/made/a", { token: "child" }),
  put("a token that there is not is revoked", "auth/token/revoke", { token: "nothing" }),
  put("no token is revoked", "auth/token/revoke", {}),
  put("an accessor that there is not is revoked", "auth/token/revoke-accessor", { accessor: "nothing" }),
  put("no accessor is revoked", "auth/token/revoke-accessor", {}),
  put("a token is revoked without its children", "auth/token/revoke-orphan", { token: "{fixed}" }),
  put("the orphan is revoked", "auth/token/revoke", { token: "{orphan}" }),
  put("the token revokes itself", "auth/token/revoke-self", {}, { token: "reader" }),
  read("the token is no more", "auth/token/lookup-self", { token: "reader" }),
  read("the token is no more for anything", "secret/data/db", { token: "reader" }),
  read("tokens cannot be read", "auth/token/create"),
  post("a token for policies that there are not", "auth/token/create", { policies: ["zz", "nope"], ttl: "90000h" }),
  post("a token with all else null", "auth/token/create", {
    policies: ["default"],
    ttl: null,
    renewable: null,
    display_name: null,
    num_uses: null,
    no_parent: null,
    no_default_policy: null,
    explicit_max_ttl: null,
    period: null,
    meta: null,
    type: null,
    entity_alias: null,
  }, { save: { nulls: TOKEN } }),
  post("the capabilities on paths that are null", "sys/capabilities-self", { paths: null, path: "secret/data/db" }),
  post("a token with null for its policies", "auth/token/create", { policies: null }, { token: "nulls" }),
  put("a renewal by null", "auth/token/renew-self", { increment: null }),
  put("a token that is null is revoked", "auth/token/revoke", { token: null }),
  put("an accessor that is null is revoked", "auth/token/revoke-accessor", { accessor: null }),
  put("a policy that is null is written", "sys/policies/acl/null", { policy: null }),
];

const WRAPPING: readonly Exchange[] = [
  post("something is wrapped", "sys/wrapping/wrap", { a: "1", b: { c: 2 } }, {
    headers: { "X-Vault-Wrap-TTL": "60" },
    save: { wrapped: WRAPPED },
  }),
  post("something is wrapped without a time", "sys/wrapping/wrap", { a: "1" }),
  post("a wrapping is looked up", "sys/wrapping/lookup", { token: "{wrapped}" }, { token: "none" }),
  post("a wrapping is wrapped anew", "sys/wrapping/rewrap", { token: "{wrapped}" }, { save: { again: WRAPPED } }),
  post("what was wrapped anew is no more", "sys/wrapping/unwrap", { token: "{wrapped}" }),
  post("it is unwrapped", "sys/wrapping/unwrap", { token: "{again}" }),
  post("it is unwrapped again", "sys/wrapping/unwrap", { token: "{again}" }),
  put("something else is wrapped", "sys/wrapping/wrap", { a: "2" }, {
    headers: { "X-Vault-Wrap-TTL": "60" },
    save: { byItself: WRAPPED },
  }),
  put("it is unwrapped as the command line does", "sys/wrapping/unwrap", "null", { token: "byItself" }),
  post("no wrapping is looked up", "sys/wrapping/lookup", {}),
  post("a wrapping that there is not is looked up", "sys/wrapping/lookup", { token: "nothing" }),
  read("a secret is wrapped", "secret/data/db", { headers: { "X-Vault-Wrap-TTL": "5m" }, save: { secret: WRAPPED } }),
  put("a secret is unwrapped by its token alone", "sys/wrapping/unwrap", undefined, { token: "secret" }),
  put("a secret is unwrapped by its token alone, again", "sys/wrapping/unwrap", undefined, { token: "secret" }),
  read("what there is not is wrapped", "secret/data/nothing", { headers: { "X-Vault-Wrap-TTL": "5m" } }),
  put(
    "what answers nothing is wrapped",
    "sys/policies/acl/reader",
    { policy: 'path "a" { capabilities = ["read"] }' },
    {
      headers: { "X-Vault-Wrap-TTL": "5m" },
    },
  ),
  post("a token is wrapped", "auth/token/create", { policies: ["reader"] }, {
    headers: { "X-Vault-Wrap-TTL": "5m" },
    save: { tokenInside: WRAPPED },
  }),
  post("a wrapped token is unwrapped", "sys/wrapping/unwrap", { token: "{tokenInside}" }),
  read("a wrapping with a time that is none", "secret/data/db", { headers: { "X-Vault-Wrap-TTL": "soon" } }),
  read("a wrapping with a time below zero", "secret/data/db", { headers: { "X-Vault-Wrap-TTL": "-5" } }),
  read("a wrapping token is good for nothing else", "secret/data/db", {
    headers: { "X-Vault-Wrap-TTL": "60" },
    save: { other: WRAPPED },
  }),
  read("a secret by a wrapping token", "secret/data/db", { token: "other" }),
  put("an unwrapping without a token", "sys/wrapping/unwrap", {}, { token: "none" }),
  put("an unwrapping of null", "sys/wrapping/unwrap", { token: null }),
  read("a secret is wrapped, to be revoked", "secret/data/db", {
    headers: { "X-Vault-Wrap-TTL": "60" },
    save: { revoked: WRAPPED },
  }),
  put("a wrapping token is revoked", "auth/token/revoke", { token: "{revoked}" }),
  put("it is unwrapped after that", "sys/wrapping/unwrap", { token: "{revoked}" }),
];

export const EXCHANGES: readonly Exchange[] = [...SYSTEM, ...KV, ...POLICIES, ...TOKENS, ...WRAPPING];
