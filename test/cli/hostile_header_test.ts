import assert from "node:assert/strict";
import { BUNDLE_ONLY, type Coffer, endToEnd, needs } from "../fixture/coffer_cli.ts";

/** What a header could say to make a reader work or allocate without end. */
const HOSTILE: readonly [was: RegExp, is: string][] = [
  [/"logN":10/, '"logN":63'],
  [/"logN":10/, '"logN":21'],
  [/"logN":10/, '"logN":9'],
  [/"logN":10/, '"logN":-1'],
  [/"logN":10/, '"logN":"018"'],
  [/"logN":10/, '"logN":018'],
  [/"logN":10/, '"logN":1000000000'],
  [/"logN":10/, '"logN":1e1'],
  [/"logN":10/, '"logN":10.0'],
  [/"r":8/, '"r":1048576'],
  [/"p":1/, '"p":1073741824'],
  [/"salt":"[^"]*"/, `"salt":"${"A".repeat(40_000)}"`],
  [/"wrapped":"[^"]*"/, '"wrapped":""'],
];
/** Of processor time, since a busy machine stretches the other; the refusal itself takes well under a millisecond. */
const MOST_MS = 100;
const MOST_KIB = 64 * 1024;

endToEnd("coffer get refuses a hostile header at once and without memory", async (coffer) => {
  await coffer.given({ name: "value" });
  const path = `${coffer.stackFolder()}/stack.json`;
  const whole = Deno.readTextFileSync(path);
  const idle = await median(coffer, ["version"]);
  for (const [was, is] of HOSTILE) {
    const text = whole.replace(was, is);
    assert.notEqual(text, whole);
    Deno.writeTextFileSync(path, text);
    const { code, stdout, ms, kib } = await median(coffer, ["get", "name"]);
    assert.ok([3, 7].includes(code), `${is.slice(0, 40)}: ${code}`);
    assert.equal(stdout, "");
    assert.ok(ms - idle.ms < MOST_MS, `${is.slice(0, 40)} took ${ms} ms, an idle start ${idle.ms} ms`);
    assert.ok(kib - idle.kib < MOST_KIB, `${is.slice(0, 40)} took ${kib} KiB, an idle start ${idle.kib} KiB`);
  }
}, { ...BUNDLE_ONLY, lacking: needs("time") });

interface Cost {
  readonly code: number;
  readonly stdout: string;
  readonly ms: number;
  readonly kib: number;
}

/** The cost of a command, as the median of five runs. */
async function median(coffer: Coffer, args: readonly string[]): Promise<Cost> {
  const costs: Cost[] = [];
  const report = `${coffer.root}/cost`;
  for (let i = 0; i < 5; i++) {
    const { code, text } = await coffer.run(args, { through: `/usr/bin/time -q -f '%U %S %M' -o '${report}' "$@"` });
    const [user, system, kib] = Deno.readTextFileSync(report).trim().split("\n").at(-1)!.split(" ").map(Number);
    costs.push({ code, stdout: text, ms: (user! + system!) * 1000, kib: kib! });
  }
  const middle = (of: (cost: Cost) => number) => costs.map(of).sort((a, b) => a - b)[2]!;
  return { ...costs[0]!, ms: middle(({ ms }) => ms), kib: middle(({ kib }) => kib) };
}
