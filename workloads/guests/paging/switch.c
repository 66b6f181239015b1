/* Switches between address spaces that have different frames at the same addresses. A unit is 64 rounds
   through 8 spaces, with 4 pages read and written in each. */
#include "../runtime/mix.h"
#include "../runtime/units.h"
#include "mode.h"
#include "space.h"

#define SPACES 8
#define PAGES 4
#define ROUNDS 64
#define WORD 17 /* of each page */

static struct space spaces[SPACES];

static uint64_t *frame_behind(uint64_t space, uint64_t page) { return frames[space * PAGES + page]; }

static uint64_t switch_unit(void) {
  for (uint64_t i = 0; i < SPACES * PAGES; i++) frames[i][WORD] = i;
  for (uint64_t round = 0; round < ROUNDS; round++)
    for (uint64_t i = 0; i < SPACES; i++) {
      space_switch(&spaces[i]);
      for (uint64_t page = 0; page < PAGES; page++) {
        volatile uint64_t *word = word_at(page, WORD);
        *word = *word * 31 + round;
      }
    }
  uint64_t digest = 0;
  for (uint64_t i = 0; i < SPACES * PAGES; i++) digest = mix_in(digest, frames[i][WORD]);
  return digest;
}

_Noreturn void switch_spaces(void) {
  for (uint64_t i = 0; i < SPACES; i++) {
    spaces[i] = space_create(i + 1);
    for (uint64_t page = 0; page < PAGES; page++) *space_entry(&spaces[i], page) = entry_of(frame_behind(i, page), ENTRY_WRITE);
  }
  fence_all();
  units_begin("paging-switch");
  for (;;) unit_done(switch_unit());
}
