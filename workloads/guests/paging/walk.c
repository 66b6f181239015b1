/* Follows a chain through more pages than a translation look-aside buffer holds: every step is a page
   that was last used 4096 pages ago. The frames behind the pages are few, so that it is translations
   that are far apart. A unit is one round. */
#include "../runtime/mix.h"
#include "../runtime/units.h"
#include "mode.h"
#include "space.h"

#define PAGES 4096
#define LINE_WORDS 8
#define SEED 39

static uint16_t next[PAGES];

/* Pages with the same frame each have a line of it. */
static uint64_t word_of(uint64_t page) { return page / FRAMES * LINE_WORDS; }

/* One cycle through all pages (Sattolo's algorithm). */
static void draw_chain(void) {
  uint64_t state = SEED;
  for (uint64_t i = 0; i < PAGES; i++) next[i] = (uint16_t)i;
  for (uint64_t i = PAGES - 1; i > 0; i--) {
    uint64_t j = generate_below(&state, i);
    uint16_t kept = next[i];
    next[i] = next[j];
    next[j] = kept;
  }
}

static uint64_t walk_unit(void) {
  uint64_t sum = 0, page = 0;
  for (uint64_t step = 0; step < PAGES; step++) {
    page = *word_at(page, word_of(page));
    sum = sum * 31 + page;
  }
  if (page != 0) unit_failed();
  return mix(sum);
}

_Noreturn void walk_tables(void) {
  struct space space = space_create(1);
  draw_chain();
  for (uint64_t page = 0; page < PAGES; page++) {
    *space_entry(&space, page) = entry_of(frames[page % FRAMES], 0);
    frames[page % FRAMES][word_of(page)] = next[page];
  }
  fence_all();
  space_switch(&space);
  units_begin("paging-walk");
  for (;;) unit_done(walk_unit());
}
