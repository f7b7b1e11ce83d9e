import type { Subject } from "./subject.ts";

/** The capabilities that a policy grants on {@linkcode PATHS}, where it grants any; null where OpenBao refuses it. */
export type TextAnswer = Readonly<Record<string, readonly string[]>> | null;

export const PATHS = [
  "secret/x",
  "secret/y",
  "secret/z",
  "secret",
  "a",
  "path",
  "name",
  "secret/+a",
  "secret/a+",
  "secret/x*y",
]
  .concat("secret/*", "secret/**", "secret//x", "secret/${x}", 'secret/"x', "secret/\\x", "secret/é", "secret/#x");

const READ = 'capabilities = ["read"]';
/** A rule about `secret/x`. */
const x = (body: string) => `path "secret/x" { ${body} }`;
/** A rule that lets read there. */
const on = (path: string) => `path "${path}" { ${READ} }`;
const JSON_READ = '{"capabilities":["read"]}';
/** A policy in JSON about `secret/x`. */
const json = (body: string) => `{"path":{"secret/x":${body}}}`;
const jsonOn = (path: string) => `{"path":{"${path}":${JSON_READ}}}`;

/** What OpenBao takes and Coffer refuses, by the reason. */
export const REFUSED_HERE: ReadonlySet<string> = new Set([
  // They narrow what is granted, and there is nothing here that would do so.
  ...['allowed_parameters = { "*" = [] }', 'denied_parameters = { "a" = ["b"] }', 'required_parameters = ["a"]']
    .concat('min_wrapping_ttl = "1s"', "max_wrapping_ttl = 90", "pagination_limit = 5", 'mfa_methods = ["a"]')
    .concat('expiration = "2000-01-01T00:00:00Z"', 'expiration = "2999-01-01T00:00:00Z"')
    .map((limit) => x(`${READ} ${limit}`)),
  json('{"capabilities":["read"],"allowed_parameters":{"a":["b"]}}'),
  // There are no identities to fill a template from.
  ...["secret/{{x}}", "secret/{{identity.entity.id}}", "secret/{{ identity.entity.name }}/*"].flatMap((path) => [
    on(path),
    jsonOn(path),
  ]),
  // Somebody has forgotten to fill it in.
  ...["secret/${x}", 'secret/${"x"}'].map(on),
  jsonOn("secret/${x}"),
  x(`${READ} comment = "\${a}"`),
  // Given twice, of which one may be a mistake.
  ...[`${READ} capabilities = ["update"]`, `capabilities = ["deny"] ${READ}`, 'policy = "read" policy = "write"']
    .concat(`comment = "a" comment = "b" ${READ}`).map(x),
  json('{"capabilities":["read"],"capabilities":["deny"]}'),
  json('{"capabilities":["deny"],"capabilities":["read"]}'),
  // OpenBao overlooks what is wrong with it.
  ...[
    'capabilities = ["deny", "bogus"]',
    "capabilities = {}",
    "capabilities {}",
    'policy = ""',
    'capabilities = [,"read"]',
  ]
    .concat('capabilities = ["read",,"list"]', "capabilities = [,]").map(x),
  `path "secret/x" "y" { ${READ} }`,
  `path { ${READ} }`,
  '{"path":{"a":{"secret/x":{"capabilities":["read"]}}}}',
  '{"path":[[{"secret/x":{"capabilities":["read"]}}]]}',
  json('{"capabilities":[["read"]]}'),
  // Not JSON.
  ...["{", `${json(JSON_READ)} // c`, `${json(JSON_READ)} x`, json(JSON_READ).slice(0, -1)],
  ...['{"capabilities":["read"],}', '{"capabilities":["read",]}'].map(json),
  // Nobody has paths like these, or comments of several lines.
  ...["secret/\\x78", "secret/\\170", "secret/\tx", "secret/\rx", "secret/\u0001x"].map(on),
  x(`${READ} comment = <<EOF\nc\nEOF\n`),
]);

/** What Coffer takes and OpenBao refuses: an escape of JSON that HCL has not got. */
export const REFUSED_THERE: ReadonlySet<string> = new Set([on("secret\\/x"), jsonOn("secret\\/x")]);

export const policyTexts: Subject<string, TextAnswer> = {
  name: "policy_texts",
  questions: [
    ...["", " ", "\n", "# c", "# c\n", "// c", "/* c */", "/* c", "/ c", "{}", "[]", '"x"', "x", "\u00a0"],
    ...[...forms(), ...capabilities(), ...comments(), ...strings(), ...paths(), ...commas(), ...brokenOff()],
    x(`${READ} control_group = { ttl = "1h" }`), // of Vault Enterprise
    ...jsonForms(),
    ...REFUSED_HERE,
    ...REFUSED_THERE,
  ],
  async ask(bao, policy) {
    const { name, isAccepted } = await bao.write(policy);
    if (!isAccepted) return null;
    const granted = Object.entries(await bao.capabilities(await bao.tokenWith([name]), PATHS));
    return Object.fromEntries(granted.filter(([, capabilities]) => capabilities[0] !== "deny"));
  },
};

function forms(): string[] {
  return [
    x(READ),
    x(""),
    'path "secret/x" {}',
    `path "secret/x"\n{\n${READ}\n}`,
    `path\n"secret/x" {\ncapabilities\n=\n["read"]\n}`,
    `path "secret/x" {\r\n  ${READ}\r\n}\r\n`,
    `path\t"secret/x"\t{\t${READ}\t}`,
    `"path" "secret/x" { "capabilities" = ["read"] }`,
    `path secret { ${READ} }`,
    `path "secret/x" = { ${READ} }`,
    `path = { "secret/x" = { ${READ} } }`,
    `path { "secret/x" { ${READ} } }`,
    'path = "secret/x"',
    'path "secret/x" "read"',
    'path "secret/x" [ "read" ]',
    'path "secret/x": { capabilities: ["read"] }',
    `path 'secret/x' { ${READ} }`,
    `name = "x"\n${x(READ)}`,
    "name = 5",
    'name = "x" name = "y"',
    'foo = "x"',
    'foo "x" {}',
    `päth "secret/x" { ${READ} }`,
    'path.x "secret/x" {}',
    "path-x = 1",
    `Path "secret/x" { ${READ} }`,
    `${x(READ)} ${x('capabilities = ["list"]')}`,
    `${x(READ)}${x('capabilities = ["list"]')}`,
    `${x(READ)} ${x('capabilities = ["deny"]')}`,
    `${x('capabilities = ["deny"]')} ${x(READ)}`,
    ...[`\u00a0${x(READ)}`, `\ufeff${x(READ)}`, `${x(READ)}\u0000`, `${x(READ)};`, x(`${READ};`)],
  ];
}

function capabilities(): string[] {
  const all = '"create", "read", "update", "delete", "list", "patch", "sudo", "scan"';
  const values = [
    "[]",
    `[${all}]`,
    `[${all}, "deny"]`,
    '["read", "read"]',
    '["deny"]',
    '["READ"]',
    '["root"]',
    '["write"]',
  ]
    .concat('[""]', '["subscribe"]', '["recover"]', '["bogus", "deny"]', '["read list"]', '["read "]', '"read"', "read")
    .concat("[read]", "true", "null", "5", "[5]", "[true]", '[["read"]]', "{ read = true }", "[{}]");
  return [
    ...values.map((value) => `capabilities = ${value}`),
    ...["read", "write", "sudo", "deny", "list", "READ"].map((name) => `policy = "${name}"`),
    'policy = ["read"]',
    "policy = 5",
    'policy = "deny" capabilities = ["read"]',
    'policy = "read" capabilities = ["update"]',
    'policy = "read" capabilities = ["deny"]',
    'capabilities "read" {}',
    'capabilities ["read"]',
    `comment = "c" ${READ}`,
    `comment = "{{c}}" ${READ}`,
    `comment = 5 ${READ}`,
    'foo = "bar"',
    `${READ} foo = "bar"`,
  ].map(x);
}

function comments(): string[] {
  return [
    ...["# c\n", "// c\n", "/* c */ ", "/* c\n * d\n */\n", "/* c /* d */ ", "/* c */ */ ", "/**/", "/***/", "/*/ "]
      .map((comment) => comment + x(READ)),
    ...[" # end", " // end", " /* end"].map((comment) => x(READ) + comment),
    // What ends a comment for one reader and not for another one could hide a rule, or make one.
    ...["\r", "\u2028", "\u2029", "\u0085", "\v", "\f"].map((end) => `# c${end} ${x(READ)}`),
    `// c\r ${x(READ)}`,
    ...["secret/#x", "secret//x", "secret/*x*/"].map(on),
    x('capabilities = ["read", # why\n "list"]'),
    x('capabilities = ["read" // why\n, "list"]'),
    x(`# ${READ}\n`),
    x(`${READ} # }`),
    `/**/path/**/"secret/x"/**/{/**/capabilities/**/=/**/[/**/"read"/**/]/**/}`,
  ];
}

function strings(): string[] {
  const texts = ['secret/\\"x', "secret/\\\\x", "secret/\\u0078", "secret/\\q", "secret/\nx", "secret/\u0000x"]
    .concat("secret/\u2028x", "secret/é", "secret/\\u00e9", "secret/\\ud800", "secret/$x", "secret/{x}", "secret/$")
    .concat("secret/{{x", "x}}");
  return [...texts.map(on), `path <<EOF\nsecret/x\nEOF\n{ ${READ} }`, x("policy = <<EOF\nread\nEOF\n")];
}

function paths(): string[] {
  return ["", "/", "/secret/x", "//secret/x", "secret/x/", "*", "**", "+", "+/x", "/+/x", "+/+", "secret/+", "secret/*"]
    .concat(
      "secret/**",
      "secret/x*y",
      "secret/*x",
      "secret/a+",
      "secret/+a",
      "secret/+*",
      "secret/a+*",
      "+*",
      "secret*",
    )
    .concat("secret/x*", "secret/+/*", "secret /x", " secret/x", "SECRET/x", "secret/x#y", "secret/../secret/x")
    .map(on);
}

function commas(): string[] {
  return [
    ...['capabilities = ["read",]', 'capabilities = ["read", "list",]', 'capabilities = ["read" "list"]'].map(x),
    ...[`${READ}, policy = "write"`, `${READ},`, `${READ},,`, `, ${READ}`].map(x),
    `${x(READ)}, path "secret/y" { capabilities = ["list"] }`,
    `${x(READ)},`,
    `,${x(READ)}`,
    `path, "secret/x" { ${READ} }`,
  ];
}

function brokenOff(): string[] {
  const whole = x(READ);
  return [
    ...Array.from({ length: 12 }, (_, i) => whole.slice(0, 4 + 3 * i)),
    `${whole}}`,
    `{${whole}}`,
    whole.repeat(3),
  ];
}

function jsonForms(): string[] {
  const bodies = [
    JSON_READ,
    "{}",
    '{"policy":"read"}',
    '{"capabilities":"read"}',
    '{"capabilities":[]}',
    '"read"',
    "null",
  ]
    .concat(
      '{"capabilities":null}',
      "5",
      `[${JSON_READ}]`,
      '{"foo":1}',
      '{"capabilities":[5]}',
      '{"capabilities":["bogus"]}',
    )
    .concat('{"comment":"c","capabilities":["read"]}', '{"capabilities":["read"],"policy":"write"}')
    .concat(`[${JSON_READ},{"capabilities":["list"]}]`);
  const paths = ["{}", "[]", "null", '"secret/x"', "5", `[{"secret/x":${JSON_READ}},{"secret/y":{"policy":"read"}}]`];
  return [
    ...bodies.map(json),
    ...paths.map((paths) => `{"path":${paths}}`),
    `{"path":{"secret/x":{"capabilities":["deny"]},"secret/x":${JSON_READ}}}`,
    `{"path":{"secret/x":${JSON_READ},"secret/x":{"capabilities":["deny"]}}}`,
    `{"path":{"secret/x":${JSON_READ}},"path":{"secret/x":{"capabilities":["deny"]}}}`,
    `{"path":{"secret/x":${JSON_READ},"secret/y":{"capabilities":["list"]}}}`,
    `{"name":"x","path":{"secret/x":${JSON_READ}}}`,
    '{"foo":1}',
    ...["secret/\\u0078", 'secret/\\"x', "secret/+*", "/secret/x"].map(jsonOn),
    ` \n\t{\n"path" : { "secret/x" : { "capabilities" : [ "read" ] } } }\n`,
    `\ufeff${json(JSON_READ)}`,
    `// c\n${json(JSON_READ)}`,
    `{path = {"secret/x" = {capabilities = ["read"]}}}`,
    `{"path" = {"secret/x" = {"capabilities" = ["read"]}}}`,
  ];
}
