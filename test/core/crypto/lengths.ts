/** Text lengths at which the kernel changes its path; see the memory map in core/crypto/assembly/memory.ts. */

const FIRST = 192, GROUP = 256, CHUNK = 65536;

/**
 * Around the cipher's block, the first stretch of text, groups after it, and chunks; each one less, equal and one more.
 */
export const BORDERS: readonly number[] = [
  ...new Set(
    [
      0,
      16,
      32,
      48,
      64,
      128,
      FIRST,
      GROUP,
      FIRST + GROUP,
      2 * GROUP,
      FIRST + 2 * GROUP,
      3 * GROUP,
      1024,
      4096,
      CHUNK - GROUP,
      CHUNK,
      CHUNK + FIRST - GROUP,
      CHUNK + FIRST,
      CHUNK + FIRST + GROUP,
      CHUNK + GROUP,
      2 * CHUNK,
      2 * CHUNK + FIRST,
      2 * CHUNK + FIRST + GROUP,
      3 * CHUNK + FIRST,
    ].flatMap((n) => [n - 1, n, n + 1]),
  ),
].filter((n) => n >= 0);
