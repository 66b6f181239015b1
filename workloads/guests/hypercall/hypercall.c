/* Calls the engine, or makes it emulate a device: 100 times a unit. */
#include <stdbool.h>

#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/guest.h"
#include "../runtime/mix.h"
#include "../runtime/power.h"
#include "../runtime/sbi.h"
#include "../runtime/units.h"

#define CALLS 100
/* The first virtio-mmio slot (VIRTIO 1.2, 4.2.2), and a register of it that can be written at any time. */
#define DEVICE 0x10001000ul
#define MAGIC_VALUE 0x000
#define MAGIC 0x74726976u
#define INTERRUPT_ACK 0x064

#define OLDEST_SPECIFICATION 2 /* SBI 0.2: the first with these calls */

static volatile uint32_t *device_register(uint64_t offset) {
  return (volatile uint32_t *)(DEVICE + offset);
}

/* Acknowledges no interrupt, again and again. */
static _Noreturn void store_to_device(bool timed) {
  if (*device_register(MAGIC_VALUE) != MAGIC) fail("there is no virtio device");
  units_begin("hypercall-mmio");
  for (;;) {
    for (unsigned i = 0; i < CALLS; i++) {
      uint64_t begun = timed ? cycle_now() : 0;
      *device_register(INTERRUPT_ACK) = 0;
      if (timed) histogram_record(cycle_now() - begun);
    }
    unit_done(*device_register(MAGIC_VALUE));
  }
}

_Noreturn void guest_main(void) {
  if (argument_is("call", "mmio")) store_to_device(argument_number("latency", 0) != 0);
  bool yields = argument_is("call", "yield");
  if (!yields && !argument_is("call", "base")) fail("call is none of base, yield and mmio");
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
