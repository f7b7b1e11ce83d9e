/** What can be wrong with a Vault as a whole. */
import { Fault } from "../../fault.ts";

export function notVault(where: string): Fault {
  return new Fault("UNAVAILABLE", `${where} does not answer as a Vault does, or something in between answers for it`, {
    hint: "check url: https://HOST:8200, or with the mount as https://HOST:8200/MOUNT",
  });
}

/** It does not unseal itself while one waits. */
export function sealedVault(where: string): Fault {
  return new Fault("LOCKED", `${where} is sealed`, {
    hint: "have it unsealed: bao operator unseal, vault operator unseal, or coffer unlock where it is coffer serve",
  });
}

export function badToken(where: string): Fault {
  return new Fault("DENIED", `${where} does not know the token, or it has ended`, {
    hint: "coffer provider unregister if it is a stack's, then: coffer provider register --url URL --token-stdin",
  });
}

export function noNamespace(where: string): Fault {
  return new Fault("CONFIG", `${where} has no such namespace`, { hint: "check namespace" });
}
