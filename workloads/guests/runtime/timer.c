#include "timer.h"

#include "csr.h"
#include "sbi.h"

static volatile struct wake wake;

void timer_interrupt(void) {
  wake.cycle = cycle_now();
  wake.time = time_now();
  wake.interrupts++;
  csr_clear(sie, INTERRUPT_TIMER); /* stays pending until the timer is set again */
}

struct wake timer_sleep_until(uint64_t deadline) {
  wake.interrupts = 0;
  sbi_call(SBI_TIME, SBI_TIME_SET, deadline, 0, 0);
  csr_set(sie, INTERRUPT_TIMER);
  /* Interrupts are off from the check to WFI, which wakes all the same: none can slip in between. */
  while (wake.interrupts == 0) {
    wait_for_interrupt();
    csr_set(sstatus, SSTATUS_SIE);
    csr_clear(sstatus, SSTATUS_SIE);
  }
  return wake;
}
