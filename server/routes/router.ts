/**
 * Finds the route of a path. Of hono it is the router alone: its `Hono` decodes parameters a second time, and answers
 * HEAD, errors and unknown paths in ways that are not Vault's.
 */
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import type { RequestOperation } from "../http/operation.ts";
import type { Route } from "./route.ts";

const OPERATIONS: readonly RequestOperation[] = ["read", "list", "update", "patch", "delete"];

export interface Match {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

export class RouteTable {
  /** Patterns that one regular expression cannot tell apart go to the other router. */
  readonly #router = new SmartRouter<Route>({ routers: [new RegExpRouter(), new TrieRouter()] });

  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#router.add(route.operation, `/${route.path}`, route);
  }

  /** @param path below `/v1/`, decoded, without a final `/` */
  find(operation: RequestOperation, path: string): Match | undefined {
    const [[first] = [], stash] = this.#router.match(operation, `/${path}`);
    if (!first) return undefined;
    const [route, parameters] = first;
    const value = (at: string | number) => typeof at === "number" ? stash![at]! : at;
    return {
      route,
      parameters: Object.fromEntries(Object.entries(parameters).map(([name, at]) => [name, value(at)])),
    };
  }

  /** Whether something else can be done there. */
  knows(path: string): boolean {
    return OPERATIONS.some((operation) => this.find(operation, path) !== undefined);
  }
}
