#include "space.h"

#include "../runtime/csr.h"
#include "../runtime/device-tree.h"
#include "../runtime/power.h"

#define ENTRIES 512
#define TABLES 64
#define MEGAPAGE_BYTES 0x200000ul
#define GIGAPAGE_BYTES 0x40000000ul
#define MODE_SV39 (8ul << 60)
#define ASID_SHIFT 44
#define ASID_MASK 0xfffful
#define LARGEST_NUMBER 15ul

uint64_t frames[FRAMES][PAGE_WORDS] __attribute__((aligned(PAGE_BYTES)));
static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(PAGE_BYTES)));
static uint32_t used_tables;
static uint64_t *memory_table; /* of the gigabyte that the guest's memory lies in; shared by all spaces */
static bool numbered;

static uint64_t *take_table(void) {
  if (used_tables == TABLES) fail("too many page tables");
  return tables[used_tables++];
}

static uint64_t pointer_to(const uint64_t *table) { return (uint64_t)table / PAGE_BYTES << 10 | ENTRY_VALID; }

static uint64_t *table_in(uint64_t *entry) {
  if (*entry == 0) *entry = pointer_to(take_table());
  return frame_of(*entry);
}

static void map_memory(void) {
  uint64_t end = platform.memory_base + platform.memory_bytes;
  if (platform.memory_base / GIGAPAGE_BYTES != (end - 1) / GIGAPAGE_BYTES) fail("the guest's memory lies in more than one gigabyte");
  memory_table = take_table();
  for (uint64_t at = platform.memory_base / MEGAPAGE_BYTES * MEGAPAGE_BYTES; at < end; at += MEGAPAGE_BYTES)
    memory_table[at / MEGAPAGE_BYTES % ENTRIES] = entry_of((uint64_t *)at, ENTRY_WRITE | ENTRY_EXECUTE | ENTRY_GLOBAL);
}

/* satp.ASID keeps only the bits that there are. */
void space_begin(void) {
  map_memory();
  struct space first = space_create(0);
  csr_write(satp, first.satp | ASID_MASK << ASID_SHIFT);
  numbered = (csr_read(satp) >> ASID_SHIFT & LARGEST_NUMBER) == LARGEST_NUMBER;
  csr_write(satp, first.satp);
  fence_all();
}

struct space space_create(uint64_t number) {
  uint64_t *root = take_table();
  root[platform.memory_base / GIGAPAGE_BYTES] = pointer_to(memory_table);
  uint64_t asid = numbered ? number : 0;
  return (struct space){root, MODE_SV39 | asid << ASID_SHIFT | (uint64_t)root / PAGE_BYTES};
}

uint64_t *space_entry(const struct space *space, uint64_t page) {
  uint64_t address = USER + page * PAGE_BYTES;
  uint64_t *middle = table_in(&space->root[address / GIGAPAGE_BYTES]);
  uint64_t *last = table_in(&middle[address / MEGAPAGE_BYTES % ENTRIES]);
  return &last[address / PAGE_BYTES % ENTRIES];
}

void space_switch(const struct space *space) {
  csr_write(satp, space->satp);
  if (!numbered) __asm__ volatile("sfence.vma zero, %0" : : "r"(0ul) : "memory");
}
