/** Vectors of `provider.json`: docs/format.md §9. */

import { pad, seal } from "../../test/reference/format/derive.ts";
import { toBase64, toHex } from "../../test/reference/format/layout.ts";
import { seededRandom } from "../../test/reference/format/seeded_random.ts";
import { closeProvider, type PlannedProvider } from "../../test/reference/format/stack_writer.ts";
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

const PROVIDER = "provider.json";
const [STACK, DB] = ["stack.json", "secrets/db+password.json"];
const SECRETS = [{ name: "db/password", versions: one(text("hunter2")) }];
const CONFIG = '{"cache_seconds":3600,"config":{"auth":{"method":"token","token":"hvs.a-token-that-opens-nothing"},' +
  '"mount":"acme","namespace":"teams/acme","prefix":"web/production","url":"https://vault.example:8200"}}';
const DEEPEST = `${'{"a":'.repeat(32)}1${"}".repeat(32)}`;

function acceptProvider(name: string, about: string, provider: PlannedProvider, plan: Partial<Plan> = {}): void {
  const { provider: kind, created = CREATED, config } = provider;
  accept(name, about, { secrets: SECRETS, ...plan, provider }, { provider: { provider: kind, created, config } });
}

function acceptProviders(): void {
  acceptProvider("provider", "The secrets are with a provider; the one in the stack stays as it is", {
    provider: "vault",
    created: "2026-06-01T12:00:00Z",
    config: CONFIG,
  });
  acceptProvider("provider_bounds", "The longest name of a kind; values, order and escapes in a configuration", {
    provider: `a${"-9".repeat(15)}z`,
    config: '{"":[],"a":[true,false,null,{},[[]],""],"n":[0,-1,1.5,1e+21,1e-7,9007199254740992,0.1],' +
      '"é":"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f/\u007f","\u{1f511}":"\u{1f511}","\uff41":"\u2028"}',
  });
  acceptProvider("provider_deep", "A configuration nested as deep as it may be", { provider: "x", config: DEEPEST });
  acceptProvider("provider_long", "A configuration as long as it may be", {
    provider: "vault",
    config: `{"a":"${"x".repeat(65_536 - 8)}"}`,
  });
  acceptProvider("provider_rekeying", "Interrupted while it was re-keyed: the provider's file under the old key", {
    provider: "vault",
    key: 1,
    config: CONFIG,
  }, { keys: [2, 1] });
}

const plan: Plan = { secrets: SECRETS, provider: { provider: "vault", config: CONFIG } };
const base = write("refuse provider", plan).written;
const file = base.files.get(PROVIDER)!;
const sealed = valueOf(file, "sealed");

/** Another configuration, sealed by whoever has the keys. */
function holding(config: string | Uint8Array, textBefore = before(file, "sealed"), padding = pad): string {
  const plaintext = padding(typeof config === "string" ? text(config) : config);
  return closeProvider(textBefore, plaintext, base.keys.get(1)!, seededRandom("refuse provider content")(24));
}

function refuseLayout(): void {
  const changed = (from: string, to: string) => swap(file, from, to);
  const kind = (name: string) => changed('"provider": "vault"', `"provider": "${name}"`);
  // It has no array, and so is laid out as that printer does it.
  const { "indented by a common printer": _, ...otherSpellings } = respellings(file);
  group(base, "provider_layout", "`provider.json` in another spelling or out of bounds", [
    ...each(PROVIDER, "CONFIG", otherSpellings),
    ...each(PROVIDER, "CONFIG", {
      "other format": changed("coffer/1 provider", "coffer/1 kv"),
      "newer format": changed("coffer/1 provider", "coffer/2 provider"),
      "stack in upper case": changed(toHex(base.id), toHex(base.id).replace(/^../, "AB")),
      "stack too short": changed(toHex(base.id), toHex(base.id).slice(2)),
      ...Object.fromEntries(
        ["0", "-1", "01", "1.0", "1e0", "1000000000", '"1"', "null"].map((key) => [
          `key ${key}`,
          changed('"key": 1', `"key": ${key}`),
        ]),
      ),
      "kind empty": kind(""),
      "kind in upper case": kind("Vault"),
      "kind with a digit first": kind("1password"),
      "kind with an underscore": kind("a_b"),
      "kind of 33 characters": kind("a".repeat(33)),
      "kind null": changed('"vault"', "null"),
      ...Object.fromEntries(
        IMPOSSIBLE_TIMES.map((time) => [`created ${time || "empty"}`, changed(`"${CREATED}"`, `"${time}"`)]),
      ),
      "sealed empty": swap(file, sealed, ""),
      "sealed shorter than the least": swap(file, sealed, toBase64(new Uint8Array(103))),
      "longer than a file may be": holding(
        "",
        file.slice(0, file.indexOf('  "sealed"')),
        () => new Uint8Array(200_000),
      ),
    }),
    ...looseCases(PROVIDER, "sealed", sealed, (other) => swap(file, sealed, other)),
  ]);
}

function refuseContent(): void {
  const spelt = (value: string) => holding(`{"a":${value}}`);
  const spellings = [
    ...["1.0", "01", "+1", "-0", "1e21", "1E+21", "1e400", "10e-8", ".5", "5.", "9007199254740992.5", "NaN"],
    ...['"\\/"', '"\\u0061"', '"\\u000a"', '"\\u001F"', '"\n"', '"\\ud83d"', '"\\ud83d\\udd11"', "'a'", "undefined"],
    ...["[1, 2]", "[1,]", '{"b":1,"a":1}', '{"a":1,"a":1}', '{"a":1,}', '{"\uff41":1,"\u{1f511}":1}', '{"\\ud83d":1}'],
  ];
  group(base, "provider_content", "`provider.json` that authenticates, with content outside its layout or bounds", [
    ...each(PROVIDER, "CONFIG", {
      "nothing": holding(""),
      "not JSON": holding("x"),
      "an array": holding("[]"),
      "a text": holding('"a"'),
      "null": holding("null"),
      "byte-order mark": holding("\ufeff{}"),
      "white space": holding("{ }"),
      "text after the end": holding("{}\n"),
      "not UTF-8": holding(Uint8Array.from([...text('{"a":"'), 0xff, ...text('"}')])),
      "nested too deep": holding(`{"a":${DEEPEST}}`),
      "arrays nested too deep": holding(`{"a":${"[".repeat(32)}${"]".repeat(32)}}`),
      "too long": holding(`{"a":"${"x".repeat(65_536 - 7)}"}`),
      ...Object.fromEntries(spellings.map((value) => [`spelt ${JSON.stringify(value)}`, spelt(value)])),
    }),
  ]);
}

function refuseAuthenticity(): void {
  const { written: other } = write("refuse provider other", plan);
  const foreign = other.files.get(PROVIDER)!;
  const rekeying = write("refuse provider rekeying", {
    keys: [2, 1],
    secrets: [],
    provider: { provider: "vault", key: 1, config: CONFIG },
  }).written;
  const random = seededRandom("refuse provider as value");
  const asValue = seal(base.keys.get(1)!.seal, random(24), pad(text(CONFIG)), text(before(file, "sealed")));
  group(base, "provider_authenticity", "`provider.json` in the right layout, but not what its writer wrote there", [
    ...each(PROVIDER, "TAMPERED", {
      "sealed flipped": swap(file, sealed, flip(sealed)),
      "nonce flipped": swap(file, sealed, flipFirst(sealed)),
      "another kind": swap(file, '"vault"', '"plugin"'),
      "created changed": swap(file, CREATED, "2026-01-31T23:59:58Z"),
      "key number unknown": swap(file, '"key": 1', '"key": 2'),
      "sealed under the key for values": swap(file, sealed, toBase64(asValue)),
      "padding not zero": holding(CONFIG, before(file, "sealed"), (value) => {
        const padded = pad(value);
        padded[padded.length - 1] = 1;
        return padded;
      }),
      "not padded": holding(CONFIG, before(file, "sealed"), (value) => value),
      "file of another stack": foreign,
      "file of another stack, stack changed too": swap(foreign, toHex(other.id), toHex(base.id)),
      "for another stack, under this one's keys": holding(CONFIG, before(foreign, "sealed")),
    }),
    { name: "a secret's file in its place", code: "CONFIG", files: { [PROVIDER]: base.files.get(DB)! } },
    { name: "in the place of a secret's file", code: "CONFIG", files: { [DB]: file } },
    {
      name: "while re-keying: old file claims the new key",
      code: "TAMPERED",
      files: {
        [STACK]: rekeying.files.get(STACK)!,
        [DB]: null,
        [PROVIDER]: swap(rekeying.files.get(PROVIDER)!, '"key": 1', '"key": 2'),
      },
    },
  ]);
}

export function makeProviderVectors(): void {
  acceptProviders();
  refuseLayout();
  refuseContent();
  refuseAuthenticity();
}
