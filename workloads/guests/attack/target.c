/* What is attacked, and what is taken. */
#include "../runtime/arguments.h"
#include "../runtime/device-tree.h"
#include "../runtime/text.h"
#include "attack.h"

#define MARKER "secret="
#define MARKER_BYTES (sizeof MARKER - 1)

void take_secret(const volatile uint8_t *from, uint64_t bytes) {
  uint64_t matched = 0;
  for (uint64_t at = 0; at < bytes; at++) {
    matched = from[at] == (uint8_t)MARKER[matched] ? matched + 1 : from[at] == (uint8_t)MARKER[0] ? 1 : 0;
    if (matched < MARKER_BYTES) continue;
    uint64_t taken = 0;
    for (uint64_t next = at + 1; taken < LOOT_BYTES && next < bytes && from[next] > ' '; next++) evidence()->loot[taken++] = from[next];
    evidence()->loot_bytes = taken;
    matched = 0;
  }
}

struct target target_numbered(unsigned number) {
  char base[] = "target0", bytes[] = "bytes0";
  base[sizeof base - 2] = bytes[sizeof bytes - 2] = (char)('0' + number);
  return number > 9 ? (struct target){0, 0} : (struct target){argument_number(base, 0), argument_number(bytes, 0)};
}

uint64_t unlimited(uint64_t physical) { return physical - argument_number("own", 0) + platform.memory_base; }
