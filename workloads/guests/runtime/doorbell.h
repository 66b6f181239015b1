/* Doorbells of channels. A ring arrives as a pending supervisor software interrupt, which guests wait
   for with interrupts off. */
#pragma once

#include "csr.h"
#include "sbi.h"

/* Rings at the other end of the channel; answers the SBI error. What was written to the window before
   is visible to the peer when it hears the ring. */
static inline int64_t doorbell_ring(uint64_t id) {
  __asm__ volatile("fence rw, rw" : : : "memory");
  return sbi_call(SBI_TCBENCH, SBI_TCBENCH_CHANNEL_NOTIFY, id, 0, 0).error;
}

/* Which of this guest's channels were rung since the last call: bit = id. */
static inline uint64_t doorbells_rung(void) {
  struct sbi_result pending = sbi_call(SBI_TCBENCH, SBI_TCBENCH_CHANNEL_PENDING, 0, 0, 0);
  __asm__ volatile("fence rw, rw" : : : "memory");
  return pending.error == 0 ? pending.value : 0;
}

/* Sleeps until the software interrupt is pending, and acknowledges it: first the interrupt, then the
   doorbells, so that a ring in between leaves the interrupt pending. Answers as doorbells_rung. */
static inline uint64_t doorbell_sleep(void) {
  while ((csr_read(sip) & INTERRUPT_SOFTWARE) == 0) wait_for_interrupt();
  csr_clear(sip, INTERRUPT_SOFTWARE);
  return doorbells_rung();
}
