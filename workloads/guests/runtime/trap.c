/* Dispatch of traps. Only the timer interrupt is ever expected: software interrupts are waited for
   with interrupts off, and nothing the guests do raises an exception. */
#include "console.h"
#include "csr.h"
#include "power.h"
#include "timer.h"

#define CAUSE_TIMER_INTERRUPT ((1ul << 63) | 5)

/* Called by trap-entry.S. */
void trap(uint64_t cause);

void trap(uint64_t cause) {
  if (cause == CAUSE_TIMER_INTERRUPT) {
    timer_interrupt();
    return;
  }
  print("tcbench: unexpected trap cause ");
  print_hexadecimal(cause);
  print(" epc ");
  print_hexadecimal(csr_read(sepc));
  print(" tval ");
  print_hexadecimal(csr_read(stval));
  print("\n");
  power_off(POWER_OFF_FAILURE);
}
