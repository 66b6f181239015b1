/* SHA-256 (FIPS 180-4) of 4 KiB: long dependency chains of 32-bit rotations and additions. */
#include "../runtime/mix.h"
#include "../runtime/units.h"
#include "kernel.h"

#define BUFFER_BYTES 4096
#define BLOCK_BYTES 64
#define ROUNDS 64

static const uint32_t round_constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
static const uint32_t initial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};
/* SHA-256 of "abc" (FIPS 180-4 examples). */
static const uint32_t digest_of_abc[8] = {
    0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad,
};

static uint8_t buffer[BUFFER_BYTES + BLOCK_BYTES];

static uint32_t rotate(uint32_t value, unsigned by) { return value >> by | value << (32 - by); }

static void compress(uint32_t *hash, const uint8_t *block) {
  uint32_t schedule[ROUNDS];
  for (unsigned i = 0; i < 16; i++, block += 4)
    schedule[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
  for (unsigned i = 16; i < ROUNDS; i++) {
    uint32_t low = schedule[i - 15];
    uint32_t high = schedule[i - 2];
    schedule[i] = schedule[i - 16] + schedule[i - 7] + (rotate(low, 7) ^ rotate(low, 18) ^ low >> 3) +
                  (rotate(high, 17) ^ rotate(high, 19) ^ high >> 10);
  }
  uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
  uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
  for (unsigned i = 0; i < ROUNDS; i++) {
    uint32_t first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +
                     round_constants[i] + schedule[i];
    uint32_t second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g; g = f; f = e; e = d + first;
    d = c; c = b; b = a; a = first + second;
  }
  hash[0] += a; hash[1] += b; hash[2] += c; hash[3] += d;
  hash[4] += e; hash[5] += f; hash[6] += g; hash[7] += h;
}

/* The digest of the first `bytes` of the buffer, which is padded in place. */
static void sha256(uint32_t *hash, uint64_t bytes) {
  uint64_t blocks = (bytes + 8) / BLOCK_BYTES + 1;
  for (unsigned i = 0; i < 8; i++) hash[i] = initial[i];
  buffer[bytes] = 0x80;
  for (uint64_t i = bytes + 1; i < blocks * BLOCK_BYTES; i++) buffer[i] = 0;
  for (uint64_t i = 0; i < 8; i++) buffer[blocks * BLOCK_BYTES - 1 - i] = (uint8_t)(bytes * 8 >> 8 * i);
  for (uint64_t i = 0; i < blocks; i++) compress(hash, buffer + i * BLOCK_BYTES);
}

uint64_t hash_unit(void) {
  uint32_t hash[8];
  buffer[0] = 'a'; buffer[1] = 'b'; buffer[2] = 'c';
  sha256(hash, 3);
  for (unsigned i = 0; i < 8; i++)
    if (hash[i] != digest_of_abc[i]) unit_failed();

  uint64_t seed = 1;
  for (unsigned i = 0; i < BUFFER_BYTES; i += 8) {
    uint64_t word = generate(&seed);
    for (unsigned j = 0; j < 8; j++) buffer[i + j] = (uint8_t)(word >> 8 * j);
  }
  sha256(hash, BUFFER_BYTES);
  uint64_t digest = 0;
  for (unsigned i = 0; i < 8; i++) digest = mix_in(digest, hash[i]);
  return digest;
}
