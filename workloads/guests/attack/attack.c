/* The hostile guest: computes like anybody until `begin` (ticks), and then does what `attack` names. With `attack=none` it goes
   on computing, on all of its harts: the well-behaved neighbour that attacks are compared with. */
#include "attack.h"

#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/guest.h"
#include "../runtime/harts.h"
#include "../runtime/mix.h"
#include "../runtime/power.h"
#include "../runtime/units-page.h"
#include "../runtime/units.h"

#define STEPS 256
#define INSTRUCTIONS_OF_A_STEP 8

struct attack {
  const char *name;
  void (*run)(void);
};

static _Noreturn void behave(void) { attack_schedule_spin(); }

static const struct attack attacks[] = {
    {"none", behave},
    {"memory-read", attack_memory_read},
    {"memory-write", attack_memory_write},
    {"dma-disk", attack_dma_disk},
    {"dma-port", attack_dma_port},
    {"dma-switch", attack_dma_switch},
    {"channel-reach", attack_channel_reach},
    {"channel-change", attack_channel_change},
    {"call-addresses", attack_call_addresses},
    {"walk-tables", attack_walk_tables},
    {"privilege-csrs", attack_privilege_csrs},
    {"privilege-code", attack_privilege_instructions},
    {"privilege-timer", attack_privilege_timer},
    {"privilege-mask", attack_privilege_mask},
    {"privilege-halt", attack_privilege_halt},
    {"schedule-spin", attack_schedule_spin},
    {"schedule-evade", attack_schedule_evade},
    {"schedule-boost", attack_schedule_boost},
    {"schedule-yield", attack_schedule_yield},
    {"storm-ipi", attack_storm_ipi},
    {"storm-doorbell", attack_storm_doorbell},
    {"storm-services", attack_storm_services},
    {"flood-calls", attack_flood_calls},
    {"flood-console", attack_flood_console},
    {"flood-channels", attack_flood_channels},
    {"flood-timers", attack_flood_timers},
    {"fault-handler", attack_fault_handler},
    {"fault-vector", attack_fault_vector},
    {"fault-paged", attack_fault_paged},
};

_Static_assert(sizeof(struct evidence) <= sizeof units_page.reserved, "the evidence fits the units page");

volatile struct evidence *evidence(void) { return (volatile struct evidence *)units_page.reserved; }

void round_done(void) { unit_done(0); }

void compute(uint64_t instructions) {
  static volatile uint64_t result;
  uint64_t value = result;
  for (uint64_t step = 0; step < instructions / INSTRUCTIONS_OF_A_STEP; step++) value = mix(value);
  result = value;
}

static void compute_for_ever(uint32_t number) {
  (void)number;
  for (;;) compute(STEPS * INSTRUCTIONS_OF_A_STEP);
}

_Noreturn void guest_main(void) {
  uint64_t begin = argument_number("begin", 0);
  if (argument_is("attack", "none")) harts_start(harts_present(), compute_for_ever);
  units_begin("attack");
  while (time_now() < begin) compute(STEPS * INSTRUCTIONS_OF_A_STEP);
  for (uint64_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++)
    if (argument_is("attack", attacks[i].name)) attacks[i].run();
  fail("no such attack");
}
