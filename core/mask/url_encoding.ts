/** Percent-encoding (RFC 3986 §2.1) as programs do it: they differ in what they leave as it is. */

/** What is left besides letters, digits, `_`, `.` and `-`. */
const LEFT: readonly string[] = [
  "", // PHP's urlencode
  "~", // Go's QueryEscape
  "~/", // Python's quote
  "*", // HTML forms
  "~!'()*", // encodeURIComponent
  "~!'()*;,/?:@&=+$#", // encodeURI
  "~$&+=:@", // Go's PathEscape
  "~$&+,;=", // Go, a password in a URL
  "~!$%&'()*+,", // WHATWG, a password in a URL
];

/** @param binary a character per byte */
export function urlForms(binary: string): string[] {
  const special = [...new Set(binary.replace(/[\w.-]/g, ""))];
  const left = new Set(LEFT.map((all) => special.filter((character) => all.includes(character)).join("")));
  const upper = new Map(special.map((character) => [character, percent(character)]));
  const lower = new Map(special.map((character) => [character, percent(character).toLowerCase()]));
  return [...left].flatMap((kept) =>
    [upper, lower].flatMap((escapes) => {
      const url = binary.replace(/[^\w.-]/g, (character) =>
        kept.includes(character) ? character : escapes.get(character)!);
      return [url, url.replaceAll("%20", "+")];
    })
  );
}

function percent(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
