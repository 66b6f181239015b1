#include "space.h"

#include "../runtime/csr.h"

#define SATP_SV39 (8ul << 60)
#define LOWER_HALF 256
#define GIGAPAGE(i) ((uint64_t)(i) << 28 | PAGE_ALL) /* PPN[2] at bit 28 */

uint64_t space_root[ENTRIES] __attribute__((aligned(4096)));

static void change(uint64_t atp) {
  csr_write(satp, atp);
  __asm__ volatile("sfence.vma" : : : "memory");
}

void space_enter(void) {
  for (uint64_t i = 0; i < LOWER_HALF; i++)
    if (space_root[i] == 0) space_root[i] = GIGAPAGE(i);
  change(SATP_SV39 | (uint64_t)space_root >> 12);
}

void space_leave(void) { change(0); }
