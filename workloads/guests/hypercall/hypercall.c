/* Calls the engine: 100 calls a unit. */
#include <stdbool.h>

#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/guest.h"
#include "../runtime/mix.h"
#include "../runtime/power.h"
#include "../runtime/sbi.h"
#include "../runtime/units.h"

#define CALLS 100
#define OLDEST_SPECIFICATION 2 /* SBI 0.2: the first with these calls */

_Noreturn void guest_main(void) {
  bool yields = argument_is("call", "yield");
  if (!yields && !argument_is("call", "base")) fail("call is neither base nor yield");
  bool timed = argument_number("latency", 0) != 0;
  uint64_t extension = yields ? SBI_TCBENCH : SBI_BASE;
  uint64_t function = yields ? SBI_TCBENCH_YIELD : SBI_BASE_SPECIFICATION;

  /* The version is the engine's own: what is checked is that every call answers like the first. */
  struct sbi_result first = sbi_call(extension, function, 0, 0, 0);
  if (first.error != 0 || (!yields && first.value < OLDEST_SPECIFICATION)) fail("the call is not answered");

  units_begin(yields ? "hypercall-yield" : "hypercall-base");
  for (;;) {
    uint64_t digest = 0;
    for (unsigned i = 0; i < CALLS; i++) {
      uint64_t begun = timed ? cycle_now() : 0;
      struct sbi_result answer = sbi_call(extension, function, 0, 0, 0);
      if (timed) histogram_record(cycle_now() - begun);
      if (answer.error != 0 || answer.value != first.value) unit_failed();
      digest = mix_in(digest, (uint64_t)answer.error + (answer.value - first.value));
    }
    unit_done(digest);
  }
}
