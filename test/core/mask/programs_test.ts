/** Programs print values in the ways that they have; what they print is masked whole, but for the quotation marks. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { MASK, Masker } from "../../../core/mask/masker.ts";
import { Secret } from "../../../core/secret.ts";
import { needs } from "../../fixture/coffer_cli.ts";

const RUNS = 300;

/** Neither NUL, which arguments cannot have, nor an end that programs cut off. */
const value = fc.oneof(
  ...[
    "ab12 '\"\\`$&<>%+=~#!*/:;,?()[]{}|^@-_.\t\n\r\x1b\x7f\x07üß€漢😀",
    `ab'"\\ `, // the more of one another
    "ab12'\"\t\n<",
    "ab12+/=",
  ].map((letters) => fc.string({ unit: fc.constantFrom(...letters), minLength: 2, maxLength: 24 })),
).map((text) => `k${text}y`);

interface Program {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** What may stand around the token. */
  readonly around?: RegExp;
  /** Programs read the values as a JSON array on stdin, or as arguments. */
  readonly input: "JSON" | "arguments";
}

const python = (name: string, expression: string, around?: RegExp): Program => ({
  name: `Python's ${name}`,
  command: [
    "python3",
    "-c",
    `import sys,json,html,shlex,base64,urllib.parse as url,xml.sax.saxutils as sax\nfor v in json.load(sys.stdin): sys.stdout.buffer.write((${expression}).encode()+b"\\0")`,
  ],
  input: "JSON",
  ...(around && { around }),
});
const node = (name: string, expression: string, around?: RegExp): Program => ({
  name: `Node's ${name}`,
  command: [
    "node",
    "-e",
    `const util=require("node:util"),fs=require("node:fs");for(const v of JSON.parse(fs.readFileSync(0)))process.stdout.write((${expression})+"\\0")`,
  ],
  input: "JSON",
  ...(around && { around }),
});
const jq = (filter: string, around?: RegExp): Program => ({
  name: `jq's ${filter}`,
  command: ["jq", "-j", `.[] | (${filter}), "\\u0000"`],
  input: "JSON",
  ...(around && { around }),
});
const shell = (name: string, program: string, script: string, around?: RegExp): Program => ({
  name: `${program}'s ${name}`,
  command: [program, "-c", `for v; do ${script}; printf '\\0'; done`, program],
  input: "arguments",
  ...(around && { around }),
});

const QUOTED = /^(b?['"`]|)\*{7}['"`]?$/;

const PROGRAMS: readonly Program[] = [
  python("repr", "repr(v)", QUOTED),
  python("ascii", "ascii(v)", QUOTED),
  python("repr of bytes", "repr(v.encode())", QUOTED),
  python("json", "json.dumps(v)", QUOTED),
  python("json in json", "json.dumps(json.dumps(v))", /^"\\"\*{7}\\""$/),
  python("json with all characters", "json.dumps(v, ensure_ascii=False)", QUOTED),
  python("html.escape", "html.escape(v)"),
  python("saxutils.escape", "sax.escape(v)"),
  python("saxutils.quoteattr", "sax.quoteattr(v)", QUOTED),
  python("shlex.quote", "shlex.quote(v)", QUOTED),
  python("quote", "url.quote(v)"),
  python("quote without a safe character", "url.quote(v, safe='')"),
  python("quote_plus", "url.quote_plus(v)"),
  python("hex", "v.encode().hex()"),
  python("base64", "base64.b64encode(v.encode()).decode()"),
  python("urlsafe base64", "base64.urlsafe_b64encode(v.encode()).decode()"),
  node("inspect", "util.inspect(v)", QUOTED),
  node("JSON.stringify", "JSON.stringify(v)", QUOTED),
  node("encodeURIComponent", "encodeURIComponent(v)"),
  node("encodeURI", "encodeURI(v)"),
  node("URLSearchParams", "new URLSearchParams({v})", /^v=\*{7}$/),
  node("URL with a password", "Object.assign(new URL('http://h/'),{password:v}).href", /^http:\/\/:\*{7}@h\/$/),
  node("querystring.escape", "require('node:querystring').escape(v)"),
  jq("@json", QUOTED),
  jq("@html"),
  jq("@sh", QUOTED),
  jq("@uri"),
  jq("[.] | @csv", QUOTED),
  shell("printf %q", "bash", `printf %q "$v"`, /^(\$')?\*{7}'?$/),
  shell("${v@Q}", "bash", `printf %s "\${v@Q}"`, /^\$?'?\*{7}'?$/),
  shell("declare -p", "bash", "declare -p v", /^declare -- v=\$?["']\*{7}["']\n$/),
  shell("set -x", "bash", `(set -x; : "$v") 2>&1`, /^\+ : \$?'?\*{7}'?\n$/),
  shell("export -p", "dash", "export v; export -p | sed '/^export [A-Z]/d'", /^export v='\*{7}'\n$/),
];

async function give(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
}

for (const { name, command, around, input } of PROGRAMS) {
  const lacking = needs(command[0]);
  Deno.test({
    name: `Masker knows ${name}${lacking === undefined ? "" : ` (ignored: ${lacking})`}`,
    ignore: lacking !== undefined,
    async fn() {
      const values = fc.sample(value, RUNS);
      const [program, ...args] = input === "JSON" ? command : [...command, ...values];
      const child = new Deno.Command(program!, {
        args,
        env: { PATH: Deno.env.get("PATH")!, LC_ALL: "C.UTF-8" },
        clearEnv: true,
        stdin: input === "JSON" ? "piped" : "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const output = child.output();
      if (input === "JSON") await give(child.stdin, JSON.stringify(values));
      const { stdout, stderr } = await output;
      const printed = new TextDecoder().decode(stdout).split("\0").slice(0, -1);
      assert.equal(printed.length, values.length, new TextDecoder().decode(stderr));
      for (const [i, text] of printed.entries()) {
        const masked = new Masker([Secret.fromText(values[i]!)]).text(text);
        assert.match(
          masked,
          around ?? new RegExp(`^${RegExp.escape(MASK)}$`),
          `${JSON.stringify(values[i])} printed as ${text}`,
        );
      }
    },
  });
}
