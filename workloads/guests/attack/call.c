/* Gives the hypervisor addresses that are not this guest's: in calls, and in page tables that it has to walk. */
#include <stdbool.h>

#include "../runtime/csr.h"
#include "../runtime/device-tree.h"
#include "../runtime/sbi.h"
#include "../runtime/units-page.h"
#include "attack.h"
#include "probe.h"
#include "space.h"

#define SBI_LEGACY_INTERRUPT 0x04
#define SBI_LEGACY_FENCE 0x06
#define SBI_CONSOLE_READ 1
#define CONSOLE_BYTES 256u
#define PAGE_BYTES 4096u
#define PLIC 0x0c000000ul

/* The last gigapage of the lower half, whose addresses mean what is put into these tables. */
#define NOWHERE 0x3fc0000000ul
#define ROOT_INDEX(address) ((address) >> 30 & 511)
static uint64_t middle[ENTRIES] __attribute__((aligned(PAGE_BYTES)));
static uint64_t lowest[ENTRIES] __attribute__((aligned(PAGE_BYTES)));

static void flush(void) { __asm__ volatile("sfence.vma" : : : "memory"); }

/* Maps NOWHERE to a page, by a chain of tables. */
static void map_nowhere(uint64_t page) {
  space_root[ROOT_INDEX(NOWHERE)] = PAGE_ENTRY(middle) | PAGE_VALID;
  middle[0] = PAGE_ENTRY(lowest) | PAGE_VALID;
  lowest[0] = PAGE_ENTRY(page) | PAGE_ALL;
  flush();
}

static bool is_own(uint64_t address, uint64_t bytes) {
  return address - platform.memory_base < platform.memory_bytes && address + bytes - 1 - platform.memory_base < platform.memory_bytes;
}

/* Calls with memory that is not this guest's, or not all of it. */
static void name_memory(uint64_t address) {
  uint64_t page = address & -(uint64_t)PAGE_BYTES;
  sbi_call(SBI_CONSOLE, SBI_CONSOLE_WRITE, CONSOLE_BYTES, address, 0);
  bool reads = sbi_call(SBI_CONSOLE, SBI_CONSOLE_READ, CONSOLE_BYTES, address, 0).error == 0;
  bool counts = sbi_call(SBI_TCBENCH, SBI_TCBENCH_REGISTER_UNITS, page, 0, 0).error == 0;
  evidence()->accepted += (reads && !is_own(address, CONSOLE_BYTES)) + (counts && !is_own(page, PAGE_BYTES));
}

/* Masks of harts are at virtual addresses, here of memory of others: a call whose mask cannot be read traps. */
static void name_mask(uint64_t address) {
  uint64_t before = probe_traps;
  sbi_call(SBI_LEGACY_INTERRUPT, 0, address, 0, 0);
  sbi_call(SBI_LEGACY_FENCE, 0, address, 0, 0);
  evidence()->accepted += probe_traps == before;
}

/* The page itself, its table and its table's table lie in the target. */
static void name_through_tables(uint64_t address) {
  uint64_t page = address & -(uint64_t)PAGE_BYTES;
  map_nowhere(page);
  name_mask(NOWHERE);
  middle[0] = PAGE_ENTRY(page) | PAGE_VALID;
  flush();
  name_mask(NOWHERE);
  space_root[ROOT_INDEX(NOWHERE)] = PAGE_ENTRY(page) | PAGE_VALID;
  flush();
  name_mask(NOWHERE);
}

_Noreturn void attack_call_addresses(void) {
  probe_begin();
  for (;;) {
    struct target target;
    for (unsigned number = 0; (target = target_numbered(number)).bytes != 0; number++) {
      const uint64_t addresses[] = {target.base, unlimited(target.base), platform.memory_base + platform.memory_bytes - 8, -(uint64_t)8};
      round_done();
      for (unsigned i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        name_memory(addresses[i]);
        if (is_own(addresses[i], 8)) continue;
        space_enter();
        name_through_tables(addresses[i]);
        space_leave();
      }
    }
  }
}

/* An access to a device that the hypervisor emulates has it read the instruction, through this guest's page tables. They are
   changed behind the processor's back, which has the page in its TLB: what the processor would refuse, the hypervisor must. */
static void change_under_walk(const struct probe *access, uint64_t entry) {
  map_nowhere((uint64_t)access);
  const struct probe *moved = (const struct probe *)NOWHERE;
  probe_execute(moved, PLIC);
  lowest[0] = entry;
  probe_execute(moved, PLIC);
  map_nowhere((uint64_t)access);
  probe_execute(moved, PLIC);
  middle[0] = entry & ~(uint64_t)(PAGE_ALL ^ PAGE_VALID);
  probe_execute(moved, PLIC);
  map_nowhere((uint64_t)access);
  probe_execute(moved, PLIC);
  space_root[ROOT_INDEX(NOWHERE)] = entry & ~(uint64_t)(PAGE_ALL ^ PAGE_VALID);
  probe_execute(moved, PLIC);
}

_Noreturn void attack_walk_tables(void) {
  static struct probe access __attribute__((aligned(PAGE_BYTES)));
  access = probe_of(0x00052503); /* lw a0, 0(a0) */
  probe_begin();
  space_enter();
  for (;;) {
    struct target target;
    for (unsigned number = 0; (target = target_numbered(number)).bytes != 0; number++) {
      const uint64_t pages[] = {target.base, unlimited(target.base), (uint64_t)middle, ~0ul >> 10 << 12};
      round_done();
      for (unsigned i = 0; i < sizeof pages / sizeof pages[0]; i++) change_under_walk(&access, PAGE_ENTRY(pages[i]) | PAGE_ALL);
    }
  }
}
