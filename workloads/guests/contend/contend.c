/* Uses one hypervisor service after another, with computation between: rings its own doorbell (a
   channel whose ends are both here), and asks which doorbells were rung. */
#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/device-tree.h"
#include "../runtime/doorbell.h"
#include "../runtime/guest.h"
#include "../runtime/mix.h"
#include "../runtime/power.h"
#include "../runtime/units.h"

#define THINK_STEP 4 /* instructions of one turn of the loop below */

static void think(uint64_t instructions) {
  uint64_t turns = instructions / THINK_STEP;
  uint64_t value = 1, shifted;
  if (turns == 0) return;
  __asm__ volatile(
      "1: slli %1, %0, 1\n"
      "   xor %0, %0, %1\n"
      "   addi %2, %2, -1\n"
      "   bnez %2, 1b\n"
      : "+r"(value), "=&r"(shifted), "+r"(turns));
}

_Noreturn void guest_main(void) {
  if (platform.channels == 0) fail("no channel in the device tree");
  uint64_t instructions = argument_number("think", 0);
  units_begin("contend");
  for (;;) {
    uint64_t begun = cycle_now();
    int64_t error = doorbell_ring(platform.channel[0].id);
    csr_clear(sip, INTERRUPT_SOFTWARE);
    uint64_t rung = doorbells_rung() != 0;
    histogram_record(cycle_now() - begun);
    if (error != 0 || !rung) unit_failed();
    unit_done(mix_in((uint64_t)error, rung));
    think(instructions);
  }
}
