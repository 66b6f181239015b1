/* Quicksort of 4096 random words: branches that no predictor can learn. */
#include "../runtime/mix.h"
#include "../runtime/units.h"
#include "kernel.h"

#define WORDS 4096
#define INSERTION_LIMIT 12
#define STACK_DEPTH 16 /* the shorter part is sorted first: log2(WORDS / INSERTION_LIMIT) ranges wait at most */

static uint32_t words[WORDS];

static void swap(uint32_t *left, uint32_t *right) {
  uint32_t held = *left;
  *left = *right;
  *right = held;
}

static void insertion_sort(uint32_t *first, uint32_t *last) {
  for (uint32_t *at = first + 1; at <= last; at++) {
    uint32_t held = *at;
    uint32_t *hole = at;
    for (; hole > first && hole[-1] > held; hole--) *hole = hole[-1];
    *hole = held;
  }
}

/* Hoare's partition about the median of three: the last word of the left part. */
static uint32_t *partition(uint32_t *first, uint32_t *last) {
  uint32_t *middle = first + (last - first) / 2;
  if (*middle < *first) swap(middle, first);
  if (*last < *first) swap(last, first);
  if (*last < *middle) swap(last, middle);
  uint32_t pivot = *middle;
  uint32_t *left = first - 1;
  uint32_t *right = last + 1;
  for (;;) {
    do left++; while (*left < pivot);
    do right--; while (*right > pivot);
    if (left >= right) return right;
    swap(left, right);
  }
}

static void quicksort(uint32_t *first, uint32_t *last) {
  struct { uint32_t *first, *last; } waiting[STACK_DEPTH];
  unsigned depth = 0;
  for (;;) {
    while (last - first >= INSERTION_LIMIT) {
      uint32_t *split = partition(first, last);
      if (split - first < last - split - 1) {
        waiting[depth].first = split + 1;
        waiting[depth++].last = last;
        last = split;
      } else {
        waiting[depth].first = first;
        waiting[depth++].last = split;
        first = split + 1;
      }
    }
    insertion_sort(first, last);
    if (depth == 0) return;
    first = waiting[--depth].first;
    last = waiting[depth].last;
  }
}

uint64_t sort_unit(void) {
  uint64_t seed = 2;
  uint64_t sum = 0;
  for (unsigned i = 0; i < WORDS; i++) sum += words[i] = (uint32_t)generate(&seed);
  quicksort(words, words + WORDS - 1);
  uint64_t digest = words[0];
  sum -= words[0];
  for (unsigned i = 1; i < WORDS; i++) {
    if (words[i - 1] > words[i]) unit_failed();
    sum -= words[i];
    digest = digest * 31 + words[i];
  }
  if (sum != 0) unit_failed();
  return mix(digest);
}
