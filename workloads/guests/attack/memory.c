/* Reads and overwrites memory that is not this guest's. It knows from its boot arguments where things lie: `target` and `bytes`,
   physical, and `own`, where its own memory is. It tries the physical address, the address that would mean it if its memory were
   mapped without a limit, and both through page tables of its own. */
#include <stdbool.h>

#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/device-tree.h"
#include "../runtime/text.h"
#include "attack.h"
#include "probe.h"

#define PAGE_BYTES 4096u
#define PATTERN 0x6b63617474612121ul /* "!!attack": what bench/isolation/pattern.ts looks for */

/* Sv39: gigapages (leaf entries of the root) that map every address to itself. */
#define SATP_SV39 (8ul << 60)
#define ENTRIES 512
#define LOWER_HALF 256
#define GIGAPAGE(i) ((uint64_t)(i) << 28 | 0xcf) /* PPN[2] at bit 28; D A X W R V */

static uint64_t root[ENTRIES] __attribute__((aligned(PAGE_BYTES)));

/* Takes what lies behind `marker` in a page; answers whether the page can be read. */
static bool search(uint64_t page, const char *marker) {
  uint64_t length = text_length(marker);
  uint64_t matched = 0;
  for (uint64_t address = page; address < page + PAGE_BYTES; address++) {
    uint8_t byte;
    if (!probe_load(address, &byte)) return false;
    matched = byte == (uint8_t)marker[matched] ? matched + 1 : byte == (uint8_t)marker[0] ? 1 : 0;
    if (matched < length) continue;
    uint64_t taken = 0;
    while (taken < LOOT_BYTES && probe_load(address + 1 + taken, &byte) && byte > ' ') evidence()->loot[taken++] = byte;
    evidence()->loot_bytes = taken;
    matched = 0;
  }
  return true;
}

/* Overwrites a page; answers whether it can be written. */
static bool overwrite(uint64_t page, uint64_t end) {
  for (uint64_t address = page; address < end && address < page + PAGE_BYTES; address += 8)
    if (!probe_store(address, PATTERN)) return false;
  return true;
}

static void attempt(uint64_t from, uint64_t bytes, bool reads) {
  for (uint64_t page = from; page < from + bytes; page += PAGE_BYTES) {
    if (reads) search(page, "secret=");
    else overwrite(page, from + bytes);
  }
}

static void attempt_everywhere(bool reads) {
  uint64_t target = argument_number("target", 0);
  uint64_t bytes = argument_number("bytes", 0);
  uint64_t alias = target - argument_number("own", 0) + platform.memory_base;
  attempt(target, bytes, reads);
  if (alias != target) attempt(alias, bytes, reads);
}

static _Noreturn void attack(bool reads) {
  for (uint64_t i = 0; i < LOWER_HALF; i++) root[i] = GIGAPAGE(i);
  probe_begin();
  for (;;) {
    round_done();
    attempt_everywhere(reads);
    csr_write(satp, SATP_SV39 | (uint64_t)root / PAGE_BYTES);
    __asm__ volatile("sfence.vma" : : : "memory");
    attempt_everywhere(reads);
    csr_write(satp, 0);
    __asm__ volatile("sfence.vma" : : : "memory");
  }
}

_Noreturn void attack_memory_read(void) { attack(true); }
_Noreturn void attack_memory_write(void) { attack(false); }
