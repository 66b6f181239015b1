/* The harts of one guest take turns with state that a spinlock protects, and compute for themselves in
   between. A unit is one turn; units are counted and checked by who holds the lock. */
#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/guest.h"
#include "../runtime/harts.h"
#include "../runtime/mix.h"
#include "../runtime/power.h"
#include "../runtime/think.h"
#include "../runtime/units.h"
#include "lock.h"

#define NOBODY 0
#define STEPS 16

static struct lock lock;
static uint32_t go;
static bool ticket;
static uint64_t instructions;

/* What the lock protects. Both values take the same steps, by whoever holds it. */
static volatile struct {
  uint64_t owner; /* number + 1 */
  uint64_t value;
  uint64_t copy;
} shared __attribute__((aligned(64)));

static uint64_t turn(uint64_t self) {
  uint64_t alone = shared.owner == NOBODY;
  shared.owner = self;
  for (unsigned step = 0; step < STEPS; step++) {
    shared.value = mix(shared.value + 1);
    shared.copy = mix(shared.copy + 1);
  }
  alone &= shared.owner == self && shared.value == shared.copy;
  shared.owner = NOBODY;
  return alone;
}

static void work(uint32_t number) {
  while (__atomic_load_n(&go, __ATOMIC_ACQUIRE) == 0) hart_relax();
  for (;;) {
    uint64_t begun = cycle_now();
    lock_acquire(&lock, ticket);
    uint64_t waited = cycle_now() - begun;
    uint64_t alone = turn(number + 1);
    if (!alone) unit_failed();
    histogram_record(waited);
    unit_done(mix(alone));
    lock_release(&lock, ticket);
    think(instructions);
  }
}

_Noreturn void guest_main(void) {
  ticket = argument_is("lock", "ticket");
  if (!ticket && !argument_is("lock", "test-and-set")) fail("lock=ticket or lock=test-and-set");
  instructions = argument_number("think", 0);
  harts_start(harts_present(), work);
  units_begin("smp-guest");
  __atomic_store_n(&go, 1, __ATOMIC_RELEASE);
  work(0);
  __builtin_unreachable();
}
