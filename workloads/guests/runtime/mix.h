/* Digests and the seeded generator: both are the finalizer and the step of SplitMix64
   (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
#pragma once

#include <stdint.h>

static inline uint64_t mix(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
  value = (value ^ value >> 27) * 0x94d049bb133111ebu;
  return value ^ value >> 31;
}

/* The digest that includes one more value; depends on the order. */
static inline uint64_t mix_in(uint64_t digest, uint64_t value) { return mix(digest ^ value) + 0x9e3779b97f4a7c15u; }

static inline uint64_t generate(uint64_t *state) { return mix(*state += 0x9e3779b97f4a7c15u); }

/* 0 .. bound - 1; bound below 2^32. */
static inline uint64_t generate_below(uint64_t *state, uint64_t bound) {
  return (generate(state) >> 32) * bound >> 32;
}
