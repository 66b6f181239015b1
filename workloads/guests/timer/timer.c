/* Takes timer interrupts: one a unit. The histogram holds how late the handler ran, in cycles. */
#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/device-tree.h"
#include "../runtime/guest.h"
#include "../runtime/mix.h"
#include "../runtime/timer.h"
#include "../runtime/units.h"

#define CALIBRATION_TICKS 10000
#define EDGE_ATTEMPTS 16

/* `time` counts in steps of many cycles; the two are read together where a step begins. */
struct edge {
  uint64_t time;
  uint64_t cycle;
};

/* Waits for the next step of `time`. Tries again when the two reads were not close together
   (the guest was off its hart between them). */
static struct edge next_edge(void) {
  struct edge edge;
  for (unsigned attempt = 0; attempt < EDGE_ATTEMPTS; attempt++) {
    uint64_t before = time_now();
    do {
      edge.time = time_now();
      edge.cycle = cycle_now();
    } while (edge.time == before);
    if (edge.time - before == 1 && time_now() - edge.time <= 1) break;
  }
  return edge;
}

_Noreturn void guest_main(void) {
  uint64_t ahead = argument_number("ahead", 20) * platform.timebase / 1000000;
  struct edge first = next_edge();
  while (time_now() - first.time < CALIBRATION_TICKS) continue;
  struct edge second = next_edge();
  uint64_t cycles = second.cycle - first.cycle;
  uint64_t ticks = second.time - first.time;

  units_begin("timer");
  for (;;) {
    struct edge edge = next_edge();
    uint64_t deadline = edge.time + ahead;
    struct wake wake = timer_sleep_until(deadline);
    uint64_t due = edge.cycle + ahead * cycles / ticks;
    histogram_record(wake.cycle > due ? wake.cycle - due : 0);
    uint64_t early = wake.time < deadline;
    if (early || wake.interrupts != 1) unit_failed();
    unit_done(mix_in(early, wake.interrupts));
  }
}
