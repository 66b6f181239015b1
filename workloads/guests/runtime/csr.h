/* Control and status registers of S-mode, and the instructions that go with them. */
#pragma once

#include <stdint.h>

#define SSTATUS_SIE (1ul << 1)
#define INTERRUPT_SOFTWARE (1ul << 1) /* SSIE, SSIP */
#define INTERRUPT_TIMER (1ul << 5)    /* STIE, STIP */
#define INTERRUPT_EXTERNAL (1ul << 9) /* SEIE, SEIP */

#define csr_read(name) ({ uint64_t value_; __asm__ volatile("csrr %0, " #name : "=r"(value_) : : "memory"); value_; })
#define csr_set(name, bits) __asm__ volatile("csrs " #name ", %0" : : "rK"(bits) : "memory")
#define csr_write(name, value) __asm__ volatile("csrw " #name ", %0" : : "rK"(value) : "memory")
#define csr_clear(name, bits) __asm__ volatile("csrc " #name ", %0" : : "rK"(bits) : "memory")

static inline uint64_t cycle_now(void) { return csr_read(cycle); }
static inline uint64_t time_now(void) { return csr_read(time); }

/* Returns when an interrupt enabled in sie is pending, whatever sstatus.SIE is; may return sooner. */
static inline void wait_for_interrupt(void) { __asm__ volatile("wfi" : : : "memory"); }
