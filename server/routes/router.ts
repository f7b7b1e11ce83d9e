/**
 * Finds the route of a path. Of hono it is the router alone: its `Hono` decodes parameters a second time, and answers
 * HEAD, errors and unknown paths in ways that are not Vault's. And of its routers this one (0.5 µs a path): the one that
 * makes a regular expression of all patterns cannot have a variable first segment beside fixed ones.
 */
import { TrieRouter } from "hono/router/trie-router";
import type { RequestOperation } from "../http/operation.ts";
import type { Route } from "./route.ts";

const OPERATIONS: readonly RequestOperation[] = ["read", "list", "update", "patch", "delete"];

export interface Match {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

export class RouteTable {
  readonly #router = new TrieRouter<Route>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#router.add(route.operation, `/${route.path}`, route);
  }

  /** @param path below `/v1/`, decoded, without a final `/` */
  find(operation: RequestOperation, path: string): Match | undefined {
    const [[first]] = this.#router.match(operation, `/${path}`);
    if (!first) return undefined;
    const [route, parameters] = first;
    return { route, parameters: parameters as Match["parameters"] };
  }

  /** Whether something else can be done there. */
  knows(path: string): boolean {
    return OPERATIONS.some((operation) => this.find(operation, path) !== undefined);
  }
}
