#include "harts.h"

#include "device-tree.h"
#include "power.h"

#define STACK_BYTES 4096

/* What a hart finds in a1; hart-entry.S knows the layout. */
struct start {
  uint8_t *stack_end;
  uint64_t number;
  void (*run)(uint32_t number);
  uint64_t entered;
  uint64_t satp; /* of the boot hart: addresses mean themselves with paging, too */
};

extern char hart_entry[];

static uint8_t stacks[MAXIMUM_HARTS][STACK_BYTES] __attribute__((aligned(16)));
static struct start starts[MAXIMUM_HARTS];

uint32_t harts_present(void) { return platform.harts; }

uint64_t hart_id(uint32_t number) {
  if (number == 0) return platform.boot_hart;
  for (uint32_t i = 0; i < platform.harts; i++)
    if (platform.hart[i] != platform.boot_hart && --number == 0) return platform.hart[i];
  fail("there is no such hart");
}

void harts_start(uint32_t count, void (*run)(uint32_t number)) {
  if (count > harts_present()) fail("the guest has fewer harts than it is to run on");
  for (uint32_t number = 1; number < count; number++) {
    starts[number] = (struct start){.stack_end = stacks[number] + STACK_BYTES, .number = number, .run = run, .satp = csr_read(satp)};
    __asm__ volatile("fence rw, rw" : : : "memory");
    if (sbi_call(SBI_HART, SBI_HART_START, hart_id(number), (uint64_t)hart_entry, (uint64_t)&starts[number]).error != 0)
      fail("a hart could not be started");
  }
  for (uint32_t number = 1; number < count; number++)
    while (__atomic_load_n(&starts[number].entered, __ATOMIC_ACQUIRE) == 0) hart_relax();
}
