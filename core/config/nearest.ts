/** The known word that a misspelt one may have been meant to be. */

/** The most edits of a word that is still taken for a slip of it. */
const MOST_EDITS = 2;

/** The one of `known` that takes the fewest edits, if one takes few enough; the first of several. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const near = known
    .map((candidate) => ({ candidate, edits: editsBetween(word, candidate) }))
    .filter(({ edits }) => edits <= MOST_EDITS);
  return near.sort((a, b) => a.edits - b.edits)[0]?.candidate;
}

/**
 * Letters to insert, remove, replace, or swap with their neighbour (optimal string alignment). Infinity when the lengths
 * alone say that it is more than a slip: a key in a hostile file can be as long as the file.
 */
export function editsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MOST_EDITS) return Infinity;
  let older: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = last[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] ? older[column - 2]! + 1 : Infinity;
      next.push(Math.min(last[column]! + 1, next[column - 1]! + 1, replaced, swapped));
    }
    [older, last] = [last, next];
  }
  return last[b.length]!;
}
