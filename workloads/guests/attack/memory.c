/* Reads and overwrites memory that is not this guest's. It knows from its boot arguments where things lie. It tries the physical
   address, the address that would mean it if its memory were mapped without a limit, and both through page tables of its own. */
#include <stdbool.h>

#include "../runtime/csr.h"
#include "attack.h"
#include "probe.h"
#include "space.h"

#define PAGE_BYTES 4096u

/* Takes what is secret in a page or less, if it can be read. */
static void search(uint64_t from, uint64_t bytes) {
  static uint8_t copy[PAGE_BYTES];
  for (uint64_t at = 0; at < bytes; at++)
    if (!probe_load(from + at, &copy[at])) return;
  take_secret(copy, bytes);
}

/* Overwrites it, if it can be written. */
static void overwrite(uint64_t from, uint64_t bytes) {
  for (uint64_t at = 0; at < bytes; at += 8)
    if (!probe_store(from + at, PATTERN)) return;
}

static void attempt(uint64_t from, uint64_t bytes, bool reads) {
  for (uint64_t done = 0; done < bytes; done += PAGE_BYTES) {
    uint64_t part = bytes - done < PAGE_BYTES ? bytes - done : PAGE_BYTES;
    if (reads) search(from + done, part);
    else overwrite(from + done, part);
  }
}

static void attempt_everywhere(bool reads) {
  struct target target;
  for (unsigned number = 0; (target = target_numbered(number)).bytes != 0; number++) {
    uint64_t alias = unlimited(target.base);
    attempt(target.base, target.bytes, reads);
    if (alias != target.base) attempt(alias, target.bytes, reads);
  }
}

static _Noreturn void attack(bool reads) {
  probe_begin();
  for (;;) {
    round_done();
    attempt_everywhere(reads);
    space_enter();
    attempt_everywhere(reads);
    space_leave();
  }
}

_Noreturn void attack_memory_read(void) { attack(true); }
_Noreturn void attack_memory_write(void) { attack(false); }
