import { seededRandom } from "../../reference/format/seeded_random.ts";
import type { BaoClient } from "./bao_client.ts";
import type { Subject } from "./subject.ts";

/** What may be done with some policies at once. */
export interface Decision {
  readonly policies: readonly string[];
  /** For `sys/capabilities`. */
  readonly paths: readonly string[];
  readonly requests: readonly (readonly [operation: RequestedOperation, path: string])[];
}

export interface DecisionAnswer {
  /** One for each path. */
  readonly capabilities: readonly (readonly string[])[];
  /** Whether each request was allowed. */
  readonly allowed: readonly boolean[];
  /** Whether the preflight for the mount `kv/` was. */
  readonly reaches: boolean;
}

const METHODS = {
  create: "PUT",
  read: "GET",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  list: "LIST",
  scan: "SCAN",
};
export type RequestedOperation = keyof typeof METHODS;
const OPERATIONS = Object.keys(METHODS) as RequestedOperation[];

export const decisions: Subject<Decision, DecisionAnswer> = {
  name: "decisions",
  questions: [...written(), ...generated(150)],
  async ask(bao, { policies, paths, requests }) {
    await bao.call("POST", "sys/mounts/kv", { type: "kv", options: { version: "1" } }); // fails when it is there
    const names: string[] = [];
    for (const policy of policies) names.push((await bao.write(policy)).name);
    const token = await bao.tokenWith(names);
    const capabilities = await bao.capabilities(token, paths);
    const allowed: boolean[] = [];
    for (const [operation, path] of requests) allowed.push(await isAllowed(bao, token, operation, path));
    const preflight = await bao.call("GET", "sys/internal/ui/mounts/kv", undefined, token);
    return { capabilities: paths.map((path) => capabilities[path]!), allowed, reaches: preflight.status === 200 };
  },
};

/** Anything but 403: what is not there, or cannot be patched, was allowed all the same. */
async function isAllowed(bao: BaoClient, token: string, operation: RequestedOperation, path: string): Promise<boolean> {
  // Writing is creating, unless there is something.
  if (operation === "create") await bao.get("DELETE", path);
  if (operation === "update") await bao.get("PUT", path, { a: 1 });
  const hasBody = ["PUT", "PATCH"].includes(METHODS[operation]);
  const { status } = await bao.call(METHODS[operation], path, hasBody ? { a: 2 } : undefined, token);
  return status !== 403;
}

/** Where Vault's documentation is explicit, and where its code has corners. */
function written(): Decision[] {
  const sets:
    readonly (readonly [rules: Readonly<Record<string, string>> | readonly Record<string, string>[], paths: string])[] =
      [
        [{ "kv/foo": "read" }, "kv/foo kv/foo/ kv/foo/bar kv/fo kv/"],
        [{ "kv/foo/": "list" }, "kv/foo kv/foo/ kv/foo/bar"],
        [{ "kv/foo": "list", "kv/foo/": "deny" }, "kv/foo kv/foo/"],
        [{ "kv/foo": "deny", "kv/foo/": "list" }, "kv/foo kv/foo/"],
        [{ "kv/foo*": "list", "kv/foo/": "deny" }, "kv/foo kv/foo/ kv/foob"],
        [{ "kv/*": "list", "kv/foo": "deny" }, "kv/foo kv/foo/ kv/foo/b"],
        [{ "kv/*": "list", "kv/fo*": "deny" }, "kv/foo kv/foo/ kv/f kv/f/"],
        [{ "kv/+": "list", "kv/*": "read" }, "kv/foo kv/foo/ kv/foo/b"],
        [{ "kv/+/": "list" }, "kv/foo kv/foo/ kv/foo/b"],
        [{ "kv/+/": "list", "kv/+": "read" }, "kv/foo kv/foo/"],
        [{ "kv/a*": "read", "kv/+": "update" }, "kv/a kv/ab kv/b kv/a/b"],
        [{ "kv/a/+/c": "read", "kv/+/b/c": "update" }, "kv/a/b/c kv/x/b/c kv/a/x/c"],
        [{ "kv/+/b": "read", "kv/+/b*": "update" }, "kv/a/b kv/a/bc kv/a/b/c"],
        [{ "kv/a/+/b": "read", "kv/a/+/+": "update" }, "kv/a/x/b kv/a/x/c"],
        [{ "kv/+/b/ba*": "read", "kv/+/b/b*": "update" }, "kv/a/b/bar kv/a/b/bo"],
        [{ "kv/+/+/c": "read", "kv/+/b/+": "update" }, "kv/a/b/c"],
        [{ "kv/+/a/+": "read", "kv/+/+/abc": "update" }, "kv/x/a/abc"],
        [{ "+/a": "read" }, "kv/a kv/b other/a kv/a/b"],
        [{ "+": "read" }, "kv kv/ a a/b"],
        [{ "+/+": "read", "*": "list" }, "kv kv/a kv/a/b"],
        [{ "*": "read" }, "kv kv/a sys/mounts"],
        [{ "k*": "read" }, "kv kv/a sys/mounts"],
        [{ "kv*": "read", "kv/*": "update" }, "kv kv/ kv/a kvx"],
        [{ "kv/*": "read", "kv/a": "" }, "kv/a kv/b"],
        [{ "kv/*": "deny", "kv/a": "read" }, "kv/a kv/b"],
        [{ "kv/a+": "read", "kv/+b": "read" }, "kv/a kv/ax kv/a+ kv/b kv/xb kv/+b"],
        [{ "kv/+b": "read", "kv/*": "update" }, "kv/+b kv/b"],
        [{ "kv/+b*": "read", "kv/+b/c": "update", "kv/+b/*": "list" }, "kv/+b kv/+b/c kv/+bc kv/+b/d"],
        [{ "kv/a+b*": "read", "kv/+": "update" }, "kv/a+b kv/a+bc"],
        [{ "kv/*a": "read" }, "kv/a kv/*a"],
        [{ "kv/a/*/b": "read" }, "kv/a/x/b kv/a/*/b"],
        [{ "kv/+/*": "read" }, "kv kv/ kv/a kv/a/ kv/a/b kv/a/b/c"],
        [{ "kv/a": "sudo" }, "kv/a"],
        [{ "kv/a": "sudo read", "kv/*": "sudo" }, "kv/a kv/b"],
        [{ "auth/token/*": "read" }, "auth/token/lookup kv/a"],
        [[{ "kv/a": "read" }, { "kv/a": "list" }], "kv/a"],
        [[{ "kv/a": "read" }, { "kv/a": "deny" }], "kv/a"],
        [[{ "kv/a": "deny" }, { "kv/a": "read update" }, { "kv/a": "list" }], "kv/a"],
        [[{ "kv/*": "deny" }, { "kv/a": "read" }], "kv/a kv/b"],
        [[{ "kv/+": "deny" }, { "kv/a*": "read" }], "kv/a kv/b"],
        [[{ "kv/+": "read" }, { "kv/+": "update" }], "kv/a"],
        [[{ "kv/a*": "read" }, { "kv/a*": "" }], "kv/a"],
        [[{ "/kv/a": "read" }, { "kv/a": "update" }], "kv/a /kv/a //kv/a"],
        [[], "kv/a"],
        // For the preflight: whether anything is granted at or below kv/.
        ...[
          "kv/a",
          "kv/a/+",
          "kv*",
          "kv",
          "kv/",
          "k*",
          "+",
          "+/a",
          "+/a*",
          "+/a/b",
          "+/+",
          "+v/a",
          "k+/a",
          "kv+/a",
          "other/a",
        ]
          .concat("other/+", "kva", "kva*", "*", "+/+/+", "kv/+", "kv/+b")
          .flatMap((path) => ["read", "deny", ""].map((granted) => [{ [path]: granted }, "kv/ kv"] as const)),
        [{ "kv/*": "deny", "kv/a": "read" }, "kv/"],
        [{ "kv/*": "read", "kv/": "deny" }, "kv/"],
        [{ "kv/": "deny", "+/a": "read" }, "kv/"],
        [{ "kv/": "deny", "k*": "read" }, "kv/"],
        [{ "kv/": "deny", "kva*": "read" }, "kv/"],
      ];
  return sets.map(([rules, paths]) => {
    const policies = [rules].flat().map((rules) => text(Object.entries(rules)));
    const requests = paths.split(" ").filter((path) => path.startsWith("kv/") && path.length > 3).flatMap((path) =>
      OPERATIONS.filter((operation) => isList(operation) || !path.endsWith("/")).map((operation) =>
        [operation, path] as const
      )
    );
    return { policies, paths: paths.split(" "), requests };
  });
}

/** Few segments, so that many rules are about the same paths. */
function generated(count: number): Decision[] {
  const random = seededRandom("policies");
  const number = (below: number) => random(1)[0]! % below;
  const oneOf = <T>(among: readonly T[]): T => among[number(among.length)]!;
  const some = <T>(least: number, most: number, make: () => T) =>
    Array.from({ length: least + number(most - least + 1) }, make);
  const rule = (): [string, string] => {
    const mount = oneOf(["kv", "kv", "kv", "kv", "kv", "+", "other"]);
    const path = [mount, ...some(0, 2, () => oneOf(["a", "a", "b", "+", "+"]))].join("/");
    const end = oneOf(["", "", "", "/", "*", "/*", "a*"]);
    // Of the others, OpenBao refuses +*.
    return [`${path}${end.startsWith("*") && path.endsWith("+") ? "" : end}`, capabilities()];
  };
  const capabilities = () =>
    number(6) === 0 ? oneOf(["deny", "", "sudo"]) : some(2, 7, () => oneOf(OPERATIONS)).join(" ");
  const path = () => ["kv", ...some(1, 2, () => oneOf(["a", "a", "b", "ab"]))].join("/");
  const request = () => {
    const operation = oneOf(OPERATIONS);
    return [operation, isList(operation) ? path() + oneOf(["", "/"]) : path()] as const;
  };
  return Array.from({ length: count }, () => ({
    policies: some(1, 3, () => text(some(1, 4, rule))),
    paths: [...new Set(some(6, 6, () => path() + oneOf(["", "", "/"])))],
    requests: some(4, 4, request),
  }));
}

function isList(operation: RequestedOperation): boolean {
  return operation === "list" || operation === "scan";
}

function text(rules: readonly (readonly [path: string, capabilities: string])[]): string {
  const lists = rules.map(([path, capabilities]) =>
    [path, JSON.stringify(capabilities.split(" ").filter(Boolean))] as const
  );
  return lists.map(([path, list]) => `path "${path}" { capabilities = ${list} }`).join("\n") || " ";
}
