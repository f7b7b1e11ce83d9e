/*
 * Native libsodium as a peer of bench_crypto.ts. Reads one job per line from standard input and answers with the
 * nanoseconds that one operation took, so that both processes can take turns within a round.
 *
 *     scrypt <logN>
 *     seal <bytes> <times>        open <bytes> <times>
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(void) {
  char job[16];
  unsigned long size, times;
  unsigned char key[32] = {1}, nonce[24] = {2}, aad[32] = {3}, derived[32];
  if (sodium_init() < 0) return 1;
  printf("libsodium %s\n", sodium_version_string());
  fflush(stdout);
  while (scanf("%15s %lu %lu", job, &size, &times) == 3) {
    unsigned char *text = calloc(size + 16, 1), *sealed = calloc(size + 16, 1);
    unsigned long long length;
    if (!text || !sealed) return 1;
    if (strcmp(job, "scrypt") != 0) {
      crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &length, text, size, aad, sizeof aad, NULL, nonce, key);
    }
    double start = now();
    for (unsigned long i = 0; i < times; i++) {
      int failed = 0;
      if (strcmp(job, "scrypt") == 0) {
        failed = crypto_pwhash_scryptsalsa208sha256_ll(key, 10, nonce, 16, 1ULL << size, 8, 1, derived, sizeof derived);
      } else if (strcmp(job, "seal") == 0) {
        failed = crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &length, text, size, aad, sizeof aad, NULL, nonce, key);
      } else {
        failed = crypto_aead_xchacha20poly1305_ietf_decrypt(text, &length, NULL, sealed, size + 16, aad, sizeof aad, nonce, key);
      }
      if (failed) return 1;
    }
    printf("%.1f\n", (now() - start) / times);
    fflush(stdout);
    free(text);
    free(sealed);
  }
  return 0;
}
