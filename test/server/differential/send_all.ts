/** Sends all exchanges in their order, and keeps what later ones need. */
import { type Exchange, EXCHANGES } from "./exchanges.ts";
import { normalForm, type Recorded } from "./normal_form.ts";

/** @param path from `/v1/` on */
export type Send = (method: string, path: string, headers: Headers, body: string | undefined) => Promise<Response>;

/** What was answered, in normal form, by what was asked. */
export async function sendAll(rootToken: string, send: Send): Promise<Map<string, Recorded>> {
  const saved = new Map([["root", rootToken]]);
  const answers = new Map<string, Recorded>();
  for (const exchange of EXCHANGES) {
    const response = await send(exchange.method, exchange.path, headersOf(exchange, saved), bodyOf(exchange, saved));
    const text = await response.text();
    const json = text.trim() === "" ? undefined : JSON.parse(text);
    for (const [name, members] of Object.entries(exchange.save ?? {})) saved.set(name, memberOf(json, members));
    const type = response.headers.get("content-type");
    answers.set(exchange.ask, { status: response.status, type, ...json !== undefined && { body: normalForm(json) } });
  }
  return answers;
}

function headersOf({ token = "root", headers = {}, body }: Exchange, saved: ReadonlyMap<string, string>): Headers {
  const given = new Headers();
  if (body !== undefined) given.set("Content-Type", "application/json");
  if (token !== "none") given.set("X-Vault-Token", saved.get(token) ?? "nothing was saved");
  for (const [name, value] of Object.entries(headers)) given.set(name, filled(value, saved));
  return given;
}

function bodyOf({ body }: Exchange, saved: ReadonlyMap<string, string>): string | undefined {
  if (body === undefined || typeof body === "string") return body;
  return filled(JSON.stringify(body), saved);
}

function filled(text: string, saved: ReadonlyMap<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (all, name) => saved.get(name) ?? all);
}

function memberOf(json: unknown, members: readonly string[]): string {
  const found = members.reduce<unknown>((value, member) => (value as Record<string, unknown> | null)?.[member], json);
  if (typeof found !== "string") throw new TypeError(`there is no ${members.join(".")} in the answer`);
  return found;
}
