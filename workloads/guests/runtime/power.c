#include "power.h"

#include "console.h"
#include "csr.h"
#include "sbi.h"

#define SHUTDOWN 0

_Noreturn void power_off(unsigned reason) {
  csr_clear(sstatus, SSTATUS_SIE);
  sbi_call(SBI_RESET, SBI_RESET_SYSTEM, SHUTDOWN, reason, 0);
  for (;;) wait_for_interrupt(); /* SRST is missing: nothing else can be done */
}

_Noreturn void fail(const char *reason) {
  print("tcbench: failed: ");
  print(reason);
  print("\n");
  power_off(POWER_OFF_FAILURE);
}
