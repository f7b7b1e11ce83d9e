/** Getting a token from an auth method: AppRole, userpass, Kubernetes. */
import { Fault } from "../../fault.ts";
import { Secret } from "../../secret.ts";
import type { JsonObject } from "../../stack/kv/json.ts";
import { objectIn, says } from "./answer.ts";
import type { VaultAuth } from "./config.ts";
import { noNamespace, notVault } from "./faults.ts";
import type { VaultServer } from "./server.ts";

export type LoginMethod = Exclude<VaultAuth, { readonly method: "token" }>;
/** Reads a file of the machine. Of a service account's token: each time, since the platform replaces it. */
export type ReadFile = (path: string) => Promise<Secret>;

/** A token as it was handed out, or renewed. */
export interface Granted {
  readonly token: Secret;
  readonly seconds: number;
  readonly renewable: boolean;
}

/**
 * Logs in. Not again when it is not known whether it went well: a secret id may be good for one use.
 * @throws {Fault} DENIED when the method refuses
 */
export async function logIn(server: VaultServer, auth: LoginMethod, readFile: ReadFile): Promise<Granted> {
  using body = await bodyOf(auth, readFile);
  const user = auth.method === "userpass" ? `/${encodeURIComponent(auth.username)}` : "";
  const answer = await server.send({ method: "POST", path: `auth/${auth.mount}/login${user}`, body });
  if (answer.status === 404 && says(answer, /namespace/i)) throw noNamespace(server.where);
  // 400 for what is wrong, 403 also where there is no such method.
  if (answer.status !== 200) {
    throw new Fault("DENIED", `${server.where} refuses to log in by ${auth.method} at auth/${auth.mount}`, {
      hint: `check ${KEYS[auth.method]}, and auth_mount: bao auth list shows what there is`,
    });
  }
  return grantedIn(answer.body, server.where);
}

/** @throws {Fault} UNAVAILABLE when there is no token in it; DENIED when a second factor has to come first */
function grantedIn(body: JsonObject, where: string): Granted {
  const { client_token: token, lease_duration: seconds, renewable, mfa_requirement: more } = objectIn(body, "auth");
  if (token === "" && more) {
    throw new Fault("DENIED", `${where} asks for a second factor, which only people have`, {
      hint: "use another method of auth for programs",
    });
  }
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token) || typeof seconds !== "number") throw notVault(where);
  return { token: Secret.fromText(token), seconds, renewable: renewable === true };
}

async function bodyOf(auth: LoginMethod, readFile: ReadFile): Promise<Secret> {
  switch (auth.method) {
    case "approle":
      return Secret.fromText(JSON.stringify({ role_id: auth.roleId, secret_id: auth.secretId.revealText() }));
    case "userpass":
      return Secret.fromText(JSON.stringify({ password: auth.password.revealText() }));
    case "kubernetes": {
      using jwt = await readFile(auth.jwtFile);
      return Secret.fromText(JSON.stringify({ role: auth.role, jwt: jwt.revealText().trim() }));
    }
  }
}

const KEYS: Readonly<Record<LoginMethod["method"], string>> = {
  approle: "role_id and secret_id",
  userpass: "username and password",
  kubernetes: "role and jwt_file",
};
