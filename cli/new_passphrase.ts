/** Choosing a passphrase: given, generated, or typed twice; and how strong it is. */
import { Fault } from "../core/fault.ts";
import { Secret } from "../core/secret.ts";
import type { Context } from "./command.ts";
import { givenPassphrase, noPassphrase } from "./passphrase.ts";

/** Below this many bits a passphrase is worth a warning: about 200 years of one fast GPU per bit less than 60. */
const ENOUGH_BITS = 50;
const GENERATED_WORDS = 10;

interface Choice {
  /** Make one and print it on stdout. */
  readonly generate: boolean;
  readonly fd: number | undefined;
  readonly variable: "COFFER_PASSPHRASE" | "COFFER_NEW_PASSPHRASE";
  readonly label: string;
}

/** The new passphrase. @throws {Fault} LOCKED when there is none; USAGE when the two typed ones differ */
export async function choosePassphrase({ report, terminal, host }: Context, choice: Choice): Promise<Secret> {
  if (choice.generate) {
    const generated = await generatePassphrase();
    report.data({ passphrase: generated }, () => [generated]);
    report.note("Keep this passphrase: without it the secrets are lost.");
    return Secret.fromText(generated);
  }
  const given = givenPassphrase(host, choice.fd, choice.variable);
  const passphrase = given ?? await askTwice(terminal, choice.label);
  const bits = await strengthOf(passphrase);
  if (bits < ENOUGH_BITS) {
    report.warning(
      `this passphrase is weak (about ${bits} bits; ${ENOUGH_BITS} or more are advised): ` +
        "anyone who gets the sealed files can try to guess it. --generate-passphrase makes a strong one",
    );
  }
  return passphrase;
}

async function askTwice(terminal: Context["terminal"], label: string): Promise<Secret> {
  const first = await terminal.askHidden(`New passphrase for ${label}`);
  if (!first) throw noPassphrase();
  if (first.size === 0) {
    throw new Fault("USAGE", "the passphrase is empty", { hint: "--generate-passphrase makes a strong one" });
  }
  using second = await terminal.askHidden("The same again");
  if (second?.equals(first)) return first;
  first.dispose();
  throw new Fault("USAGE", "the two passphrases differ", { hint: "try again" });
}

/** Ten words of a list of 2048, 110 bits. */
async function generatePassphrase(): Promise<string> {
  const { wordlist } = await import("@scure/bip39/wordlists/english.js");
  // 2048 divides 2^16, so a remainder is not biased.
  const numbers = crypto.getRandomValues(new Uint16Array(GENERATED_WORDS));
  return Array.from(numbers, (n) => wordlist[n % wordlist.length]).join("-");
}

async function strengthOf(passphrase: Secret): Promise<number> {
  const { ZxcvbnFactory } = await import("@zxcvbn-ts/core");
  // Bytes that are no text are refused where the key is derived. Longer ones are strong, and the estimate is quadratic.
  const text = passphrase.use((bytes) => new TextDecoder().decode(bytes)).slice(0, 100);
  return Math.floor(new ZxcvbnFactory().check(text).guessesLog10 * Math.log2(10));
}
