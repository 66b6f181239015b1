/* Computes, and never traps. */
#include "../runtime/arguments.h"
#include "../runtime/guest.h"
#include "../runtime/power.h"
#include "../runtime/text.h"
#include "../runtime/units.h"
#include "kernel.h"

struct kernel {
  const char *workload; /* "compute-" and the value of the boot argument `kernel` */
  uint64_t (*unit)(void);
};

static const struct kernel kernels[] = {
    {"compute-hash", hash_unit},   {"compute-sort", sort_unit},   {"compute-search", search_unit},
    {"compute-matrix", matrix_unit}, {"compute-chase", chase_unit}, {"compute-state", state_unit},
    {"compute-list", list_unit},   {"compute-queens", queens_unit},
};

_Noreturn void guest_main(void) {
  for (uint64_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
    const struct kernel *kernel = &kernels[i];
    if (!argument_is("kernel", kernel->workload + text_length("compute-"))) continue;
    units_begin(kernel->workload);
    for (;;) unit_done(kernel->unit());
  }
  fail("no such kernel");
}
