/* Dispatch of traps. Only the timer interrupt is ever expected, and page faults by a guest that says
   so: other interrupts are waited for with interrupts off. */
#include "trap.h"

#include "console.h"
#include "csr.h"
#include "power.h"
#include "timer.h"

#define CAUSE_TIMER_INTERRUPT ((1ul << 63) | 5)
/* Of instructions, loads and stores: bit = cause. */
#define PAGE_FAULTS (1ul << 12 | 1ul << 13 | 1ul << 15)

void (*trap_page_fault)(uint64_t cause, uint64_t address);

/* Called by trap-entry.S. */
void trap(uint64_t cause);

void trap(uint64_t cause) {
  if (cause == CAUSE_TIMER_INTERRUPT) {
    timer_interrupt();
    return;
  }
  if (trap_page_fault != 0 && cause < 16 && (PAGE_FAULTS >> cause & 1) != 0) {
    trap_page_fault(cause, csr_read(stval));
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
