/* Does a little of everything that guests do, again and again: sums up a table in memory, calls functions through pointers, makes
   calls that the engine answers at once, rings its own doorbell (a channel whose ends are both here), and every so often sleeps
   until a timer. What it computes is the same in every unit. */
#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/device-tree.h"
#include "../runtime/doorbell.h"
#include "../runtime/guest.h"
#include "../runtime/mix.h"
#include "../runtime/power.h"
#include "../runtime/timer.h"
#include "../runtime/units.h"

#define WORDS 256
#define SEED 0x57ead1u
/* Microseconds. */
#define NAP 10

static uint64_t table[WORDS];

static uint64_t sum_up(uint64_t digest, uint64_t word) { return mix_in(digest, word); }
static uint64_t turn_over(uint64_t digest, uint64_t word) { return mix_in(digest, ~word); }

static uint64_t (*const steps[])(uint64_t digest, uint64_t word) = {sum_up, turn_over};

static uint64_t read_table(void) {
  uint64_t digest = 0;
  for (uint64_t i = 0; i < WORDS; i++) digest = steps[i & 1](digest, table[i]);
  return digest;
}

static uint64_t call(void) {
  struct sbi_result answer = sbi_call(SBI_BASE, SBI_BASE_PROBE, SBI_TIME, 0, 0);
  return mix_in((uint64_t)answer.error, answer.value != 0);
}

static uint64_t ring(void) {
  int64_t error = doorbell_ring(platform.channel[0].id);
  csr_clear(sip, INTERRUPT_SOFTWARE);
  return mix_in((uint64_t)error, doorbells_rung() != 0);
}

static uint64_t nap(void) {
  uint64_t deadline = time_now() + NAP * platform.timebase / 1000000;
  struct wake wake = timer_sleep_until(deadline);
  return mix_in(wake.time < deadline, wake.interrupts);
}

_Noreturn void guest_main(void) {
  if (platform.channels == 0) fail("no channel in the device tree");
  uint64_t between_naps = argument_number("naps", 1);
  uint64_t generator = SEED;
  for (uint64_t i = 0; i < WORDS; i++) table[i] = generate(&generator);
  units_begin("steady");
  for (uint64_t unit = 0;; unit++) {
    uint64_t digest = mix_in(mix_in(read_table(), call()), ring());
    if (between_naps != 0 && unit % between_naps == 0 && nap() != mix_in(0, 1)) unit_failed();
    unit_done(digest);
  }
}
