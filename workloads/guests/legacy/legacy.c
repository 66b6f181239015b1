/* A uniprocessor guest with bursty load. It works in bursts and sleeps between them; from time to
   time it becomes busier or idler than before. All lengths follow from `seed`. A unit is one quantum
   of work. */
#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/device-tree.h"
#include "../runtime/guest.h"
#include "../runtime/mix.h"
#include "../runtime/timer.h"
#include "../runtime/units.h"

#define QUANTUM_STEPS 2048
#define LONGEST_BURST_LOG 7    /* bursts of 1, 2, 4, ... 128 quanta */
#define BURSTS_PER_LEVEL 16
#define LEVELS 3               /* sleeps are a quarter, once or four times as long */
#define SHORTEST_SLEEP 5       /* microseconds, at the busiest level */

/* One quantum: a chain of dependent steps. */
static uint64_t work(void) {
  uint64_t digest = 11;
  for (unsigned i = 0; i < QUANTUM_STEPS; i++) digest = mix_in(digest, i);
  return digest;
}

_Noreturn void guest_main(void) {
  uint64_t seed = argument_number("seed", 0);
  uint64_t shortest = SHORTEST_SLEEP * platform.timebase / 1000000;
  units_begin("legacy");
  for (;;) {
    uint64_t level = generate_below(&seed, LEVELS);
    for (unsigned burst = 0; burst < BURSTS_PER_LEVEL; burst++) {
      uint64_t quanta = 1ul << generate_below(&seed, LONGEST_BURST_LOG + 1);
      while (quanta-- != 0) unit_done(work());
      uint64_t sleep = shortest << (2 * level + generate_below(&seed, LONGEST_BURST_LOG + 1));
      uint64_t deadline = time_now() + sleep;
      if (timer_sleep_until(deadline).time < deadline) unit_failed();
    }
  }
}
