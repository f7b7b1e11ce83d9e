import type { Subject } from "./subject.ts";

/** What OpenBao understands, as Go writes durations (`1h30m0s`); null where it refuses. */
export const durations: Subject<unknown, string | null> = {
  name: "durations",
  questions: [
    ...[
      "",
      "0",
      "+0",
      "0s",
      "0d",
      "0h0m",
      "7",
      "01",
      "60s",
      "1h30m",
      "24h",
      "7d",
      "+1d",
      "+5s",
      "1m1m",
      "1s1h",
      "1h1s",
    ],
    ...["1.5h", ".5h", "5.s", "1.s", "0.1s0.2s0.7s", "3600000ms", "500ms", "1500ms", "1us", "1µs", "1μs", "1ns"],
    ...[
      "2000000000ns",
      "9223372036",
      "9223372037",
      "106751d",
      "106752d",
      "2562047h",
      "2562048h",
      "99999999999999999999",
    ],
    ...[
      "-1",
      "-5s",
      "-1d",
      "1h-5m",
      "--1",
      "+-1",
      "1d12h",
      "12h1d",
      "1.0d",
      "1.5d",
      "1.d",
      "d",
      "+d",
      "7D",
      "60S",
      "1w",
      "1y",
    ],
    ...["1M", "1mo", " 60", "60 ", "60 s", "1h 30m", "1e3", "1e3s", "0x10", "0x10s", "1_000", "1_000s", "1,5h", "1h30"],
    ...["1..5s", ".s", ".", "+", "-", "s", "h", "infinity", "Infinity", "NaN", "null", "true", "１", "１s", "٣s", "∞"],
    ...["1µ", "1m\u0000", "1m\n", "60s;", "60s60", "0.5", "1.5", "1.0"],
    ...[0, 1, 60, 86400, 9223372036, 9223372037, 1e10, 60.9, 0.5, -1, -3, true, false, [], ["60s"], {}, { s: 1 }],
  ],
  async ask(bao, duration) {
    // What is negative comes back as -1s, which only this setting has a use for.
    const { status } = await bao.call("POST", "secret/config", { delete_version_after: duration });
    return status === 204 ? (await bao.get("GET", "secret/config")).delete_version_after : null;
  },
};
