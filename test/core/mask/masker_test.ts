import assert from "node:assert/strict";
import fc from "fast-check";
import { eachForm } from "../../../core/mask/forms.ts";
import { LEAST_MASKED_BYTES, MASK, Masker } from "../../../core/mask/masker.ts";
import { isRow, LONGEST_NEEDLE_BYTES } from "../../../core/mask/needle_list.ts";
import { Secret } from "../../../core/secret.ts";
import { concat } from "../../../core/crypto/bytes.ts";
import { formsOfWord, maskWhole } from "../../reference/mask.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function streamed(masker: Masker, chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  const source = ReadableStream.from(chunks.map((chunk) => chunk.slice()));
  return new Uint8Array(await new Response(source.pipeThrough(masker.stream())).arrayBuffer());
}

/** Cuts bytes at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

/** One character per byte. */
const binary = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

const maskerOf = (...values: string[]) => new Masker(values.map((value) => Secret.fromText(value)));

/** Few letters, so that values overlap, repeat and begin like one another all the time. */
const word = fc.string({ unit: fc.constantFrom("a", "b"), minLength: LEAST_MASKED_BYTES, maxLength: 9 });
const places = fc.array(fc.nat({ max: 200 }), { maxLength: 12 });

Deno.test("Masker stream() gives what the naive twin gives, however the output is cut", async () => {
  const output = fc.array(fc.oneof(fc.constantFrom("a", "b", "c"), word), { maxLength: 14 }).map((all) => all.join(""));
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 4 }), output, places, async (words, text, at) => {
      const whole = encoder.encode(text);
      const masked = await streamed(maskerOf(...words), cut(whole, at));
      assert.equal(decoder.decode(masked), decoder.decode(maskWhole(whole, words.flatMap(formsOfWord))));
    }),
    { numRuns: 4000 },
  );
});

Deno.test("Masker stream() agrees with the twin on encoded forms, however they are cut", async () => {
  const unit = fc.constantFrom(..."abcXYZ019");
  const value = fc.oneof(
    fc.string({ unit, minLength: 4, maxLength: 12 }),
    fc.string({ unit, minLength: 28, maxLength: 130 }),
  );
  const printed = fc.tuple(value, fc.nat({ max: 5 }), fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 }), places);
  await fc.assert(
    fc.asyncProperty(printed, async ([value, form, before, after, at]) => {
      const bytes = encoder.encode(value);
      const text = [
        value,
        bytes.toHex(),
        bytes.toHex().toUpperCase(),
        encoder.encode(before + value + after).toBase64(),
        encoder.encode(before + value).toBase64({ alphabet: "base64url", omitPadding: true }),
        bytes.toBase64(),
      ][form]!;
      const whole = encoder.encode(before + text + after);
      const masked = await streamed(maskerOf(value), cut(whole, at));
      assert.equal(decoder.decode(masked), decoder.decode(maskWhole(whole, formsOfWord(value))));
      assert.ok(decoder.decode(masked).includes(MASK));
    }),
    { numRuns: 3000 },
  );
});

Deno.test("Masker leaves no form of any value when it is printed in any form, anywhere", async () => {
  const text = fc.string({ unit: "grapheme", minLength: 2, maxLength: 12 }).filter((t) =>
    encoder.encode(t).length >= 6
  );
  const forms: ((text: string) => string)[] = [
    (t) => t,
    (t) => JSON.stringify(t),
    (t) => JSON.stringify(t).replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`),
    (t) => encodeURIComponent(t),
    (t) => new URLSearchParams({ t }).toString(),
    (t) => encoder.encode(t).toHex(),
    (t) => encoder.encode(t).toBase64(),
    (t) => encoder.encode(t).toBase64({ alphabet: "base64url", omitPadding: true }),
  ];
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom(...forms), places, async (text, form, at) => {
      const printed = `<${form(text)}>`;
      const masked = decoder.decode(await streamed(maskerOf(text), cut(encoder.encode(printed), at)));
      assert.ok(masked.includes(MASK), `${JSON.stringify(printed)} was not masked`);
      assert.ok(!masked.includes(form(text)));
    }),
    { numRuns: 3000 },
  );
});

Deno.test("Masker passes bytes that are no part of a value unchanged", async () => {
  const masker = maskerOf("correct-horse", "battery-staple");
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), places, async (bytes, at) => {
      assert.deepEqual(await streamed(masker, cut(bytes, at)), bytes);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("Masker gives output on as soon as it cannot become a value", async () => {
  const writer = maskerOf("correct-horse").stream();
  const [input, output] = [writer.writable.getWriter(), writer.readable.getReader()];
  const written = input.write(encoder.encode("a line\ncorr"));
  assert.equal(decoder.decode((await output.read()).value), "a line\n");
  await written;
  const more = input.write(encoder.encode("al"));
  assert.equal(decoder.decode((await output.read()).value), "corral");
  await more;
  const closed = input.close();
  assert.ok((await output.read()).done);
  await closed;
});

Deno.test("Masker masks what other redactors leaked: a pause inside a value, and a value whose end begins another", async () => {
  const overlapping = maskerOf("abcdWXYZ", "WXYZ1234");
  assert.equal(decoder.decode(await streamed(overlapping, [encoder.encode("say abcdWXYZ")])), `say ${MASK}`);
  const halves = [encoder.encode("x hunt"), encoder.encode("er22 y")];
  assert.equal(decoder.decode(await streamed(maskerOf("hunter22"), halves)), `x ${MASK} y`);
});

Deno.test("Masker masks nothing for values under four bytes and lines under four bytes", () => {
  assert.equal(maskerOf("abc", "").text("abc abc"), "abc abc");
  assert.equal(maskerOf("long line\nab\n}").text("ab } long line"), `ab } ${MASK}`);
});

Deno.test("Masker masks lines of a value with carriage returns, and the value without its last line end", () => {
  const masker = maskerOf("first line\r\nsecond line\r\n");
  assert.equal(masker.text("> first line\n> second line\n"), `> ${MASK}\n> ${MASK}\n`);
  assert.equal(maskerOf("with newline\n").text(encoder.encode("with newline").toBase64()), MASK);
});

Deno.test("Masker puts one token for adjoining values, whatever their length", () => {
  const masker = maskerOf("aaaa", "bbbbbbbbbbbbbbbb");
  assert.equal(masker.text("aaaabbbbbbbbbbbbbbbbaaaaa."), `${MASK}.`);
});

Deno.test("Masker masks a form as HTML forms are sent", () => {
  const value = "it's *~ two";
  assert.equal(maskerOf(value).text(new URLSearchParams({ value }).toString()), `value=${MASK}`);
});

/** Masks without a TransformStream in between. */
function masked(masker: Masker, chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const stream = masker.open();
  const out = chunks.map((chunk) => {
    const memory = chunk.slice();
    const decided = stream.write(memory).slice();
    memory.fill(0); // what is held back must not be in memory that the caller uses again
    return decided;
  });
  return concat(...out, stream.end());
}

function formsOf(value: string): Uint8Array[] {
  const forms: Uint8Array[] = [];
  eachForm(encoder.encode(value), (form) => {
    forms.push(form.slice());
  });
  return forms;
}

/** Values that overlap, hold one another, repeat themselves, begin alike, have lines, or need quoting. */
const value = fc.oneof(
  word,
  fc.string({ unit: fc.constantFrom("a", "b"), minLength: 60, maxLength: 140 }),
  fc.array(word, { minLength: 2, maxLength: 3 }).map((lines) => lines.join("\n  ")),
  fc.string({ unit: fc.constantFrom(..."ab'\"\\ &<%é😀\n"), minLength: 2, maxLength: 12 }),
  word.map((end) => `sk_live_${end}`),
);

Deno.test("Masker masks the union of all forms of any values in any output, however it is cut", () => {
  const secrets = fc.array(value, { minLength: 1, maxLength: 4 });
  const piece = fc.record({ value: fc.nat(), form: fc.nat(), from: fc.nat({ max: 9 }), to: fc.nat({ max: 9 }) });
  const output = fc.array(fc.oneof(piece, fc.constantFrom("a", "c", "\n", "Zg=")), { maxLength: 8 });
  fc.assert(
    fc.property(secrets, output, fc.array(fc.nat({ max: 800 }), { maxLength: 12 }), (secrets, output, at) => {
      const forms = secrets.filter((secret) => encoder.encode(secret).length >= LEAST_MASKED_BYTES).map(formsOf);
      const whole = concat(...output.map((part) => {
        if (typeof part === "string") return encoder.encode(part);
        const ofValue = forms[part.value % (forms.length || 1)] ?? [new Uint8Array(0)];
        const form = ofValue[part.form % ofValue.length]!;
        // Mostly all of it; else a part, which may be the beginning of a form.
        return part.from > 6 ? form.subarray(part.to) : part.to > 6 ? form.subarray(0, -part.to) : form;
      }));
      const out = masked(maskerOf(...secrets), cut(whole, at));
      assert.deepEqual(out, masked(maskerOf(...secrets), [whole]));
      assert.deepEqual(out, maskWhole(whole, forms.flat()));
      const text = binary(out);
      for (const form of forms.flat()) {
        assert.ok(form.length < LEAST_MASKED_BYTES || isRow(form) || !text.includes(binary(form)));
      }
    }),
    { numRuns: 1500 },
  );
});

Deno.test("Masker masks every form at whatever place it is cut in two", () => {
  const secret = `it's "a" <täg> & 100% of /\\~\n\tKEY=${"x1y2".repeat(12)}\nend`;
  const masker = maskerOf(secret);
  for (const form of formsOf(secret).filter((form) => form.length >= LEAST_MASKED_BYTES)) {
    const printed = concat(encoder.encode("["), form, encoder.encode("]"));
    for (let at = 0; at <= printed.length; at++) {
      assert.equal(binary(masked(masker, [printed.subarray(0, at), printed.subarray(at)])), `[${MASK}]`);
    }
  }
});

Deno.test("Masker masks a thousand values at once, each in every form", () => {
  const secrets = Array.from({ length: 1000 }, (_, i) => `sk_live_${crypto.randomUUID().replaceAll("-", "")}${i}`);
  const forms = secrets.flatMap(formsOf);
  const printed = concat(...forms.flatMap((form) => [form, encoder.encode("\n")]));
  const lines = binary(masked(maskerOf(...secrets), cut(printed, [1000, 3333, 99_999]))).split("\n");
  assert.equal(lines.pop(), "");
  assert.equal(lines.length, forms.length);
  for (const line of lines) assert.equal(line, MASK);
});

Deno.test("Masker holds back no more than the longest needle but one byte, of any output and any values", () => {
  const values = ["x".repeat(1000), `${"ab".repeat(500)}c`, Array.from({ length: 300 }, (_, i) => i).join("")];
  const masker = maskerOf(...values);
  const output = values.map((value) => encoder.encode(`${value.slice(0, 63)}.`));
  for (const bytes of output) {
    const stream = masker.open();
    let given = 0;
    for (let at = 0; at < bytes.length; at++) {
      given += stream.write(bytes.subarray(at, at + 1)).length;
      assert.ok(at + 1 - given < LONGEST_NEEDLE_BYTES);
    }
    assert.equal(given, bytes.length, "nothing that a mismatch has decided");
  }
});

Deno.test("Masker keeps nothing of what has passed", () => {
  const stream = maskerOf("correct-horse", "x".repeat(100)).open();
  const chunk = encoder.encode("correct-horse-xxxxxxxx ".repeat(40_000));
  const before = Deno.memoryUsage();
  let bytes = 0;
  for (; bytes < 100_000_000; bytes += chunk.length) stream.write(chunk);
  const after = Deno.memoryUsage();
  const grown = after.heapUsed + after.external - before.heapUsed - before.external;
  assert.ok(grown < bytes / 2, `${grown} bytes more`); // what the collector of garbage has not come to yet
});

/** Everything that an interactive stream returns, write by write. */
function interactively(masker: Masker, chunks: readonly Uint8Array[]): string[] {
  const stream = masker.open(true);
  const out = chunks.map((chunk) => decoder.decode(stream.write(chunk.slice())));
  return [...out, decoder.decode(stream.end())];
}

Deno.test("Masker open() returns every byte at once to a person when none of it goes on like a secret", () => {
  const typed = "how do you do";
  const keys = [...typed].map((key) => encoder.encode(key));
  assert.deepEqual(interactively(maskerOf("house", "dozen", "yodel"), keys), [...typed, ""]);
});

Deno.test("Masker open() lets a person see two bytes of a secret that is typed, and no more", () => {
  const keys = [..."x hunter2 y"].map((key) => encoder.encode(key));
  assert.equal(interactively(maskerOf("hunter2"), keys).join(""), `x hu${MASK} y`);
  assert.equal(interactively(maskerOf("hunter2"), [encoder.encode("x hunter2 y")]).join(""), `x ${MASK} y`);
});

Deno.test("Masker open() shows a person the same as others but for single bytes, and never a form", () => {
  const output = fc.array(fc.oneof(fc.constantFrom("a", "b", "c"), word), { maxLength: 14 }).map((all) => all.join(""));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), output, places, (words, text, at) => {
      const whole = encoder.encode(text);
      const shown = interactively(maskerOf(...words), cut(whole, at)).join("");
      const masked = decoder.decode(maskWhole(whole, words.flatMap(formsOfWord)));
      for (const value of words) assert.ok(!shown.includes(value));
      assert.ok(isSubsequence(masked.replaceAll(MASK, ""), shown.replaceAll(MASK, "")), `${shown} | ${masked}`);
      if (!masked.includes(MASK)) assert.equal(shown, text);
    }),
    { numRuns: 4000 },
  );
});

function isSubsequence(part: string, whole: string): boolean {
  let from = 0;
  return [...part].every((character) => (from = whole.indexOf(character, from) + 1) > 0);
}
