/** What a CI system is told to mask. */

/**
 * The lines of `texts`, each once. CI systems mask line by line; a blank line cannot be masked, and has nothing to hide.
 */
export function linesToMask(texts: readonly string[]): string[] {
  const lines = texts.flatMap((text) => text.split(/\r?\n/));
  return [...new Set(lines.filter((line) => line.trim() !== ""))];
}
