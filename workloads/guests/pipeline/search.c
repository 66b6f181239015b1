#include "search.h"

#include "../runtime/power.h"

struct search search;

static uint32_t classes = 1; /* class 0: bytes that are in no pattern */
static uint32_t states = 2;
static uint16_t fails[SEARCH_STATES]; /* the state of the longest proper suffix that is one */

/* A tree of the patterns; 0 stands for a step that is not there, since no step leads to the root. */
static void insert(const char *pattern) {
  uint32_t state = SEARCH_ROOT;
  for (const uint8_t *at = (const uint8_t *)pattern; *at != 0; at++) {
    if (search.class_of[*at] == 0) {
      if (classes == SEARCH_CLASSES) fail("too many different bytes in the patterns");
      search.class_of[*at] = (uint8_t)classes++;
    }
    uint16_t *next = &search.next[state][search.class_of[*at]];
    if (at[1] == 0) *next = SEARCH_FOUND; /* no pattern is part of another */
    else if (*next == 0) {
      if (states == SEARCH_STATES) fail("too many states for the patterns");
      *next = (uint16_t)states++;
    }
    state = *next;
  }
}

/* Level by level: what is missing in a state's row is what its longest suffix would do. */
static void complete(void) {
  static uint16_t queue[SEARCH_STATES];
  uint32_t first = 0, last = 0;
  for (uint32_t class = 1; class < classes; class++)
    if (search.next[SEARCH_ROOT][class] > SEARCH_FOUND) queue[last++] = search.next[SEARCH_ROOT][class];
  while (first != last) {
    uint32_t state = queue[first++];
    for (uint32_t class = 0; class < classes; class++) {
      uint16_t *next = &search.next[state][class];
      uint16_t suffix = search.next[fails[state]][class];
      if (*next == 0) *next = suffix;
      else if (*next != SEARCH_FOUND) {
        fails[*next] = suffix;
        queue[last++] = *next;
      }
    }
  }
  for (uint32_t class = 0; class < SEARCH_CLASSES; class++) search.next[SEARCH_FOUND][class] = SEARCH_FOUND;
}

void search_build(const char *const *patterns, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) insert(patterns[i]);
  complete();
}
