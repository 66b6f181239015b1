/* Keeps the hypervisor and other harts busy. */
#include "../runtime/console.h"
#include "../runtime/csr.h"
#include "../runtime/device-tree.h"
#include "../runtime/harts.h"
#include "../runtime/sbi.h"
#include "../runtime/units-page.h"
#include "attack.h"
#include "probe.h"

#define ALL_HARTS (~0ul) /* hart_mask_base that names them all: SBI 2.0, 3.1 */

static _Noreturn void interrupt_everybody(void) {
  for (;;) {
    sbi_call(SBI_INTERRUPT, SBI_INTERRUPT_SEND, 0, ALL_HARTS, 0);
    csr_clear(sip, INTERRUPT_SOFTWARE);
    round_done();
  }
}

static void interrupt_everybody_too(uint32_t number) {
  (void)number;
  interrupt_everybody();
}

_Noreturn void attack_storm_ipi(void) {
  harts_start(harts_present(), interrupt_everybody_too);
  interrupt_everybody();
}

/* Rings at every guest that it has a channel to. */
_Noreturn void attack_storm_doorbell(void) {
  for (;;) {
    for (uint32_t i = 0; i < platform.channels; i++)
      sbi_call(SBI_TCBENCH, SBI_TCBENCH_CHANNEL_NOTIFY, platform.channel[i].id, 0, 0);
    round_done();
  }
}

/* Calls whatever may take a lock of the hypervisor's. */
_Noreturn void attack_storm_services(void) {
  probe_begin();
  for (;;) {
    sbi_call(SBI_TCBENCH, SBI_TCBENCH_REGISTER_UNITS, (uint64_t)&units_page, 0, 0);
    for (uint32_t i = 0; i < platform.channels; i++)
      sbi_call(SBI_TCBENCH, SBI_TCBENCH_CHANNEL_NOTIFY, platform.channel[i].id, 0, 0);
    sbi_call(SBI_TCBENCH, SBI_TCBENCH_CHANNEL_PENDING, 0, 0, 0);
    sbi_call(SBI_HART, SBI_HART_STATUS, platform.boot_hart, 0, 0);
    sbi_call(SBI_FENCE, SBI_FENCE_INSTRUCTIONS, 0, ALL_HARTS, 0);
    sbi_call(SBI_INTERRUPT, SBI_INTERRUPT_SEND, 0, ALL_HARTS, 0);
    sbi_call(SBI_CONSOLE, SBI_CONSOLE_WRITE, 0, (uint64_t)&units_page, 0);
    sbi_call(SBI_LEGACY_PUTCHAR, 0, '.', 0, 0);
    round_done();
  }
}
