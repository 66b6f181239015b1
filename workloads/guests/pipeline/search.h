/* Search for many patterns at once (Aho, Corasick: Efficient string matching, 1975), as an automaton
   without failure transitions: one step for each byte. Finding is final: the state FOUND leads to itself,
   so a text is read through without asking. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SEARCH_STATES 3072
#define SEARCH_CLASSES 64 /* of bytes that no pattern tells apart, at most */

#define SEARCH_ROOT 0
#define SEARCH_FOUND 1

struct search {
  uint8_t class_of[256];
  uint16_t next[SEARCH_STATES][SEARCH_CLASSES];
};

extern struct search search __attribute__((visibility("hidden")));

/* Builds `search`. */
void search_build(const char *const *patterns, uint32_t count);

static inline bool search_finds(const uint8_t *text, uint64_t bytes) {
  uint64_t state = SEARCH_ROOT;
#pragma GCC unroll 4
  for (uint64_t i = 0; i < bytes; i++) state = search.next[state][search.class_of[text[i]]];
  return state == SEARCH_FOUND;
}
