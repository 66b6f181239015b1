/* Takes more of the CPU than is due. */
#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/mix.h"
#include "../runtime/sbi.h"
#include "../runtime/timer.h"
#include "attack.h"

#define DEFAULT_TICK 10000

_Noreturn void attack_schedule_spin(void) {
  csr_write(sie, 0);
  for (;;) {
    compute(10000);
    round_done();
  }
}

/* Runs for most of a tick and sleeps over the moment at which a scheduler that samples would charge it (Zhou et al., Scheduler
   vulnerabilities and attacks in cloud computing, arXiv:1103.0759): away from 2 % of a tick before it to 0.5 % after. */
_Noreturn void attack_schedule_evade(void) {
  uint64_t tick = argument_number("tick", DEFAULT_TICK);
  for (;;) {
    uint64_t start = time_now() / tick * tick;
    while (time_now() - start < tick * 98 / 100) compute(200);
    timer_sleep_until(start + tick + tick / 200);
    round_done();
  }
}

/* Blocks and wakes again and again, after turns of every length, so as to be preferred as one that has just woken. */
_Noreturn void attack_schedule_boost(void) {
  uint64_t tick = argument_number("tick", DEFAULT_TICK);
  uint64_t seed = 1;
  for (;;) {
    uint64_t until = time_now() + generate_below(&seed, tick / 2);
    while (time_now() < until) compute(200);
    timer_sleep_until(time_now() + 1 + generate_below(&seed, 20));
    round_done();
  }
}

/* Gives up its turns as soon as it has them, and comes back for what is left over. */
_Noreturn void attack_schedule_yield(void) {
  for (;;) {
    sbi_call(SBI_TCBENCH, SBI_TCBENCH_YIELD, 0, 0, 0);
    compute(100);
    round_done();
  }
}
