/** The engine at a place in a Vault, of the version that it has. */
import type { VaultPlace } from "./config.ts";
import type { VaultKv } from "./kv.ts";
import { KvV1 } from "./kv_v1.ts";
import { KvV2 } from "./kv_v2.ts";
import { kvVersionAt } from "./mount.ts";
import type { VaultSession } from "./session.ts";

/** @throws {Fault} CONFIG when there is none */
export async function openKv(session: VaultSession, place: VaultPlace): Promise<VaultKv> {
  const version = place.kvVersion ?? await kvVersionAt(session, place.mount);
  return version === 2 ? new KvV2(session, place) : new KvV1(session, place);
}
