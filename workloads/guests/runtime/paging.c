#include "paging.h"

#include <stdint.h>

#include "csr.h"
#include "device-tree.h"
#include "power.h"

#define PAGE_BYTES 0x1000ul
#define SUPERPAGE_BYTES 0x200000ul
#define ENTRIES 512
#define TABLES 32

/* Privileged Architecture, "Sv39": the entry's bits, and where the page number begins in it. */
#define VALID 0x01ul
#define READ_WRITE 0x06ul
#define EXECUTE 0x08ul
#define ACCESSED_DIRTY 0xc0ul
#define PAGE_NUMBER_SHIFT 10
#define MODE_SV39 (8ul << 60)

/* QEMU's `virt` board: the interrupt controller, and the page of the UART with those of the virtio slots behind it. */
#define PLIC_BASE 0x0c000000ul
#define PLIC_BYTES 0x600000ul
#define DEVICES_BASE 0x10000000ul
#define DEVICES_BYTES 0x200000ul

static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(PAGE_BYTES)));
static uint32_t used = 1; /* tables[0] is the root */

static uint64_t entry_of(uint64_t address, uint64_t bits) { return address / PAGE_BYTES << PAGE_NUMBER_SHIFT | bits; }

static uint64_t *next_table(uint64_t *entry) {
  if (*entry == 0) {
    if (used == TABLES) fail("more memory than there are page tables for");
    *entry = entry_of((uint64_t)tables[used++], VALID);
  }
  return (uint64_t *)((*entry >> PAGE_NUMBER_SHIFT) * PAGE_BYTES);
}

static void map(uint64_t base, uint64_t bytes, uint64_t step, uint64_t rights) {
  for (uint64_t address = base; address < base + bytes; address += step) {
    uint64_t *table = next_table(&tables[0][address >> 30 & (ENTRIES - 1)]);
    uint64_t *entry = &table[address >> 21 & (ENTRIES - 1)];
    if (step == PAGE_BYTES) entry = &next_table(entry)[address >> 12 & (ENTRIES - 1)];
    *entry = entry_of(address, VALID | rights | ACCESSED_DIRTY);
  }
}

void paging_enable(void) {
  map(platform.memory_base, platform.memory_bytes, PAGE_BYTES, READ_WRITE | EXECUTE);
  for (uint32_t channel = 0; channel < platform.channels; channel++)
    map((uint64_t)platform.channel[channel].window, platform.channel[channel].window_bytes, PAGE_BYTES, READ_WRITE);
  map(PLIC_BASE, PLIC_BYTES, SUPERPAGE_BYTES, READ_WRITE);
  map(DEVICES_BASE, DEVICES_BYTES, SUPERPAGE_BYTES, READ_WRITE);
  csr_write(satp, MODE_SV39 | (uint64_t)tables / PAGE_BYTES);
  __asm__ volatile("sfence.vma" : : : "memory");
}
