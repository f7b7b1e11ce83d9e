/**
 * Writes test/vectors/format with the reference writer: deno run -A scripts/make_format_vectors.ts
 *
 * Everything is derived from labels, so that running it again changes nothing. In each case to refuse exactly one thing
 * is wrong: MACs and checksums are made again after a change, unless they are what the case is about.
 */

import { bigEndian, checksum, pad, slotData, valueData } from "../test/reference/format/derive.ts";
import { fileOf } from "../test/reference/format/file_names.ts";
import { fromBase64, toBase64, toHex } from "../test/reference/format/layout.ts";
import { seededRandom } from "../test/reference/format/seeded_random.ts";
import {
  closeSecret,
  closeStack,
  sealLine,
  secretText,
  type WrittenStack,
} from "../test/reference/format/stack_writer.ts";
import {
  accept,
  before,
  type Case,
  CREATED,
  each,
  flip,
  flipFirst,
  group,
  IMPOSSIBLE_TIMES,
  looseCases,
  made,
  one,
  PASSPHRASE,
  type Plan,
  respellings,
  swap,
  text,
  valueOf,
  write,
} from "./format_vectors/building.ts";
import { makeKvVectors } from "./format_vectors/kv.ts";
import { makeProviderVectors } from "./format_vectors/provider.ts";

const FOLDER = new URL("../test/vectors/format/", import.meta.url);

/** Every value between the passphrase and the first secret's newest version. */
function stepsOf({ files, id, salt, slot, stackKeys, keys }: WrittenStack): Record<string, string> {
  const file = files.get("secrets/db+password.json")!;
  const sealed = fromBase64(/"sealed":"([^"]*)"/.exec(file)![1]!);
  const place = { id, name: "db/password", key: 1, version: 2, type: "bytes", created: CREATED };
  const purposes = keys.get(1)!;
  return {
    passphrase: toHex(text(PASSPHRASE)),
    id: toHex(id),
    salt: toHex(salt),
    kek: toHex(slot.kek),
    commitment: toHex(slot.commitment),
    wrapKey: toHex(slot.wrapKey),
    slotAssociatedData: toHex(slotData(id, [1], 10, salt)),
    stackKey: toHex(stackKeys.get(1)!),
    sealKey: toHex(purposes.seal),
    macSecretKey: toHex(purposes.macSecret),
    macStackKey: toHex(purposes.macStack),
    stackTextBeforeMac: toHex(text(before(files.get("stack.json")!, "mac"))),
    stackTextBeforeChecksum: toHex(text(before(files.get("stack.json")!, "checksum"))),
    secretTextBeforeMac: toHex(text(before(file, "mac"))),
    versionAssociatedData: toHex(valueData(place)),
    versionNonce: toHex(sealed.subarray(0, 24)),
    versionPadded: toHex(pad(text("hunter2"))),
    versionCiphertextAndTag: toHex(sealed.subarray(24)),
  };
}

const named = (names: readonly string[]) => names.map((name) => ({ name, versions: one(text(`value of ${name}`)) }));
const twoVersions = [{ name: "db/password", versions: [{ value: text("hunter2") }, { value: text("hunter1") }] }];

function acceptAll(): void {
  accept("minimal", "A stack without secrets", { secrets: [] });
  accept("steps", "One secret with two versions, and every value on the way to the newest", { secrets: twoVersions }, {
    steps: stepsOf,
  });
  accept("log_n_17", "The default strength", { logN: 17, secrets: twoVersions });
  accept("names", "Names of all kinds; case is kept by switching", {
    secrets: named([
      "a",
      "A",
      "_",
      "0",
      "db/password",
      "DB/password",
      "db/Password",
      "db_password",
      "db-password",
      "db.password",
      "API_KEY",
      "Api/keyID",
      "a1B2c3D4",
      "A/B/C",
      "a..b",
      "a.",
      "a-/b-/c",
      "con",
      "stack.json",
      "x.json",
    ]),
  });
  accept("names_long", "Names whose encoding is at, or one above, a multiple of 200 bytes, and the longest ones", {
    secrets: named([
      "a".repeat(200),
      "a".repeat(201),
      "aB".repeat(66) + "cc",
      "aB".repeat(66) + "ccc",
      "a".repeat(255),
      "aB".repeat(127) + "c",
      "Ab".repeat(127) + "C",
      "a/".repeat(127) + "a",
    ]),
  });
  const border = [59, 60, 61, 123, 124, 125, 1019, 1020, 1021, 1147, 1148, 1149, 2043, 2044, 2045];
  accept("values_buckets", "Values around the borders of buckets", {
    secrets: border.map((size) => ({ name: `size/${size}`, versions: one(seededRandom(`value ${size}`)(size)) })),
  });
  accept("values_bytes", "Values that are empty, not text, or end like padding", {
    secrets: Object.entries({
      empty: text(""),
      nul: Uint8Array.of(0),
      nuls: new Uint8Array(60),
      ends_in_nul: text("a\0"),
      line_ends: text("a\r\nb\n"),
      mark: Uint8Array.of(0xef, 0xbb, 0xbf),
      not_utf8: Uint8Array.of(0xff, 0xfe, 0xc0, 0x80),
      beyond_the_basic_plane: text("🔑"),
      every_byte: Uint8Array.from({ length: 256 }, (_, i) => i),
    }).map(([name, value]) => ({ name, versions: one(value) })),
  });
  accept("json", "Values of type json, beside one of type bytes", {
    secrets: [{
      name: "db",
      versions: [
        { type: "json", value: text('{"user":"app","password":"hunter2"}') },
        { type: "json", value: text("{}") },
        { value: text("not fields") },
      ],
    }],
  });
  accept("versions", "Numbers that fall with gaps, the largest number, times at the ends of what exists", {
    secrets: [{
      name: "a",
      versions: [
        { version: 999_999_999, created: "9999-12-31T23:59:59Z", value: text("newest") },
        { version: 17, created: "2024-02-29T00:00:00Z", value: text("leap day") },
        { version: 16, created: "2000-02-29T12:30:00Z", value: text("leap century") },
        { version: 2, created: "0000-01-01T00:00:00Z", value: text("oldest") },
      ],
    }],
  });
  accept("versions_100", "As many versions as a file may have", {
    secrets: [{ name: "a", versions: Array.from({ length: 100 }, (_, i) => ({ value: text(String(100 - i)) })) }],
  });
  accept("rekeying", "Interrupted while it was re-keyed: two keys, one secret under each", {
    keys: [8, 7],
    secrets: [{ name: "done", versions: one(text("new key")) }, { name: "to/do", key: 7, versions: one(text("old")) }],
  });
  accept("rekeyed", "After a re-key: one key, not the first", { keys: [999_999_999], secrets: twoVersions });
  accept(
    "passphrase_nfc",
    "Sealed with a composed passphrase, opened with its decomposed form",
    { passphrase: "cl\u00e9 \u00c5ngstr\u00f6m \u{1f511}", secrets: twoVersions },
    { passphrase: "cle\u0301 A\u030angstro\u0308m \u{1f511}" },
  );
  accept("passphrase_space", "A passphrase is not trimmed", { passphrase: " \t a \n", secrets: twoVersions });
  accept("ignored_files", "Files that are no secret's, which a reader ignores", { secrets: twoVersions }, {
    files: {
      "head.json": "{}\n",
      ".new": "half a fi",
      "secrets/.new": "",
      "secrets/db+password": "no suffix",
      "secrets/db+password.json~": "an editor's copy",
      "secrets/DB+PASSWORD.json": "upper case",
      "secrets/==a.json": "switches that do nothing",
      "secrets/a=.json": "a switch without a letter",
      "secrets/=1.json": "a switch before a digit",
      "secrets/+a.json": "an empty segment",
      "secrets/.hidden.json": "a segment must not start so",
      "secrets/.json": "an empty name",
      "secrets/db/password.json": "a folder that is no piece",
      "secrets/a~/b.json": "a piece that is too short",
      [`secrets/${"a".repeat(201)}.json`]: "a piece that is too long",
      "secrets/a b.json": "a space",
      "secrets/é.json": "not ASCII",
    },
  });
}

const { written: base } = write("refuse", {
  secrets: [
    {
      name: "db/password",
      versions: [
        { created: "2026-03-01T00:00:00Z", value: text("hunter3") },
        { created: "2026-02-01T00:00:00Z", value: text("hunter2") },
        { value: text("hunter1") },
      ],
    },
    { name: "API_KEY", versions: one(text("swordfish")) },
  ],
});
const keys = base.keys.get(1)!;
const STACK = "stack.json";
const DB = "secrets/db+password.json";
const API = "secrets/=api_key.json";
const stackFile = base.files.get(STACK)!;
const dbFile = base.files.get(DB)!;
const apiFile = base.files.get(API)!;
/** The lines of the three versions, without their commas. */
const versionLines = dbFile.match(/^ {4}\{.*\}/gm) as [string, string, string];

/** A changed stack.json whose MAC and checksum are right. */
function stackWith(from: string, to: string): string {
  return closeStack(swap(before(stackFile, "mac"), from, to), keys);
}

/** A changed secret's file whose MAC is right. */
function dbWith(from: string, to: string): string {
  return closeSecret(swap(before(dbFile, "mac"), from, to), keys);
}

/** A changed stack.json whose checksum is right and whose MAC is the old one: what an attacker can make. */
function summed(from: string, to: string): string {
  const withMac = swap(before(stackFile, "checksum"), from, to);
  return `${withMac}  "checksum": "${checksum(text(withMac))}"\n}\n`;
}

function refuseStackLayout(): void {
  const slot = /\{"type".*\}/.exec(stackFile)![0];
  const salt = valueOf(stackFile, "salt");
  const commitment = valueOf(stackFile, "commitment");
  const mac = valueOf(stackFile, "mac");
  const sum = valueOf(stackFile, "checksum");
  group(base, "stack_layout", "stack.json in another spelling; MAC and checksum are right where they are there", [
    ...each(STACK, "CONFIG", respellings(stackFile)),
    ...each(STACK, "CONFIG", {
      "longer than 65,536 bytes": stackFile + " ".repeat(65_536),
      "number with a fraction": stackWith('"r":8', '"r":8.0'),
      "number with an exponent": stackWith('"p":1', '"p":1e0'),
      "key number with a leading zero": stackWith('"keys": [1]', '"keys": [01]'),
      "space in an array": stackWith('"keys": [1]', '"keys": [ 1 ]'),
      "slot: members in another order": stackWith('"r":8,"p":1', '"p":1,"r":8'),
      "slot: member twice": stackWith('"r":8', '"r":8,"r":8'),
      "slot: member twice, the last one right": stackWith('"logN":10', '"logN":63,"logN":10'),
      "slot: unknown member": stackWith('"p":1', '"p":1,"note":""'),
      "slot: member missing": stackWith(',"p":1', ""),
      "slot: space after a colon": stackWith('"p":1', '"p": 1'),
      "slot: on the array's line": stackWith(`[\n    ${slot}\n  ]`, `[${slot}]`),
      "two slots": stackWith(slot, `${slot},\n    ${slot}`),
      "no slot": stackWith(`[\n    ${slot}\n  ]`, "[]"),
      "slot not in an array": stackWith(`[\n    ${slot}\n  ]`, slot),
      "slot is null": stackWith(slot, "null"),
    }),
    ...looseCases(STACK, "salt", salt, (changed) => stackWith(salt, changed)),
    ...looseCases(STACK, "commitment", commitment, (changed) => stackWith(commitment, changed)),
    ...looseCases(STACK, "mac", mac, (changed) => summed(mac, changed)),
    ...looseCases(STACK, "checksum", sum, (changed) => swap(stackFile, sum, changed)),
  ]);
}

function refuseStackBounds(): void {
  const salt = valueOf(stackFile, "salt");
  const commitment = valueOf(stackFile, "commitment");
  const wrapped = valueOf(stackFile, "wrapped");
  const logNs = ["9", "21", "63", "64", "0", "-1", "1000", "999999999", "1000000000", "1e9", "17.0", "017"];
  const twoKeys = write("refuse two keys", { keys: [2, 1], secrets: [] }).written.files.get(STACK)!;
  /** A stack of its own, without secrets, in which all would open. */
  const whole = (name: string, plan: Omit<Plan, "secrets">): Case => {
    const { written } = write(`refuse ${name}`, { ...plan, secrets: [] });
    return { name, code: "CONFIG", files: { [STACK]: written.files.get(STACK)!, [DB]: null, [API]: null } };
  };
  const keyLists = [[0], [-1], [1000000000], [1, 2], [3, 1], [1, 0], [3, 2, 1], [1000000000, 999999999]];
  group(base, "stack_bounds", "stack.json with a value outside its bounds; MAC and checksum are right", [
    ...each(
      STACK,
      "CONFIG",
      Object.fromEntries([
        ...[...logNs, '"018"', '"10"', "018", "null", "[10]", "true"].map((logN) => [
          `logN ${logN}`,
          stackWith('"logN":10', `"logN":${logN}`),
        ]),
        ...["1", "9", "0", "-8", "1048576", '"8"'].map((r) => [`r ${r}`, stackWith('"r":8', `"r":${r}`)]),
        ...["0", "2", "16", "1073741823", "-1"].map((p) => [`p ${p}`, stackWith('"p":1', `"p":${p}`)]),
        ...IMPOSSIBLE_TIMES.map((time) => [`created ${time}`, stackWith(CREATED, time)]),
        ...["[]", "[1,1]", '["1"]', "1"].map((numbers) => [
          `keys ${numbers}`,
          stackWith('"keys": [1]', `"keys": ${numbers}`),
        ]),
      ]),
    ),
    whole("logN 9, with a slot that would open", { logN: 9 }),
    ...keyLists.map((keys) => whole(`keys [${keys}], with a slot that would open`, { keys })),
    ...each(STACK, "CONFIG", {
      "format 2": stackWith("coffer/1 stack", "coffer/2 stack"),
      "format of a secret": stackWith("coffer/1 stack", "coffer/1 secret"),
      "id in upper case": stackWith(toHex(base.id), toHex(base.id).toUpperCase()),
      "id too short": stackWith(toHex(base.id), toHex(base.id).slice(2)),
      "id too long": stackWith(toHex(base.id), toHex(base.id) + "00"),
      "type of slot unknown": stackWith('"type":"passphrase"', '"type":"recipient"'),
      "kdf unknown": stackWith('"kdf":"scrypt"', '"kdf":"argon2id"'),
      "salt too short": stackWith(salt, toBase64(fromBase64(salt).slice(1))),
      "salt empty": stackWith(salt, ""),
      "salt too long": stackWith(salt, toBase64(new Uint8Array(33))),
      "commitment too short": stackWith(commitment, toBase64(fromBase64(commitment).slice(1))),
      "commitment empty": stackWith(commitment, ""),
      "wrapped too short": stackWith(wrapped, toBase64(fromBase64(wrapped).slice(1))),
      "wrapped too long": stackWith(wrapped, toBase64(new Uint8Array(104))),
      "wrapped with two keys, one listed": swapAndSum(twoKeys, '"keys": [2,1]', '"keys": [2]'),
      "mac too short": summed(valueOf(stackFile, "mac"), toBase64(new Uint8Array(31))),
      "checksum too short": swap(stackFile, valueOf(stackFile, "checksum"), toBase64(new Uint8Array(31))),
    }),
  ]);
}

function swapAndSum(file: string, from: string, to: string): string {
  const withMac = swap(before(file, "checksum"), from, to);
  return `${withMac}  "checksum": "${checksum(text(withMac))}"\n}\n`;
}

function refuseStackAuthenticity(): void {
  const members = ["salt", "commitment", "wrapped", "mac"].map((member) =>
    [member, valueOf(stackFile, member)] as const
  );
  const sum = valueOf(stackFile, "checksum");
  const other = write("refuse other", { secrets: [] }).written;
  const rekeying = write("refuse rekeying", { keys: [2, 1], secrets: [] }).written;
  const oldMac = closeStack(before(rekeying.files.get(STACK)!, "mac"), rekeying.keys.get(1)!);
  const slotOf = (file: string) => /\{"type".*\}/.exec(file)![0];
  const wrongPassphrases = ["correct horse battery stapl", "Correct horse battery staple", `${PASSPHRASE} `, "x"];
  group(base, "stack_authenticity", "stack.json in the right layout, but not what its writer wrote", [
    ...wrongPassphrases.map((passphrase): Case => ({
      name: `wrong passphrase ${JSON.stringify(passphrase)}`,
      code: "LOCKED",
      passphrase,
      files: {},
    })),
    ...each(STACK, "TAMPERED", {
      ...Object.fromEntries(members.map(([m, value]) => [`${m} flipped`, swap(stackFile, value, flip(value))])),
      "checksum flipped": swap(stackFile, sum, flip(sum)),
      "logN changed": swap(stackFile, '"logN":10', '"logN":11'),
      "id changed": swap(stackFile, toHex(base.id), toHex(other.id)),
      "created changed": swap(stackFile, CREATED, "2026-01-31T23:59:58Z"),
      "key number changed": swap(stackFile, '"keys": [1]', '"keys": [2]'),
      "checksum of the whole text before it, without its line feed": swap(
        stackFile,
        sum,
        checksum(text(before(stackFile, "checksum").slice(0, -1))),
      ),
      "wrapped flipped, checksum right": summed(valueOf(stackFile, "wrapped"), flip(valueOf(stackFile, "wrapped"))),
      "wrapped flipped, MAC and checksum right": stackWith(
        valueOf(stackFile, "wrapped"),
        flip(valueOf(stackFile, "wrapped")),
      ),
      "mac flipped, checksum right": summed(valueOf(stackFile, "mac"), flip(valueOf(stackFile, "mac"))),
      "created changed, checksum right": summed(CREATED, "2026-01-31T23:59:58Z"),
      "key number changed, checksum right": summed('"keys": [1]', '"keys": [2]'),
      "key number changed, MAC and checksum right": stackWith('"keys": [1]', '"keys": [2]'),
    }),
    ...each(STACK, "LOCKED", {
      "salt flipped, checksum right": summed(valueOf(stackFile, "salt"), flip(valueOf(stackFile, "salt"))),
      "commitment flipped, checksum right": summed(
        valueOf(stackFile, "commitment"),
        flip(valueOf(stackFile, "commitment")),
      ),
      "logN raised, checksum right": summed('"logN":10', '"logN":11'),
      "id of another stack, checksum right": summed(toHex(base.id), toHex(other.id)),
      "slot of another stack, checksum right": summed(slotOf(stackFile), slotOf(other.files.get(STACK)!)),
    }),
    ...each(STACK, "TAMPERED", { "while re-keying: MAC under the older key": oldMac }),
  ]);
}

function refuseSecretLayout(): void {
  const [firstLine] = versionLines;
  const allLines = versionLines.join(",\n");
  const mac = valueOf(dbFile, "mac");
  const sealed = valueOf(dbFile, "sealed");
  const place = { id: base.id, name: "db/password", key: 1, type: "bytes", created: CREATED };
  const random = seededRandom("refuse secret layout");
  const line = (version: number) => sealLine({ ...place, version }, pad(text("x")), keys.seal, random(24));
  const withLines = (lines: readonly string[]) => closeSecret(secretText(base.id, "db/password", 1, lines), keys);
  const badNames = ["", "/db", "db/", "db//password", ".db", "db/../password", "-db", "db password", "d=b", "d+b", "é"];
  const named = (name: string) => dbWith('"name": "db/password"', `"name": "${name}"`);
  group(
    base,
    "secret_layout",
    "A secret's file in another spelling or with a value outside its bounds; its MAC is right",
    [
      ...each(DB, "CONFIG", respellings(dbFile)),
      ...each(
        DB,
        "CONFIG",
        Object.fromEntries([
          ...IMPOSSIBLE_TIMES.map((time) => [`created ${time}`, dbWith(CREATED, time)]),
          ...["0", "-3", "03", "3.0", "3e0", "1000000000", '"3"', "null"].map((version) => [
            `version ${version}`,
            dbWith('"version":3', `"version":${version}`),
          ]),
          ...["0", "-1", "01", "1.0", "1000000000", '"1"'].map((key) => [
            `key ${key}`,
            dbWith('"key": 1', `"key": ${key}`),
          ]),
          ...badNames.map((name) => [`name ${JSON.stringify(name)}`, named(name)]),
          ["name of 256 bytes", named("a".repeat(256))],
        ]),
      ),
      ...each(DB, "CONFIG", {
        "format 2": dbWith("coffer/1 secret", "coffer/2 secret"),
        "format of a stack": dbWith("coffer/1 secret", "coffer/1 stack"),
        "stack in upper case": dbWith(toHex(base.id), toHex(base.id).toUpperCase()),
        "stack too short": dbWith(toHex(base.id), toHex(base.id).slice(2)),
        "type unknown": dbWith(`"created":"${CREATED}","type":"bytes"`, `"created":"${CREATED}","type":"text"`),
        "type empty": dbWith(`"created":"${CREATED}","type":"bytes"`, `"created":"${CREATED}","type":""`),
        "no versions": dbWith(`[\n${allLines}\n  ]`, "[]"),
        "no versions, laid out on lines": dbWith(`[\n${allLines}\n  ]`, "[\n\n  ]"),
        "101 versions": withLines(Array.from({ length: 101 }, (_, i) => line(101 - i))),
        "version twice": dbWith(firstLine, `${firstLine},\n${firstLine}`),
        "versions rising": withLines([line(1), line(2)]),
        "two versions on one line": dbWith(`${firstLine},\n    `, `${firstLine},`),
        "version: members in another order": dbWith(
          '"version":3,"created":"2026-03-01T00:00:00Z"',
          '"created":"2026-03-01T00:00:00Z","version":3',
        ),
        "version: member twice": dbWith('"version":3', '"version":3,"version":3'),
        "version: unknown member": dbWith('"version":3', '"version":3,"note":""'),
        "version: member missing": dbWith('"created":"2026-03-01T00:00:00Z",', ""),
        "sealed empty": dbWith(sealed, ""),
        "sealed shorter than the least": dbWith(sealed, toBase64(new Uint8Array(103))),
        "mac too short": swap(dbFile, mac, toBase64(new Uint8Array(31))),
        "mac empty": swap(dbFile, mac, ""),
      }),
      ...looseCases(DB, "sealed", sealed, (changed) => dbWith(sealed, changed)),
      ...looseCases(DB, "mac", mac, (changed) => swap(dbFile, mac, changed)),
    ],
  );
}

function refuseSecretAuthenticity(): void {
  const sealedOf = (file: string) => [...file.matchAll(/"sealed":"([^"]*)"/g)].map((match) => match[1]!);
  const [newest, middle] = sealedOf(dbFile) as [string, string];
  const [api] = sealedOf(apiFile) as [string];
  const mac = valueOf(dbFile, "mac");
  const lines = versionLines;
  const { written: other } = write("refuse other secret", { secrets: twoVersions });
  const foreign = other.files.get(DB)!;
  const unkeyed = (from: string, to: string) => swap(dbFile, from, to);
  const nonce = seededRandom("refuse padding");
  const place = { id: base.id, name: "db/password", key: 1, version: 1, type: "bytes", created: CREATED };
  const padded = (bytes: Uint8Array) =>
    closeSecret(secretText(base.id, "db/password", 1, [sealLine(place, bytes, keys.seal, nonce(24))]), keys);
  const plaintext = (length: number, size: number, mark?: number) => {
    const bytes = new Uint8Array(size).fill(0);
    bytes.set(bigEndian(length));
    bytes.fill(0x61, 4, Math.min(size, 4 + length));
    if (mark !== undefined) bytes[mark] = 1;
    return bytes;
  };
  group(base, "secret_authenticity", "A secret's file in the right layout, but not what its writer wrote there", [
    ...each(DB, "TAMPERED", {
      "mac flipped": unkeyed(mac, flip(mac)),
      "mac under the key for stack.json": swap(
        dbFile,
        mac,
        valueOf(closeStack(before(dbFile, "mac"), keys), "mac"),
      ),
      "value flipped": unkeyed(newest, flip(newest)),
      "older value flipped": unkeyed(middle, flip(middle)),
      "nonce flipped": unkeyed(newest, flipFirst(newest)),
      "value of another secret": unkeyed(newest, api),
      "older value under the newest number": unkeyed(newest, middle),
      "version raised": unkeyed('"version":3', '"version":4'),
      "oldest version raised": unkeyed(`"version":1,"created":"${CREATED}"`, `"version":2,"created":"${CREATED}"`)
        .replace(lines[1] + ",\n", ""),
      "newest version dropped": unkeyed(`${lines[0]},\n`, ""),
      "oldest version dropped": unkeyed(`,\n${lines[2]}`, ""),
      "versions swapped, numbers in order": unkeyed(newest, "*").replace(middle, newest).replace("*", middle),
      "created changed": unkeyed("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"),
      "type changed": unkeyed(lines[0], lines[0].replace('"bytes"', '"json"')),
      "key number unknown": unkeyed('"key": 1', '"key": 2'),
    }),
    ...each(DB, "CONFIG", {
      "versions reordered": unkeyed(lines.join(",\n"), [lines[1], lines[0], lines[2]].join(",\n")),
    }),
    ...each(DB, "TAMPERED", {
      "value flipped, MAC right": dbWith(newest, flip(newest)),
      "older value flipped, MAC right": dbWith(middle, flip(middle)),
      "nonce flipped, MAC right": dbWith(newest, flipFirst(newest)),
      "value of another secret, MAC right": dbWith(newest, api),
      "version raised, MAC right": dbWith('"version":3', '"version":4'),
      "older value under the newest number, MAC right": dbWith(newest, middle),
      "created changed, MAC right": dbWith("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"),
      "type changed, MAC right": dbWith(lines[0], lines[0].replace('"bytes"', '"json"')),
      "key number unknown, MAC under the known one": dbWith('"key": 1', '"key": 2'),
    }),
    {
      name: "renamed",
      code: "TAMPERED",
      files: { [DB]: null, [`secrets/${fileOf("db/admin")}`]: dbFile },
    },
    {
      name: "renamed, name changed too",
      code: "TAMPERED",
      files: { [DB]: null, [`secrets/${fileOf("db/admin")}`]: unkeyed('"db/password"', '"db/admin"') },
    },
    {
      name: "renamed, name changed too, MAC right",
      code: "TAMPERED",
      files: { [DB]: null, [`secrets/${fileOf("db/admin")}`]: dbWith('"db/password"', '"db/admin"') },
    },
    { name: "renamed to another case", code: "TAMPERED", files: { [API]: null, "secrets/api_key.json": apiFile } },
    { name: "copied to a second name", code: "TAMPERED", files: { "secrets/db+password2.json": dbFile } },
    { name: "two files swapped", code: "TAMPERED", files: { [DB]: apiFile, [API]: dbFile } },
    { name: "file of another stack", code: "TAMPERED", files: { [DB]: foreign } },
    {
      name: "file of another stack, stack changed too",
      code: "TAMPERED",
      files: { [DB]: swap(foreign, toHex(other.id), toHex(base.id)) },
    },
    {
      name: "file of another stack, stack changed too, MAC right",
      code: "TAMPERED",
      files: { [DB]: closeSecret(swap(before(foreign, "mac"), toHex(other.id), toHex(base.id)), keys) },
    },
    {
      name: "for another stack, under this one's keys",
      code: "TAMPERED",
      files: {
        [DB]: closeSecret(
          secretText(other.id, "db/password", 1, [
            sealLine({ ...place, id: other.id }, pad(text("hunter1")), keys.seal, nonce(24)),
          ]),
          keys,
        ),
      },
    },
    {
      name: "stack.json of another stack with the same passphrase",
      code: "TAMPERED",
      files: { [STACK]: other.files.get(STACK)! },
    },
    ...each(DB, "TAMPERED", {
      "padding not zero, first byte": padded(plaintext(7, 64, 11)),
      "padding not zero, last byte": padded(plaintext(7, 64, 63)),
      "bucket too large by one block": padded(plaintext(7, 128)),
      "bucket too large for a value of 60 bytes": padded(plaintext(60, 128)),
      "bucket too small": padded(plaintext(61, 64)),
      "bucket not a multiple of its step": padded(plaintext(1100, 1104)),
      "bucket of the next step": padded(plaintext(2044, 2048 + 256)),
      "not padded": padded(plaintext(70, 74)),
      "length larger than the plaintext": padded(plaintext(1000, 64)),
      "length with the first bit set": padded(plaintext(0x80000007, 64)),
      "length above the limit": padded(plaintext(16_777_217, 64)),
    }),
    ...rekeyingCases(),
  ]);
}

/** While a stack has two keys, neither may stand in for the other. */
function rekeyingCases(): Case[] {
  const secrets = [{ name: "db/password", key: 1, versions: one(text("old")) }];
  const { written } = write("refuse secret rekeying", { keys: [2, 1], secrets });
  const file = written.files.get(DB)!;
  const claimed = swap(before(file, "mac"), '"key": 1', '"key": 2');
  const rest = { [STACK]: written.files.get(STACK)!, [API]: null };
  return [
    {
      name: "while re-keying: old file claims the new key",
      code: "TAMPERED",
      files: { ...rest, [DB]: swap(file, '"key": 1', '"key": 2') },
    },
    {
      name: "while re-keying: old file claims the new key, MAC right",
      code: "TAMPERED",
      files: { ...rest, [DB]: closeSecret(claimed, written.keys.get(2)!) },
    },
    {
      name: "while re-keying: old file claims a third key",
      code: "TAMPERED",
      files: { ...rest, [DB]: swap(file, '"key": 1', '"key": 3') },
    },
  ];
}

/** The vectors' files by their path below test/vectors/format. */
export function formatVectors(): ReadonlyMap<string, string> {
  made.clear();
  acceptAll();
  refuseStackLayout();
  refuseStackBounds();
  refuseStackAuthenticity();
  refuseSecretLayout();
  refuseSecretAuthenticity();
  makeKvVectors();
  makeProviderVectors();
  return made;
}

if (import.meta.main) {
  const vectors = formatVectors();
  for (const kind of ["accept", "refuse"]) {
    const folder = new URL(`${kind}/`, FOLDER);
    Deno.mkdirSync(folder, { recursive: true });
    for (const { name } of Deno.readDirSync(folder)) Deno.removeSync(new URL(name, folder));
  }
  for (const [path, content] of vectors) Deno.writeTextFileSync(new URL(path, FOLDER), content);
}
