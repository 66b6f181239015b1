/* The other harts of a guest, and what they say to each other. Harts are numbered by position: 0 is the
   one that runs guest_main. */
#pragma once

#include <stdint.h>

#include "csr.h"
#include "sbi.h"

/* Starts `count` - 1 harts, 1 and up; each runs `run` on a stack of its own, with interrupts off. Returns
   when all have come that far: an interrupt sent to a hart that is being started may be lost. */
void harts_start(uint32_t count, void (*run)(uint32_t number));
/* How many harts there are, the boot hart included. */
uint32_t harts_present(void);
/* The hart id by which SBI knows a hart. */
uint64_t hart_id(uint32_t number);

/* Raises another hart's software interrupt; answers the SBI error. */
static inline int64_t hart_interrupt(uint32_t number) {
  __asm__ volatile("fence rw, rw" : : : "memory");
  return sbi_call(SBI_INTERRUPT, SBI_INTERRUPT_SEND, 1, hart_id(number), 0).error;
}

/* Sleeps until this hart's software interrupt, which sie must enable, is pending, and takes it back. */
static inline void hart_sleep(void) {
  while ((csr_read(sip) & INTERRUPT_SOFTWARE) == 0) wait_for_interrupt();
  csr_clear(sip, INTERRUPT_SOFTWARE);
  __asm__ volatile("fence rw, rw" : : : "memory");
}

/* A round of waiting for memory that another hart writes (Zihintpause). */
static inline void hart_relax(void) { __asm__ volatile(".4byte 0x0100000f" : : : "memory"); }
