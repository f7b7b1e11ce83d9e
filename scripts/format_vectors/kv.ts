/** Vectors of KV files: docs/format.md §8. */

import { pad } from "../../test/reference/format/derive.ts";
import type { Kv } from "../../test/reference/format/kv_reader.ts";
import { toBase64, toHex } from "../../test/reference/format/layout.ts";
import { seededRandom } from "../../test/reference/format/seeded_random.ts";
import { closeKv, kvContent, type PlannedKv } from "../../test/reference/format/stack_writer.ts";
import {
  accept,
  before,
  CREATED,
  each,
  flip,
  flipFirst,
  group,
  IMPOSSIBLE_TIMES,
  looseCases,
  one,
  type Plan,
  respellings,
  swap,
  text,
  valueOf,
  write,
} from "./building.ts";

type Content = Parameters<typeof kvContent>[0];

/** A stack with KV files, and what they say. */
function acceptKv(
  name: string,
  about: string,
  plan: Omit<Plan, "kvs"> & { readonly kvs: readonly (Omit<PlannedKv, "content"> & Content)[] },
): void {
  const kvs = plan.kvs.map(({ casRequired, custom, deleteVersionAfter, maxVersions, ...kv }) => ({
    ...kv,
    content: kvContent(defined({ casRequired, custom, deleteVersionAfter, maxVersions })),
  }));
  const kv = Object.fromEntries(plan.kvs.map((kv): [string, Kv] => [kv.name, {
    created: kv.created ?? CREATED,
    updated: kv.updated ?? CREATED,
    removed: kv.removed ?? false,
    latest: kv.latest ?? 0,
    versions: kv.versions ?? [],
    casRequired: kv.casRequired ?? false,
    customMetadata: Object.entries(kv.custom ?? {}).sort(([a], [b]) => a < b ? -1 : 1),
    deleteVersionAfter: kv.deleteVersionAfter ?? 0,
    maxVersions: kv.maxVersions ?? 0,
  }]));
  accept(name, about, { ...plan, kvs }, { kv });
}

function defined<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

const LATER = "2026-06-01T12:00:00Z";
const entry = (version: number, deletion: string | null = LATER, destroyed = false) => ({
  version,
  created: CREATED,
  deletion,
  destroyed,
});

function acceptKvs(): void {
  const secret = (name: string, versions: number) => ({
    name,
    versions: Array.from({ length: versions }, (_, i) => ({ value: text(`version ${versions - i}`) })),
  });
  acceptKv("kv", "KV files: versions deleted, destroyed and neither; metadata alone; the stack's own settings", {
    secrets: [
      secret("deleted", 2),
      secret("DESTROYED/some", 3),
      secret("described", 1),
      secret("interrupted/put", 1),
      secret("interrupted/destroy", 2),
      secret("interrupted/removal", 1),
      secret("plain", 1),
    ],
    kvs: [
      { name: "deleted", updated: LATER, versions: [entry(2, "2999-01-01T00:00:00Z"), entry(1)] },
      { name: "DESTROYED/some", latest: 6, versions: [entry(6, LATER, true), entry(5, null, true), entry(3)] },
      { name: "described", custom: { owner: "ops", "é 🔑": "ü" }, casRequired: true, maxVersions: 3 },
      // Its version 2 was never written.
      { name: "interrupted/put", deleteVersionAfter: 3600, versions: [entry(2)] },
      // The value of its version 2 is still in the secret's file.
      { name: "interrupted/destroy", latest: 2, versions: [entry(2, null, true)] },
      { name: "interrupted/removal", removed: true },
      { name: "destroyed/all", latest: 1, versions: [entry(1, null, true)] },
      { name: "metadata/alone", custom: { owner: "ops" } },
      { name: ".config", casRequired: true, maxVersions: 5, deleteVersionAfter: -1 },
    ],
  });
  const long = (bytes: number) => "é".repeat(bytes / 2);
  acceptKv("kv_bounds", "KV files at the ends of what there may be", {
    secrets: [],
    kvs: [
      {
        name: "most",
        latest: 999_999_999,
        versions: Array.from({ length: 200 }, (_, i) => entry(999_999_999 - i, null, true)),
        maxVersions: 100,
        deleteVersionAfter: 9_999_999_999,
      },
      {
        name: "a/".repeat(127) + "a",
        custom: Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`${10 + i}${long(126)}`, long(512)])),
      },
      {
        name: "text",
        // Escapes, and keys in the order of UTF-16: not that of UTF-8, where U+FF41 is before U+1F511.
        custom: { '"\\/\b\f\n\r\t\0\u001f\u007f\u2028': "\u000b", "\u{1f511}": "a", "\uff41": "b", __proto__0: "c" },
      },
      { name: ".config", deleteVersionAfter: 9_999_999_999, maxVersions: 100 },
    ],
  });
  acceptKv("kv_rekeying", "Interrupted while it was re-keyed: one KV file under each key", {
    keys: [2, 1],
    secrets: [secret("a", 1), secret("b", 1)],
    kvs: [{ name: "a", versions: [entry(1)] }, { name: "b", key: 1, versions: [entry(1)] }, {
      name: ".config",
      key: 1,
    }],
  });
  accept("kv_ignored_files", "Files below kv/ that are nobody's", { secrets: [secret("a", 1)] }, {
    files: {
      "kv/config.json~": "an editor's copy",
      "kv/DB+PASSWORD.json": "upper case",
      "kv/.hidden.json": "a segment must not start so",
      "kv/.config": "no suffix",
      "kv/=.config.json": "a switch that does nothing",
    },
  });
}

const kvPlan = {
  secrets: [
    { name: "db/password", versions: [{ value: text("hunter2") }, { value: text("hunter1") }] },
    { name: "API_KEY", versions: one(text("swordfish")) },
  ],
  kvs: [
    {
      name: "db/password",
      updated: LATER,
      latest: 3,
      versions: [entry(3, null, true), entry(2)],
      content: kvContent({ custom: { owner: "ops", note: "x".repeat(100) }, maxVersions: 4 }),
    },
    { name: "API_KEY", versions: [entry(1)] },
    { name: ".config", content: kvContent({ casRequired: true }) },
  ],
};
const { written: kvBase } = write("refuse kv", kvPlan);
const [STACK, DB, API] = ["stack.json", "secrets/db+password.json", "secrets/=api_key.json"] as const;
const KV = "kv/db+password.json";
const KV_API = "kv/=api_key.json";
const KV_CONFIG = "kv/.config.json";
const kvFile = kvBase.files.get(KV)!;
const kvConfigFile = kvBase.files.get(KV_CONFIG)!;

/** A KV file of one's own, sealed as it should be. */
function kvSealed(textBefore: string, content: string | Uint8Array, padded = pad): string {
  const plaintext = padded(typeof content === "string" ? text(content) : content);
  return closeKv(textBefore, plaintext, kvBase.keys.get(1)!, seededRandom("refuse kv sealed")(24));
}

/** A changed KV file that authenticates. */
function kvWith(from: string, to: string, file = kvFile): string {
  const content = file === kvFile ? kvPlan.kvs[0]!.content! : kvPlan.kvs[2]!.content!;
  return kvSealed(swap(before(file, "sealed"), from, to), content);
}

/** A KV file with other content. */
function kvHolding(content: string | Uint8Array, file = kvFile): string {
  return kvSealed(before(file, "sealed"), content);
}

function refuseKvLayout(): void {
  const sealed = valueOf(kvFile, "sealed");
  const lines = kvFile.match(/^ {4}\{.*\}/gm) as [string, string];
  const all = lines.join(",\n");
  const line = (version: number) =>
    `    {"version":${version},"created":"${CREATED}","deletion":"${LATER}","destroyed":false}`;
  const withLines = (of: readonly string[]) => kvWith(`[\n${all}\n  ]`, `[\n${of.join(",\n")}\n  ]`);
  group(kvBase, "kv_layout", "A KV file in another spelling or with a value outside its bounds; it authenticates", [
    ...each(KV, "CONFIG", respellings(kvFile)),
    ...each(
      KV,
      "CONFIG",
      Object.fromEntries([
        ...IMPOSSIBLE_TIMES.flatMap((time) => [
          [`updated ${time}`, kvWith(`"updated": "${LATER}"`, `"updated": "${time}"`)],
          [`deletion ${time}`, kvWith(`"deletion":"${LATER}"`, `"deletion":"${time}"`)],
        ]),
        ...["-1", "03", "3.0", "1000000000", '"3"', "null"].map((latest) => [
          `latest ${latest}`,
          kvWith('"latest": 3', `"latest": ${latest}`),
        ]),
        ...["0", "-3", "03", "1000000000", '"3"'].map((version) => [
          `version ${version}`,
          kvWith('"version":2', `"version":${version}`),
        ]),
        ...["0", "01", "1000000000"].map((key) => [`key ${key}`, kvWith('"key": 1', `"key": ${key}`)]),
        ...["", "/db", ".config2", "..", "db password"].map((name) => [
          `name ${JSON.stringify(name)}`,
          kvWith('"name": "db/password"', `"name": "${name}"`),
        ]),
        ...['"true"', "1", "null", "True"].map((removed) => [
          `removed ${removed}`,
          kvWith('"removed": false', `"removed": ${removed}`),
        ]),
      ]),
    ),
    ...each(KV, "CONFIG", {
      "format 2": kvWith("coffer/1 kv", "coffer/2 kv"),
      "format of a secret": kvWith("coffer/1 kv", "coffer/1 secret"),
      "stack in upper case": kvWith(toHex(kvBase.id), toHex(kvBase.id).toUpperCase()),
      "a destroyed version above the latest": kvWith('"latest": 3', '"latest": 2'),
      "removed, with versions": kvWith('"removed": false', '"removed": true'),
      "removed, with a latest version": kvSealed(
        swap(swap(before(kvFile, "sealed"), `[\n${all}\n  ]`, "[]"), '"removed": false', '"removed": true'),
        kvContent({}),
      ),
      "no versions, laid out on lines": withLines([""]),
      "201 versions": withLines(Array.from({ length: 201 }, (_, i) => line(201 - i))),
      "version twice": withLines([lines[0], lines[1], lines[1]]),
      "versions rising": withLines([lines[1], lines[0]]),
      "version of which nothing is said": withLines([lines[0], lines[1].replace(`"${LATER}"`, "null")]),
      "version: members in another order": kvWith(
        '"deletion":null,"destroyed":true',
        '"destroyed":true,"deletion":null',
      ),
      "version: member missing": kvWith('"deletion":null,"destroyed":true', '"destroyed":true'),
      "version: deletion empty": kvWith('"deletion":null', '"deletion":""'),
      "version: destroyed in quotes": kvWith('"destroyed":true', '"destroyed":"true"'),
      "sealed empty": swap(kvFile, sealed, ""),
      "sealed shorter than the least": swap(kvFile, sealed, toBase64(new Uint8Array(103))),
    }),
    ...looseCases(KV, "sealed", sealed, (changed) => swap(kvFile, sealed, changed)),
    ...each(KV_CONFIG, "CONFIG", {
      "settings: removed": kvWith('"removed": false', '"removed": true', kvConfigFile),
      "settings: with a latest version": kvWith('"latest": 0', '"latest": 1', kvConfigFile),
      "settings: with a version": kvWith('"versions": []', `"versions": [\n${line(1)}\n  ]`, kvConfigFile),
    }),
  ]);
}

function refuseKvContent(): void {
  const sound = '{"cas_required":false,"custom_metadata":{},"delete_version_after":0,"max_versions":0}';
  const withMember = (from: string, to: string) => kvHolding(swap(sound, from, to));
  const custom = (text: string) => withMember('"custom_metadata":{}', `"custom_metadata":${text}`);
  const pairs = (count: number) => Array.from({ length: count }, (_, i) => `"${10 + i}":"x"`).join(",");
  group(kvBase, "kv_content", "A KV file that authenticates, with content outside its layout or its bounds", [
    ...each(KV, "CONFIG", {
      "nothing": kvHolding(""),
      "not JSON": kvHolding("x"),
      "an array": kvHolding("[]"),
      "not UTF-8": kvHolding(Uint8Array.from([...text(sound.slice(0, 39)), 0xff, ...text(sound.slice(39))])),
      "byte-order mark": kvHolding("\ufeff" + sound),
      "white space": withMember(`,"custom`, `, "custom`),
      "text after the end": kvHolding(sound + "\n"),
      "members in another order": kvHolding(
        '{"custom_metadata":{},"cas_required":false,"delete_version_after":0,"max_versions":0}',
      ),
      "member missing": withMember(',"max_versions":0', ""),
      "member twice": withMember('"max_versions":0', '"max_versions":0,"max_versions":0'),
      "unknown member": withMember('"max_versions":0', '"max_versions":0,"note":""'),
      ...Object.fromEntries(
        [
          ...["0", '"false"', "null"].map((value) => ["cas_required", "false", value]),
          ...["-1", "101", "1000", "05", "1e1", "0.0", '"5"', "null"].map((value) => ["max_versions", "0", value]),
          ...["-1", "-2", "10000000000", "05", "1e3", "0.5", '"5"'].map((
            value,
          ) => ["delete_version_after", "0", value]),
        ].map(([member, from, to]) => [`${member} ${to}`, withMember(`"${member}":${from}`, `"${member}":${to}`)]),
      ),
      "custom metadata: 65 pairs": custom(`{${pairs(65)}}`),
      "custom metadata: empty key": custom('{"":"x"}'),
      "custom metadata: empty value": custom('{"a":""}'),
      "custom metadata: key of 129 bytes": custom(`{"${"a".repeat(129)}":"x"}`),
      "custom metadata: key of 65 characters, 130 bytes": custom(`{"${"é".repeat(65)}":"x"}`),
      "custom metadata: value of 513 bytes": custom(`{"a":"${"a".repeat(513)}"}`),
      "custom metadata: value is a number": custom('{"a":1}'),
      "custom metadata: value is null": custom('{"a":null}'),
      "custom metadata: an array": custom("[]"),
      "custom metadata: null": custom("null"),
      "custom metadata: keys falling": custom('{"b":"x","a":"x"}'),
      "custom metadata: key twice": custom('{"a":"x","a":"x"}'),
      "custom metadata: keys in the order of UTF-8": custom('{"\uff41":"b","\u{1f511}":"a"}'),
      "custom metadata: escaped slash": custom('{"a":"\\/"}'),
      "custom metadata: escaped letter": custom('{"a":"\\u0061"}'),
      "custom metadata: long escape of a line feed": custom('{"a":"\\u000a"}'),
      "custom metadata: escape in upper case": custom('{"a":"\\u001F"}'),
      "custom metadata: line feed not escaped": custom('{"a":"\n"}'),
      "custom metadata: lone surrogate": custom('{"a":"\\ud83d"}'),
    }),
    ...each(KV_CONFIG, "CONFIG", {
      "settings: with custom metadata": kvHolding(kvContent({ custom: { a: "b" } }), kvConfigFile),
      "settings: delete_version_after -2": kvHolding(kvContent({ deleteVersionAfter: -2 }), kvConfigFile),
    }),
  ]);
}

function refuseKvAuthenticity(): void {
  const sealed = valueOf(kvFile, "sealed");
  const apiKv = kvBase.files.get(KV_API)!;
  const { written: other } = write("refuse kv other", kvPlan);
  const foreign = other.files.get(KV)!;
  const unsealed = (from: string, to: string) => swap(kvFile, from, to);
  const rekeying = write("refuse kv rekeying", {
    keys: [2, 1],
    secrets: [],
    kvs: [{ name: "db/password", key: 1 }],
  }).written;
  const gone = { [DB]: null, [API]: null, [KV_API]: null, [KV_CONFIG]: null, [STACK]: rekeying.files.get(STACK)! };
  const sealedAsValue = closeKv(
    before(kvFile, "sealed"),
    pad(text(kvContent({}))),
    { ...kvBase.keys.get(1)!, sealKv: kvBase.keys.get(1)!.seal },
    seededRandom("refuse kv as value")(24),
  );
  group(kvBase, "kv_authenticity", "A KV file in the right layout, but not what its writer wrote there", [
    ...each(KV, "TAMPERED", {
      "sealed flipped": unsealed(sealed, flip(sealed)),
      "nonce flipped": unsealed(sealed, flipFirst(sealed)),
      "sealed of another secret": unsealed(sealed, valueOf(apiKv, "sealed")),
      "created changed": unsealed(`"created": "${CREATED}"`, '"created": "2026-01-31T23:59:58Z"'),
      "updated changed": unsealed(`"updated": "${LATER}"`, '"updated": "2026-06-01T12:00:01Z"'),
      "latest raised": unsealed('"latest": 3', '"latest": 4'),
      "deletion put off": unsealed(`"deletion":"${LATER}"`, '"deletion":"2999-06-01T12:00:00Z"'),
      "deleted version forgotten": unsealed(
        `,\n    {"version":2,"created":"${CREATED}","deletion":"${LATER}","destroyed":false}`,
        "",
      ),
      "another version deleted": unsealed('"version":2', '"version":1'),
      "destroyed version only deleted": unsealed(
        '"deletion":null,"destroyed":true',
        `"deletion":"${LATER}","destroyed":false`,
      ),
      "key number unknown": unsealed('"key": 1', '"key": 2'),
      "sealed under the key for values": sealedAsValue,
      "padding not zero": kvSealed(before(kvFile, "sealed"), kvContent({}), (value) => {
        const padded = pad(value);
        padded[padded.length - 1] = 1;
        return padded;
      }),
      "not padded": kvSealed(before(kvFile, "sealed"), kvContent({}), (value) => value),
      "file of another secret": apiKv,
      "file of the stack's settings": kvConfigFile,
      "file of another stack": foreign,
      "file of another stack, stack changed too": swap(foreign, toHex(other.id), toHex(kvBase.id)),
      "for another stack, under this one's keys": kvSealed(before(foreign, "sealed"), kvContent({})),
    }),
    { name: "renamed", code: "TAMPERED", files: { [KV]: null, "kv/db+admin.json": kvFile } },
    {
      name: "renamed, name changed too",
      code: "TAMPERED",
      files: { [KV]: null, "kv/db+admin.json": unsealed('"db/password"', '"db/admin"') },
    },
    { name: "copied to a second name", code: "TAMPERED", files: { "kv/db+password2.json": kvFile } },
    { name: "two files swapped", code: "TAMPERED", files: { [KV]: apiKv, [KV_API]: kvFile } },
    { name: "in the place of the settings", code: "TAMPERED", files: { [KV_CONFIG]: kvFile } },
    { name: "a secret's file in its place", code: "CONFIG", files: { [KV]: kvBase.files.get(DB)! } },
    { name: "in the place of a secret's file", code: "CONFIG", files: { [DB]: kvFile } },
    {
      name: "while re-keying: old file claims the new key",
      code: "TAMPERED",
      files: { ...gone, [KV]: swap(rekeying.files.get(KV)!, '"key": 1', '"key": 2') },
    },
  ]);
}

export function makeKvVectors(): void {
  acceptKvs();
  refuseKvLayout();
  refuseKvContent();
  refuseKvAuthenticity();
}
