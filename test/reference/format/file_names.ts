/** Names of secrets, stacks and files: docs/format.md §1. */

const SECRET_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;
const PIECE = 200;

/** Whether this is a secret's name. */
export function isSecretName(name: string): boolean {
  return name.length <= 255 && SECRET_NAME.test(name);
}

function isUpper(c: string): boolean {
  return c >= "A" && c <= "Z";
}

function isLower(c: string): boolean {
  return c >= "a" && c <= "z";
}

/** Path of a secret's file below `secrets/`. */
export function fileOf(name: string): string {
  let encoded = "";
  let upper = false;
  for (const c of name) {
    if (upper ? isLower(c) : isUpper(c)) {
      encoded += "=";
      upper = !upper;
    }
    encoded += c === "/" ? "+" : c.toLowerCase();
  }
  let path = "";
  while (encoded.length > PIECE) {
    path += encoded.slice(0, PIECE) + "~/";
    encoded = encoded.slice(PIECE);
  }
  return path + encoded + ".json";
}

/** Name of the secret whose file has this path below `secrets/`; undefined when there is none. */
export function nameOf(path: string): string | undefined {
  const encoded = path.replaceAll("~/", "").replace(/\.json$/, "");
  let name = "";
  let upper = false;
  for (const c of encoded) {
    if (c === "=") upper = !upper;
    else if (c === "+") name += "/";
    else name += upper ? c.toUpperCase() : c;
  }
  // Many paths decode to the same name, but only one of them is its encoding.
  return isSecretName(name) && fileOf(name) === path ? name : undefined;
}
