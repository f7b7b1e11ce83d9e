/** The path of a rule as Vault matches it: which paths it covers, and which rule wins where several do. */

const WILDCARD = "+";

export class PathPattern {
  readonly #text: string;
  readonly #segments: readonly string[];
  readonly #isPrefix: boolean;
  readonly #hasWildcard: boolean;

  /** @param text with `*` at its end for a prefix, and with segments `+` that stand for any one */
  constructor(text: string) {
    this.#isPrefix = text.endsWith("*");
    this.#text = this.#isPrefix ? text.slice(0, -1) : text;
    this.#segments = this.#text.split("/");
    // Vault's test, which `a/+b` passes too: a rule with nothing but literal segments, yet less than an exact one.
    this.#hasWildcard = text === WILDCARD || text.startsWith("+/") || text.includes("/+");
  }

  /** Whether it covers no path but its own text; rules like that come before all others. */
  get isExact(): boolean {
    return !this.#isPrefix && !this.#hasWildcard;
  }

  matches(path: string): boolean {
    const segments = path.split("/");
    if (this.#isPrefix ? segments.length < this.#segments.length : segments.length !== this.#segments.length) {
      return false;
    }
    return this.#segments.every((_, i) => this.#matchesSegment(i, segments[i]!));
  }

  /** Whether it covers some path below `folder`, which ends with a slash. */
  reachesBelow(folder: string): boolean {
    return folder.slice(0, -1).split("/").every((segment, i) => this.#matchesSegment(i, segment));
  }

  /**
   * Positive where this pattern is more specific than the other and both match a path; Vault's criteria in its order:
   * where the first wildcard is, no `*`, fewer `+`, the longer text, and (so that there is always a winner) the later one
   * in the alphabet.
   */
  compareSpecificity(other: PathPattern): number {
    return this.#firstWildcard - other.#firstWildcard ||
      Number(other.#isPrefix) - Number(this.#isPrefix) ||
      other.#wildcards - this.#wildcards ||
      this.#text.length - other.#text.length ||
      (this.#text < other.#text ? -1 : 1);
  }

  #matchesSegment(i: number, segment: string): boolean {
    const own = this.#segments[i];
    if (own === WILDCARD || own === segment) return true;
    return this.#isPrefix && i === this.#segments.length - 1 && segment.startsWith(own!);
  }

  get #firstWildcard(): number {
    return this.#hasWildcard ? this.#text.indexOf(WILDCARD) : this.#text.length;
  }

  get #wildcards(): number {
    return this.#segments.filter((segment) => segment === WILDCARD).length;
  }
}
