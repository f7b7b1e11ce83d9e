/** Where a Vault is, and whether a token may travel there. */
import { isSecretName } from "../../name.ts";

export interface VaultAddress {
  /** `https://vault.example:8200` */
  readonly origin: string;
  /** What the URL's path says, if it has one: `acme` of `https://vault.example:8200/acme`. */
  readonly mount: string | undefined;
}

/** Names of the machine itself, and those by which a container reaches the machine that it runs on. */
const ON_THIS_MACHINE = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|host\.docker\.internal|host\.containers\.internal)$/;

/**
 * Reads a URL. `http:` is for this machine only: anywhere else, whoever is on the way could read the token and every
 * value. `allowHttp` is for networks that encrypt by themselves, as service meshes do.
 * @returns what is wrong with it, without any part of it: it may have a password in it
 */
export function readAddress(text: string, allowHttp: boolean): VaultAddress | string {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) return "is not an https:// URL";
  if (url.username !== "" || url.password !== "") return "has a user or password in it: that belongs in auth";
  if (url.search !== "" || url.hash !== "") return "has more than a host and a mount in it";
  if (url.protocol === "http:" && !allowHttp && !ON_THIS_MACHINE.test(url.hostname)) {
    return "is http:, which anybody on the way can read: use https:, or allow it (allow_http, --allow-http) where the " +
      "network encrypts by itself";
  }
  const mount = readMount(url.pathname);
  if (mount === undefined && url.pathname !== "/") return "has a path that is no mount";
  return { origin: url.origin, mount };
}

/**
 * A mount's or folder's path without slashes at its ends; undefined when it has none of the forms that names have. So it
 * can be part of a request's path, and mean nothing else there.
 */
export function readMount(text: string): string | undefined {
  const path = text.replace(/^\/+|\/+$/g, "");
  return isSecretName(path) ? path : undefined;
}
