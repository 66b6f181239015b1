/* Nests faults as deeply as can be: the trap handler faults, in each of the ways that a handler can. */
#include "../runtime/csr.h"
#include "attack.h"

#define NOWHERE 0x00000000deadbee0ul
#define PAGE_BYTES 4096u
#define SATP_SV39 (8ul << 60)
#define GIGAPAGE_OF(address) ((uint64_t)(address) >> 30 << 28 | 0xcf)

extern char fault_handler[];

static uint64_t root[512] __attribute__((aligned(PAGE_BYTES)));

static _Noreturn void fall(void) {
  round_done();
  *(volatile uint64_t *)NOWHERE = 1;
  for (;;) continue;
}

/* The handler's first instruction loads from nowhere. */
_Noreturn void attack_fault_handler(void) {
  csr_write(stvec, (uint64_t)fault_handler);
  fall();
}

/* The handler lies where there is no memory. */
_Noreturn void attack_fault_vector(void) {
  csr_write(stvec, NOWHERE);
  fall();
}

/* The handler lies where this guest's page tables map nothing: faults that never leave it. */
_Noreturn void attack_fault_paged(void) {
  uint64_t here = (uint64_t)fault_handler;
  root[here >> 30] = GIGAPAGE_OF(here);
  csr_write(stvec, 1ul << 37);
  round_done();
  csr_write(satp, SATP_SV39 | (uint64_t)root / PAGE_BYTES);
  __asm__ volatile("sfence.vma" : : : "memory");
  fall();
}
