/** Makes a place of its own for a stack in a Vault: a mount, a policy, and a token that can do nothing else. */
import { Fault } from "../../fault.ts";
import type { StackName } from "../../name.ts";
import { Secret } from "../../secret.ts";
import { isJsonObject, type JsonObject } from "../../stack/kv/json.ts";
import { objectIn, says, type VaultAnswer } from "./answer.ts";
import { notVault } from "./faults.ts";
import { isOurs, policyFor } from "./policy.ts";
import { refused } from "./refused.ts";
import type { VaultSession } from "./session.ts";

export interface NewPlace {
  readonly mount: StackName;
  /** The mount's name unless given. */
  readonly policy?: StackName;
  /** For how long the token is good, and for how long each renewal. 32 days unless given. */
  readonly seconds?: number;
}

export interface ConfiguredPlace {
  readonly mount: string;
  readonly policy: string;
  /** The receiver disposes of it. */
  readonly token: Secret;
  /** Seconds: what was granted, which may be less than what was asked for. */
  readonly ttl: number;
}

/** As long as a Vault grants without being told otherwise. Renewed at each use in the last third of it. */
const SECONDS = 32 * 24 * 60 * 60;

/**
 * What is there already is kept: a version 2 KV engine at the mount, and a policy that this function wrote. A token is
 * made each time, since nobody has the old one's text any more. When a step fails, what the steps before have made stays,
 * and is found when it is run again.
 *
 * The token has no parent, so that it does not end with the administrator's; is periodic, so that it lives as long as it
 * is used; and has the one policy, not even `default`.
 *
 * @param admin a session whose token may make mounts, policies and orphan tokens
 * @throws {Fault} CONFLICT when something else has the mount's or the policy's name; DENIED; else as sessions do
 */
export async function configureVault(admin: VaultSession, place: NewPlace): Promise<ConfiguredPlace> {
  const { mount, policy = mount, seconds = SECONDS } = place;
  await makeMount(admin, mount);
  await makePolicy(admin, mount, policy);
  const { token, ttl } = await makeToken(admin, policy, seconds);
  return { mount, policy, token, ttl };
}

async function makeMount(admin: VaultSession, mount: string): Promise<void> {
  const made = await post(admin, `sys/mounts/${mount}`, {
    type: "kv",
    description: "secrets of a Coffer stack",
    options: { version: "2" },
  });
  if (isDone(made)) return;
  const deed = `make the mount ${mount}/`;
  // 400 in most versions, 409 in some.
  if (![400, 409].includes(made.status) || !says(made, /already in use|existing mount|cannot mount/i)) {
    throw refused(made, admin.where, deed);
  }
  const all = await admin.send({ method: "GET", path: "sys/mounts" });
  if (all.status !== 200) throw refused(all, admin.where, "list its mounts");
  const { type, options } = objectIn(objectIn(all.body, "data"), `${mount}/`);
  if (type === "kv" && isJsonObject(options) && options.version === "2") return;
  throw new Fault("CONFLICT", `${admin.where} has something else at ${mount}/ than a KV engine of version 2`, {
    hint: "choose another mount; bao secrets list -detailed shows what there is",
  });
}

async function makePolicy(admin: VaultSession, mount: string, policy: string): Promise<void> {
  const path = `sys/policies/acl/${policy}`;
  const there = await admin.send({ method: "GET", path });
  if (there.status === 200 && !isOurs(objectIn(there.body, "data").policy)) {
    throw new Fault("CONFLICT", `${admin.where} has a policy ${policy} that coffer vault configure has not written`, {
      hint: `give the policy another name; bao policy read ${policy} shows this one`,
    });
  }
  if (there.status !== 200 && there.status !== 404) throw refused(there, admin.where, `read the policy ${policy}`);
  const written = await post(admin, path, { policy: policyFor(mount) });
  if (!isDone(written)) throw refused(written, admin.where, `write the policy ${policy}`);
}

async function makeToken(
  admin: VaultSession,
  policy: string,
  seconds: number,
): Promise<{ readonly token: Secret; readonly ttl: number }> {
  const made = await post(admin, "auth/token/create-orphan", {
    policies: [policy],
    no_default_policy: true,
    period: `${seconds}s`,
    renewable: true,
    display_name: `coffer-${policy}`,
  }, false);
  if (!isDone(made)) throw refused(made, admin.where, `make a token with the policy ${policy}`);
  const { client_token: token, lease_duration: ttl } = objectIn(made.body, "auth");
  if (typeof token !== "string" || typeof ttl !== "number") throw notVault(admin.where);
  return { token: Secret.fromText(token), ttl };
}

async function post(admin: VaultSession, path: string, content: JsonObject, repeatable = true): Promise<VaultAnswer> {
  using body = Secret.fromText(JSON.stringify(content));
  return await admin.send({ method: "POST", path, body, repeatable });
}

function isDone({ status }: VaultAnswer): boolean {
  return status === 200 || status === 204;
}
