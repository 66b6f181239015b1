/* The guest that is fuzzed with: each of its harts executes the operations that whoever fuzzes writes into its lane. */
#include <stdint.h>

#include "../runtime/guest.h"
#include "../runtime/harts.h"
#include "../runtime/power.h"
#include "../runtime/sbi.h"
#include "../runtime/units-page.h"
#include "../runtime/units.h"
#include "lane.h"

/* In the reserved words of the units page: bench/fuzz/lane.ts. */
struct places {
  uint64_t lanes;
  uint64_t next[LANES]; /* where each hart begins, and can be started again */
  uint64_t playground;  /* memory that nobody needs */
};

#define PLAYGROUND_BYTES 0x40000

uint8_t fuzz_lanes[LANES][LANE_BYTES] __attribute__((aligned(4096)));
static uint8_t playground[PLAYGROUND_BYTES] __attribute__((aligned(4096)));

/* lane.S: takes the next operation of a lane, for ever. */
_Noreturn void fuzz_next_0(void);
_Noreturn void fuzz_next_1(void);

_Noreturn void guest_main(void) {
  volatile struct places *places = (volatile struct places *)units_page.reserved;
  *places = (struct places){(uint64_t)fuzz_lanes, {(uint64_t)fuzz_next_0, (uint64_t)fuzz_next_1}, (uint64_t)playground};
  units_begin("fuzz");
  if (harts_present() > 1 && sbi_call(SBI_HART, SBI_HART_START, hart_id(1), (uint64_t)fuzz_next_1, 0).error != 0)
    fail("its second hart could not be started");
  fuzz_next_0();
}
