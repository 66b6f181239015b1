/* Fills every table that the hypervisor has, and goes on; calls it with every kind of wrong argument. */
#include <stdbool.h>

#include "../runtime/csr.h"
#include "../runtime/device-tree.h"
#include "../runtime/mix.h"
#include "../runtime/sbi.h"
#include "../runtime/units-page.h"
#include "attack.h"
#include "probe.h"

#define FUNCTIONS 8

static const uint64_t extensions[] = {
    0, 1, 2, 3, 4, 5, 6, 7, SBI_BASE, SBI_TIME, SBI_INTERRUPT, SBI_FENCE, SBI_HART, SBI_RESET, SBI_CONSOLE, SBI_TCBENCH, 9, ~0ul, 1ul << 63,
};
static const uint64_t edges[] = {
    0, 1, 2, 3, 7, 8, 31, 32, 63, 64, 0xfff, 0x1000, 0x02004000, 0x10000000, 0x80000000, 0x801ff000, 0x80200000, 0x80201001, 0xc0000000,
    0xffffffff, 0x100000000, 1ul << 52, 1ul << 53, 1ul << 62, ~0ul, ~0ul << 12, (1ul << 63) - 1,
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* What would end or stop this guest itself, or give up its turn; functions and suspend types have 32 bits. */
static bool is_surrender(uint64_t extension, uint32_t function, uint32_t argument) {
  if (extension == SBI_TCBENCH) return function == SBI_TCBENCH_YIELD;
  if (extension == SBI_RESET) return function == SBI_RESET_SYSTEM && argument < 3;
  return extension == SBI_HART && (function == SBI_HART_STOP || (function == SBI_HART_SUSPEND && argument == 0));
}

static uint64_t argument(uint64_t *seed) {
  uint64_t choice = generate_below(seed, COUNT(edges) + 2);
  return choice < COUNT(edges) ? edges[choice] : choice == COUNT(edges) ? generate(seed) : (uint64_t)&units_page + generate_below(seed, 8192);
}

_Noreturn void attack_flood_calls(void) {
  uint64_t seed = 1;
  probe_begin();
  csr_write(sie, 0);
  for (;;) {
    uint64_t extension = extensions[generate_below(&seed, COUNT(extensions))];
    uint64_t choice = generate_below(&seed, FUNCTIONS + 1);
    uint64_t function = choice < FUNCTIONS ? choice : argument(&seed);
    uint64_t first = argument(&seed);
    if (!is_surrender(extension, (uint32_t)function, (uint32_t)first)) sbi_call(extension, function, first, argument(&seed), argument(&seed));
    round_done();
  }
}

_Noreturn void attack_flood_console(void) {
  probe_begin();
  for (;;) {
    sbi_call(SBI_CONSOLE, SBI_CONSOLE_WRITE, sizeof units_page, (uint64_t)&units_page, 0);
    sbi_call(SBI_CONSOLE, SBI_CONSOLE_WRITE, ~0ul, (uint64_t)&units_page, 0);
    for (unsigned i = 0; i < 64; i++) sbi_call(SBI_LEGACY_PUTCHAR, 0, '!', 0, 0);
    round_done();
  }
}

_Noreturn void attack_flood_channels(void) {
  probe_begin();
  for (;;) {
    for (uint64_t id = 0; id < 64; id++) sbi_call(SBI_TCBENCH, SBI_TCBENCH_CHANNEL_NOTIFY, id, 0, 0);
    for (uint64_t i = 0; i < COUNT(edges); i++) sbi_call(SBI_TCBENCH, SBI_TCBENCH_CHANNEL_NOTIFY, edges[i], 0, 0);
    round_done();
  }
}

/* Timers that are due at once, soon, and never, with their interrupts taken. */
_Noreturn void attack_flood_timers(void) {
  probe_begin();
  csr_set(sstatus, SSTATUS_SIE);
  for (;;) {
    uint64_t now = time_now();
    for (uint64_t ahead = 0; ahead < 64; ahead++) {
      sbi_call(SBI_TIME, SBI_TIME_SET, now + ahead, 0, 0);
      csr_set(sie, INTERRUPT_TIMER);
    }
    for (uint64_t i = 0; i < COUNT(edges); i++) sbi_call(SBI_TIME, SBI_TIME_SET, edges[i], 0, 0);
    round_done();
  }
}
