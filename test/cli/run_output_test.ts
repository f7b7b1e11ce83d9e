import assert from "node:assert/strict";
import { BUNDLE_ONLY, endToEnd, needs } from "../fixture/coffer_cli.ts";

const SECRET = 'p/w+d "quoted" & <ünï>\tend';
const PEM = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nAoIBAQC7VJTUt9Us8cKj\n-----END KEY-----\n";
const MASK = "*******";

endToEnd("coffer run masks a value in stdout and stderr, in every form that programs print", async (coffer) => {
  const bytes = new TextEncoder().encode(SECRET);
  await coffer.given({ SECRET });
  const hex = bytes.toHex();
  const json = JSON.stringify(SECRET).slice(1, -1);
  const ascii = json.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const forms: Record<string, string> = {
    raw: SECRET,
    hex,
    HEX: hex.toUpperCase(),
    json,
    "json in ASCII": ascii,
    url: encodeURIComponent(SECRET),
    form: new URLSearchParams({ v: SECRET }).toString().slice(2),
    base64: bytes.toBase64(),
    base64url: bytes.toBase64({ alphabet: "base64url", omitPadding: true }),
  };
  for (const [label, form] of Object.entries(forms)) {
    for (const target of ["", ">&2"]) {
      const script = `printf '[%s]' "$FORM" ${target}`;
      const { text, stderr } = await coffer.run(["run", "--", "sh", "-c", script], { env: { FORM: form } });
      assert.equal(target ? stderr : text, `[${MASK}]`, `${label} ${target}`);
    }
  }
}, BUNDLE_ONLY);

endToEnd("coffer run masks base64 in all three alignments", async (coffer) => {
  await coffer.given({ SECRET });
  for (const before of ["", "a", "ab", "abc", "abcd"]) {
    for (const after of ["", "x", "xy"]) {
      const encoded = new TextEncoder().encode(before + SECRET + after).toBase64();
      const { text } = await coffer.run(["run", "--", "printf", "%s", encoded]);
      assert.ok(text.includes(MASK), `${before}…${after}: ${text}`);
      for (let at = 0; at + 12 <= text.length; at++) {
        const decoded = decodable(text.slice(at));
        assert.ok(!decoded.includes(SECRET.slice(3, 12)));
      }
    }
  }
}, BUNDLE_ONLY);

endToEnd("coffer run masks a value when writes of any size and pauses split it", async (coffer) => {
  await coffer.given({ SECRET: "correct-horse-battery" });
  for (let size = 1; size <= 21; size += size < 4 ? 1 : 6) {
    const pieces = "x correct-horse-battery y".match(new RegExp(`.{1,${size}}`, "g"))!;
    const script = pieces.map((piece) => `printf '%s' '${piece}'; sleep 0.02`).join("\n");
    assert.equal(await coffer.ok(["run", "--", "sh", "-c", script]), `x ${MASK} y`, `pieces of ${size}`);
  }
}, BUNDLE_ONLY);

endToEnd("coffer run masks each line of a value of several lines", async (coffer) => {
  await coffer.given({ PEM });
  const script = `printf '%s' "$PEM" | sed 's/^/> /'; printf '%s' "$PEM" | tr '\\n' ' '`;
  const text = await coffer.ok(["run", "--", "sh", "-c", script]);
  for (const line of PEM.trim().split("\n")) assert.ok(!text.includes(line));
  assert.ok(text.startsWith(`> ${MASK}\n> ${MASK}\n`));
}, BUNDLE_ONLY);

endToEnd("coffer run masks overlapping values whole", async (coffer) => {
  await coffer.given({ a: "abcdWXYZ", b: "WXYZ1234", c: "cdWX" });
  const text = await coffer.ok(["run", "--", "printf", "%s", "1 abcdWXYZ1234 2 abcdWXYZ 3 WXYZ1234 4 cdWX 5 abcd"]);
  assert.equal(text, `1 ${MASK} 2 ${MASK} 3 ${MASK} 4 ${MASK} 5 abcd`);
});

endToEnd("coffer run masks the texts in a value with fields", async (coffer) => {
  await coffer.ok(["init", "--work-factor", "10"]);
  await coffer.ok(["set", "login", "--field", "user"], { stdin: "ada-lovelace" });
  await coffer.ok(["set", "login", "--field", "password"], { stdin: "p-w-o-r-d" });
  assert.equal(await coffer.ok(["run", "--", "echo", "p-w-o-r-d", "ada-lovelace"]), `${MASK} ${MASK}\n`);
});

endToEnd("coffer run leaves the output alone when told to", async (coffer) => {
  await coffer.given({ SECRET });
  assert.equal(await coffer.ok(["run", "--no-mask", "--", "sh", "-c", 'printf %s "$SECRET"']), SECRET);
});

endToEnd("coffer run warns by name when a value is too short to be masked", async (coffer) => {
  await coffer.given({ PIN: "123", LONG: "12345" });
  const { text, stderr, code } = await coffer.run(["run", "--", "sh", "-c", "echo $PIN $LONG"]);
  assert.equal(code, 0);
  assert.equal(text, `123 ${MASK}\n`);
  assert.ok(stderr.includes("PIN") && !stderr.includes("LONG") && !stderr.includes("123"));
  const quiet = await coffer.run(["run", "--no-mask", "--", "true"]);
  assert.equal(quiet.stderr, "");
});

endToEnd("coffer run passes 100 MB of ordinary output on unchanged", async (coffer) => {
  await coffer.given({ SECRET, PEM, other: "MIIEvQIBADAN" });
  const generate =
    "openssl enc -aes-128-ctr -pass pass:x -nosalt -md sha256 </dev/zero 2>/dev/null | head -c 100000000";
  const run = ["run", "--", "sh", "-c", generate];
  const masked = await coffer.ok(run, { through: `"$@" | sha256sum` });
  const plain = await new Deno.Command("sh", { args: ["-c", `(${generate}) | sha256sum`] }).output();
  assert.equal(masked, new TextDecoder().decode(plain.stdout));
}, { ...BUNDLE_ONLY, lacking: needs("openssl", "sha256sum") });

endToEnd("coffer run passes output on promptly when the command goes on", async (coffer) => {
  await coffer.given({ SECRET });
  await using child = coffer.spawn(["run", "--", "sh", "-c", "echo first; exec sleep 30"]);
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value), "first\n");
  child.kill("SIGTERM");
  await child.status;
  await reader.cancel();
  await child.stderr.cancel();
});

endToEnd("coffer run delivers all output when its reader is slow", async (coffer) => {
  await coffer.given({ SECRET });
  const text = await coffer.ok(["run", "--", "head", "-c", "1000000", "/dev/zero"], {
    through: '"$@" | { sleep 2.5; wc -c; }',
  });
  assert.equal(text.trim(), "1000000");
}, BUNDLE_ONLY);

endToEnd("coffer run ends without a word when its reader goes away", async (coffer) => {
  await coffer.given({ SECRET });
  const started = performance.now();
  const through = '"$@" | head -1; exit "${PIPESTATUS[0]}"';
  const { code, text, stderr } = await coffer.run(["run", "--", "yes"], { through });
  assert.ok(performance.now() - started < 10_000);
  assert.equal(text, "y\n");
  assert.equal(code, 141); // SIGPIPE, as without Coffer
  assert.ok(!stderr.includes("error"), stderr);
}, { lacking: needs("yes") });

endToEnd("coffer run says so when output is lost to a full disk", async (coffer) => {
  await coffer.given({ SECRET });
  const { code, stderr } = await coffer.run(["run", "--", "echo", "text"], { through: '"$@" > /dev/full' });
  assert.equal(code, 125);
  assert.ok(stderr.includes("[UNAVAILABLE]"), stderr);
});

/** What base64 text decodes to, as far as it is base64. */
function decodable(text: string): string {
  const whole = /^[A-Za-z0-9+/]*/.exec(text)![0];
  return new TextDecoder().decode(Uint8Array.fromBase64(whole.slice(0, whole.length - whole.length % 4)));
}
