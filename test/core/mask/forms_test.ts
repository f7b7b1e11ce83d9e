import assert from "node:assert/strict";
import fc from "fast-check";
import { eachForm } from "../../../core/mask/forms.ts";

const encoder = new TextEncoder();

/** One character per byte. */
const binary = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

function formsOf(value: Uint8Array | string): Set<string> {
  const forms = new Set<string>();
  eachForm(typeof value === "string" ? encoder.encode(value) : value, (form) => {
    forms.add(binary(form));
  });
  return forms;
}

function assertForms(value: Uint8Array | string, expected: readonly string[]): void {
  const forms = formsOf(value);
  for (const form of expected) assert.ok(forms.has(binary(encoder.encode(form))), form);
}

Deno.test("eachForm() has few forms of a value that needs no quoting", () => {
  const forms = formsOf("Token_1.2-3");
  for (const form of ["Token_1.2-3", "546f6b656e5f312e322d33", "546F6B656E5F312E322D33", "VG9rZW5fMS4yLTM="]) {
    assert.ok(forms.has(form), form);
  }
  assert.ok(forms.size <= 3 + 3 * 3, [...forms].join(" "));
});

Deno.test("eachForm() has the ways in which programs that the tests cannot ask write special characters", () => {
  const value = `a'b"c<d>&e/f\\g h+\x1bü😀\u2028`;
  assertForms(value, [
    // PHP's json_encode, and with JSON_UNESCAPED_UNICODE
    String.raw`a'b\"c<d>&e\/f\\g h+\u001b\u00fc\ud83d\ude00\u2028`,
    String.raw`a'b\"c<d>&e\/f\\g h+\u001b` + "ü😀\u2028",
    // Go's encoding/json
    String.raw`a'b\"c\u003cd\u003e\u0026e/f\\g h+\u001b` + "ü😀" + String.raw`\u2028`,
    // Gson
    String.raw`a\u0027b\"c\u003cd\u003e\u0026e/f\\g h+\u001b` + "ü😀" + String.raw`\u2028`,
    // System.Text.Json
    String.raw`a\u0027b\u0022c\u003Cd\u003E\u0026e/f\\g h\u002B\u001B\u00FC\uD83D\uDE00\u2028`,
    // Go's %q and %+q
    String.raw`a'b\"c<d>&e/f\\g h+\x1b` + "ü😀" + String.raw`\u2028`,
    String.raw`a'b\"c<d>&e/f\\g h+\x1b\u00fc\U0001f600\u2028`,
    // Rust's {:?}
    String.raw`a'b\"c<d>&e/f\\g h+\u{1b}` + "ü😀" + String.raw`\u{2028}`,
    // PHP's addslashes and htmlspecialchars
    String.raw`a\'b\"c<d>&e/f\\g h+` + "\x1bü😀\u2028",
    "a&#039;b&quot;c&lt;d&gt;&amp;e/f\\g h+\x1bü😀\u2028",
    // SQL, CSV
    `a''b"c<d>&e/f\\g h+\x1bü😀\u2028`,
    `a'b""c<d>&e/f\\g h+\x1bü😀\u2028`,
  ]);
  // The same for DEL: Go, Rust, System.Text.Json, jq
  assertForms("del \x7f", ["del \\x7f", "del \\u{7f}", "del \\u007F", "del \\u007f"]);
  assertForms(`a'b"c<d>\t\n&e\r!`, [
    // Go's encoding/xml and html
    "a&#39;b&#34;c&lt;d&gt;&#x9;&#xA;&amp;e&#xD;!",
    "a&#39;b&#34;c&lt;d&gt;\t\n&amp;e\r!",
    // an attribute's value in most XML writers; text for both kinds of quotation marks
    "a'b&quot;c&lt;d&gt;\t\n&amp;e\r!",
    "a&#39;b&quot;c&lt;d&gt;\t\n&amp;e\r!",
  ]);
  // PHP's urlencode
  assertForms("~a b*!'", ["%7Ea+b%2A%21%27"]);
  // Go's url.QueryEscape, PathEscape and UserPassword
  assertForms("/~!*()[]{}<>&=+:@,;%#?^`|$\\. x", [
    "%2F~%21%2A%28%29%5B%5D%7B%7D%3C%3E%26%3D%2B%3A%40%2C%3B%25%23%3F%5E%60%7C%24%5C.+x",
    "%2F~%21%2A%28%29%5B%5D%7B%7D%3C%3E&=+:@%2C%3B%25%23%3F%5E%60%7C$%5C.%20x",
    "%2F~%21%2A%28%29%5B%5D%7B%7D%3C%3E&=+%3A%40,;%25%23%3F%5E%60%7C$%5C.%20x",
    "%2f~%21%2a%28%29%5b%5d%7b%7d%3c%3e%26%3d%2b%3a%40%2c%3b%25%23%3f%5e%60%7c%24%5c.%20x",
  ]);
  assertForms(new Uint8Array([0xff, 0xfe, 0x20, 0x41]), [
    String.raw`\xff\xfe A`,
    String.raw`\377\376 A`,
    "%FF%FE%20A",
    "%ff%fe+A",
  ]);
});

Deno.test("eachForm() has the lines of a value, without the white space around them and without rows", () => {
  const value = '{\n  "type": "account",\r\n\t"key": "-----BEGIN"\n    }\n--------\n\n';
  const forms = formsOf(value);
  for (const line of ['"type": "account",', '"key": "-----BEGIN"']) assert.ok(forms.has(line));
  for (const line of ["    }", "--------", '  "type": "account",']) assert.ok(!forms.has(line));
});

Deno.test("eachForm() has a value without its line end as well, in all forms", () => {
  for (const end of ["\n", "\r\n"]) {
    const forms = formsOf(`it's "two"${end}`);
    assert.ok(formsOf('it\'s "two"').isSubsetOf(forms));
    assert.ok(forms.has(`it's "two"${end}`));
    assert.ok(forms.has(`it's \\"two\\"${JSON.stringify(end).slice(1, -1)}`));
    assert.ok(forms.has(btoa(`it's "two"${end}`)));
  }
});

Deno.test("eachForm() has the lines of encoded text that show four bytes of the value or more", () => {
  const value = crypto.getRandomValues(new Uint8Array(100));
  const forms = formsOf(value);
  for (const [encoded, width] of [[value.toBase64(), 64], [value.toBase64(), 76], [value.toHex(), 60]] as const) {
    const lines = encoded.match(new RegExp(`.{1,${width}}`, "g"))!;
    assert.ok(lines.length > 1);
    for (const line of lines) assert.ok(forms.has(line), line);
  }
  // Without line ends: what stands between them is a form too, of any length.
  const short = formsOf(crypto.getRandomValues(new Uint8Array(32)).map((byte) => byte === 0x0a ? 0 : byte));
  assert.ok([...short].every((form) => form.length >= 8), "xxd leaves four digits for a line of their own");
  const zeros = formsOf(new Uint8Array(300));
  assert.ok(!zeros.has("A".repeat(76)));
});

Deno.test("eachForm() keeps the byte order mark and what is not UTF-8", () => {
  assertForms("\ufeffit's", ["\ufeffit\\'s", "%EF%BB%BFit%27s"]);
  fc.assert(fc.property(fc.uint8Array({ minLength: 4, maxLength: 30 }), (value) => {
    const forms = formsOf(value);
    assert.ok(forms.has(binary(value)) && forms.has(value.toHex()) && forms.has(value.toBase64()));
  }));
});

Deno.test("eachForm() hands over no more than ten times a large value, and all of it raw, in hex and in base64", () => {
  const value = new Uint8Array(500_000).map((_, i) => i * i >> 4);
  value.set(encoder.encode("the end\n"), value.length - 8);
  let bytes = 0;
  const whole = new Set<string>();
  let last: ArrayBufferLike | undefined;
  eachForm(value, (form) => {
    // Parts of the form before it are not copied.
    if (form.buffer !== last) bytes += form.length;
    last = form.buffer;
    if (form.length >= value.length - 1) whole.add(binary(form));
  });
  assert.ok(bytes <= 10 * value.length, `${bytes}`);
  const trimmed = value.subarray(0, -1);
  for (const form of [binary(value), binary(trimmed), trimmed.toHex(), trimmed.toBase64()]) assert.ok(whole.has(form));
});
