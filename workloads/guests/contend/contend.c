/* Uses one hypervisor service after another, with computation between: rings its own doorbell (a
   channel whose ends are both here), and asks which doorbells were rung. */
#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/device-tree.h"
#include "../runtime/doorbell.h"
#include "../runtime/guest.h"
#include "../runtime/mix.h"
#include "../runtime/power.h"
#include "../runtime/think.h"
#include "../runtime/units.h"

/* From half to one and a half of `mean`, all equally likely: guests that are alike do not fall into step,
   in which no one would ever find the service in use. */
static uint64_t varied(uint64_t *seed, uint64_t mean) { return mean / 2 + generate_below(seed, mean + 1); }

_Noreturn void guest_main(void) {
  if (platform.channels == 0) fail("no channel in the device tree");
  uint64_t instructions = argument_number("think", 0);
  uint64_t between = argument_number("between", 0);
  uint64_t seed = argument_number("seed", 0);
  units_begin("contend");
  for (;;) {
    uint64_t begun = cycle_now();
    int64_t error = doorbell_ring(platform.channel[0].id);
    csr_clear(sip, INTERRUPT_SOFTWARE);
    think(between);
    uint64_t rung = doorbells_rung() != 0;
    histogram_record(cycle_now() - begun);
    if (error != 0 || !rung) unit_failed();
    unit_done(mix_in((uint64_t)error, rung));
    if (instructions != 0) think(varied(&seed, instructions));
  }
}
