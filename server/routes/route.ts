/**
 * What a route is. The table of all of them (`table.ts`) is the one source of what the server answers, what it takes
 * for valid, and what docs/http-api.md and the OpenAPI document say.
 */
import type * as z from "zod/mini";
import type { Answer } from "../http/answer.ts";
import { CARRY_BODY, type RequestOperation } from "../http/operation.ts";
import type { JsonObject } from "../../core/stack/kv/json.ts";
import type { Deed, Session } from "../session.ts";

/** An object with members, none of which has to be there unless it says so. Others are ignored, with a warning. */
export type Members = z.ZodMiniObject;

/**
 * Who may call a route. `rights`: whose policies allow the operation on the path. `token`: every token, since what is
 * asked for is checked by itself. `wrapping`: also the wrapping token that it is about, in a token's place. `anyone`.
 */
export type Access = "rights" | "token" | "wrapping" | "anyone";

/** `:stack/data/:name{.+}` → `"stack" | "name"`. */
type ParameterOf<Path extends string> = Path extends `${infer Head}/${infer Tail}`
  ? ParameterOf<Head> | ParameterOf<Tail>
  : Path extends `:${infer Name}{${string}}` ? Name
  : Path extends `:${infer Name}` ? Name
  : never;

/** A request that may be answered. */
export interface Call<Parameters extends string = string, Query = unknown, Body = unknown> {
  readonly session: Session;
  readonly parameters: Readonly<Record<Parameters, string>>;
  readonly query: Query;
  readonly body: Body;
  /** The body as it came, with the numbers as they were written. */
  readonly given: JsonObject;
}

/** What can be known of a request before its body is read. */
export type Asked = Pick<Call, "session" | "parameters">;

/** What an answer looks like: one member of Vault's envelope, or the whole body where there is none. */
export type AnswerSchema =
  | { readonly data: z.ZodMiniType }
  | { readonly auth: z.ZodMiniType }
  | { readonly wrap_info: z.ZodMiniType }
  | { readonly body: z.ZodMiniType };

interface Definition<Path extends string, Query extends Members, Body extends Members> {
  /** Below `/v1/`, as hono writes patterns. */
  readonly path: Path;
  readonly operation: RequestOperation;
  /** One line for the documentation. */
  readonly summary: string;
  /** `rights` unless given. */
  readonly access?: Access;
  /** Takes the capability `sudo` besides the operation's own. */
  readonly sudo?: true;
  /** Also for tokens of one run, which may do nothing else. */
  readonly forRuns?: true;
  /** What is recorded before it is done, where no stack records it. */
  readonly deed?: Deed;
  readonly query?: Query;
  readonly body?: Body;
  /** Without it the answer is 204. */
  readonly answer?: AnswerSchema;
  /** Whether what an update writes is there already: `update` is needed then, else `create`. */
  readonly exists?: (asked: Asked) => Promise<boolean>;
  readonly handle: (call: Call<ParameterOf<Path>, z.infer<Query>, z.infer<Body>>) => Answer | Promise<Answer>;
}

export interface Route {
  readonly path: string;
  readonly operation: RequestOperation;
  readonly summary: string;
  readonly access: Access;
  readonly sudo: boolean;
  readonly forRuns: boolean;
  readonly deed: Deed | undefined;
  readonly query: Members | undefined;
  readonly body: Members | undefined;
  readonly answer: AnswerSchema | undefined;
  readonly exists: ((asked: Asked) => Promise<boolean>) | undefined;
  readonly handle: (call: Call) => Answer | Promise<Answer>;
}

/** A route whose handler is typed by its path and its schemas. */
export function route<Path extends string, Query extends Members = Members, Body extends Members = Members>(
  definition: Definition<Path, Query, Body>,
): Route {
  const { access = "rights", sudo = false, forRuns = false, deed, query, answer, exists, ...rest } = definition;
  const body = CARRY_BODY.has(definition.operation) ? definition.body : undefined;
  // Whoever calls it has matched the path, and parsed query and body with these very schemas.
  const handle = definition.handle as Route["handle"];
  return { ...rest, access, sudo, forRuns, deed, query, body, answer, exists, handle };
}
