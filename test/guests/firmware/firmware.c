/* Test firmware for QEMU's virt board: one guest to a hart, in S-mode, and the SBI with the vendor
   extension, which QEMU's own firmware does not have. A channel leads from each hart to the next one, or
   back to the same one when it is alone. When the last guest has powered off, prints what the units pages say. */
#include "csr.h"
#include "sbi.h"
#include "units-page.h"

#define HARTS 3
#define SLOT_BASE 0x80400000ul /* the image, and the device tree TREE_OFFSET behind */
#define SLOT_BYTES 0x800000ul
#define TREE_OFFSET 0x7f0000ul
#define TREE_MAGIC 0xedfe0dd0u /* as a little-endian word */

#define UART ((volatile uint8_t *)0x10000000)
#define LINE_STATUS 5
#define TRANSMITTER_READY 0x20
#define TRANSMITTER_EMPTY 0x40
#define POWER ((volatile uint32_t *)0x100000)
#define POWER_PASS 0x5555
#define MSIP ((volatile uint32_t *)0x2000000)
#define MTIMECMP ((volatile uint64_t *)0x2004000)

#define MSTATUS_MPP_S (1ul << 11)
#define MSTATUS_MPP (3ul << 11)
#define SUPERVISOR_INTERRUPTS 0x222
#define MACHINE_SOFTWARE (1ul << 3)
#define MACHINE_TIMER (1ul << 7)
#define EXCEPTIONS_OF_THE_GUEST 0xb1ff /* all but calls from S and M */
#define INTERRUPT (1ul << 63)
#define CAUSE_CALL 9


static volatile struct units_page *pages[HARTS];
static uint64_t pending[HARTS];
static uint32_t guests, finished;
static uint32_t console_lock;

static void put(const char *text, uint64_t length) {
  for (uint64_t i = 0; i < length; i++) {
    while ((UART[LINE_STATUS] & TRANSMITTER_READY) == 0) continue;
    *UART = (uint8_t)text[i];
  }
}
static void put_text(const char *text) {
  while (*text != 0) put(text++, 1);
}
static void put_decimal(uint64_t value) {
  char digit = (char)('0' + value % 10);
  if (value >= 10) put_decimal(value / 10);
  put(&digit, 1);
}
static void take_console(void) {
  while (__atomic_exchange_n(&console_lock, 1, __ATOMIC_ACQUIRE) != 0) continue;
}
static void give_console(void) { __atomic_store_n(&console_lock, 0, __ATOMIC_RELEASE); }

/* Channel i is between harts i and i + 1. A hart numbers its own from 0, that to the hart before it first. */
static void ring(uint64_t hart, uint64_t id) {
  uint64_t peer = hart;
  if (__atomic_load_n(&guests, __ATOMIC_ACQUIRE) != 1) {
    uint64_t channel = hart == 0 ? 0 : hart - 1 + id;
    peer = channel == hart ? hart + 1 : hart - 1;
    id = peer == 0 ? 0 : channel - (peer - 1);
  }
  __atomic_fetch_or(&pending[peer], 1ul << id, __ATOMIC_SEQ_CST);
  if (peer == hart) csr_set(mip, INTERRUPT_SOFTWARE);
  else MSIP[peer] = 1;
}

static void report(void) {
  for (int hart = 0; hart < HARTS; hart++) {
    if (pages[hart] == 0) continue;
    put_text("firmware: hart ");
    put_decimal(hart);
    put_text(" units ");
    put_decimal(pages[hart]->units);
    put_text(" failures ");
    put_decimal(pages[hart]->failures);
    put_text(" flags ");
    put_decimal(pages[hart]->flags);
    put_text(" count ");
    put_decimal(pages[hart]->histogram_count);
    put_text(" maximum ");
    put_decimal(pages[hart]->histogram_maximum);
    put_text(" buckets");
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
      if (pages[hart]->histogram[i] != 0) {
        put_text(" ");
        put_decimal(i);
        put_text(":");
        put_decimal(pages[hart]->histogram[i]);
      }
    put_text("\n");
  }
}

static void power_off(void) {
  while ((UART[LINE_STATUS] & TRANSMITTER_EMPTY) == 0) continue;
  *POWER = POWER_PASS;
}

static void stop(void) {
  if (__atomic_add_fetch(&finished, 1, __ATOMIC_ACQ_REL) == __atomic_load_n(&guests, __ATOMIC_ACQUIRE)) {
    report();
    power_off();
  }
  csr_write(mie, 0);
  for (;;) wait_for_interrupt();
}

static struct sbi_result call(uint64_t hart, uint64_t extension, uint64_t function, uint64_t first) {
  const struct sbi_result done = {0, 0}, unsupported = {-2, 0};
  switch (extension) {
    case SBI_BASE:
      if (function == SBI_BASE_SPECIFICATION) return (struct sbi_result){0, 2u << 24};
      if (function != SBI_BASE_PROBE) return unsupported;
      return (struct sbi_result){0, first == SBI_TIME || first == SBI_RESET || first == SBI_CONSOLE || first == SBI_TCBENCH};
    case SBI_TIME:
      MTIMECMP[hart] = first;
      csr_clear(mip, INTERRUPT_TIMER);
      csr_set(mie, MACHINE_TIMER);
      return done;
    case SBI_RESET:
      stop();
      return unsupported;
    case SBI_TCBENCH:
      if (function == SBI_TCBENCH_REGISTER_UNITS) {
        pages[hart] = (volatile struct units_page *)first;
      } else if (function == SBI_TCBENCH_CHANNEL_NOTIFY) {
        ring(hart, first);
      } else if (function == SBI_TCBENCH_CHANNEL_PENDING) {
        return (struct sbi_result){0, __atomic_exchange_n(&pending[hart], 0, __ATOMIC_SEQ_CST)};
      } else if (function != SBI_TCBENCH_YIELD) {
        return unsupported;
      }
      return done;
    default:
      return unsupported;
  }
}

/* The guest's x1 to x31 by number; what is returned goes to a0 and a1. */
void firmware_trap(uint64_t *x) {
  uint64_t cause = csr_read(mcause);
  uint64_t hart = csr_read(mhartid);
  if (cause == (INTERRUPT | 3)) {
    MSIP[hart] = 0;
    csr_set(mip, INTERRUPT_SOFTWARE);
  } else if (cause == (INTERRUPT | 7)) {
    csr_clear(mie, MACHINE_TIMER);
    csr_set(mip, INTERRUPT_TIMER);
  } else if (cause == CAUSE_CALL) {
    csr_write(mepc, csr_read(mepc) + 4);
    if (x[17] == SBI_CONSOLE && x[16] == SBI_CONSOLE_WRITE) {
      /* Half of what is asked for, so that guests are seen to go on with the rest. */
      uint64_t length = (x[10] + 1) / 2;
      static uint64_t owner = HARTS;
      if (__atomic_load_n(&owner, __ATOMIC_RELAXED) != hart) {
        take_console();
        owner = hart;
      }
      put((const char *)x[11], length);
      if (length == x[10]) {
        owner = HARTS;
        give_console();
      }
      x[10] = 0;
      x[11] = length;
      return;
    }
    struct sbi_result result = call(hart, x[17], x[16], x[10]);
    x[10] = (uint64_t)result.error;
    x[11] = result.value;
  } else {
    put_text("firmware: unexpected trap, cause ");
    put_decimal(cause);
    put_text(" pc ");
    put_decimal(csr_read(mepc));
    put_text("\n");
    power_off();
  }
}

_Noreturn void firmware_start(uint64_t hart) {
  uint64_t image = SLOT_BASE + hart * SLOT_BYTES;
  uint64_t tree = image + TREE_OFFSET;
  if (*(volatile uint32_t *)tree != TREE_MAGIC) {
    for (;;) wait_for_interrupt();
  }
  /* Every hart counts the guests for itself, from memory that was there before it started. */
  uint32_t present = 0;
  for (uint64_t i = 0; i < HARTS; i++) present += *(volatile uint32_t *)(SLOT_BASE + i * SLOT_BYTES + TREE_OFFSET) == TREE_MAGIC;
  __atomic_store_n(&guests, present, __ATOMIC_RELEASE);
  csr_write(pmpaddr0, ~0ul >> 10);
  csr_write(pmpcfg0, 0x1f); /* everything, NAPOT, for S-mode to use */
  csr_write(medeleg, EXCEPTIONS_OF_THE_GUEST);
  csr_write(mideleg, SUPERVISOR_INTERRUPTS);
  csr_write(mcounteren, 7ul);
  csr_write(scounteren, 7ul);
  csr_write(mie, MACHINE_SOFTWARE);
  csr_clear(mstatus, MSTATUS_MPP);
  csr_set(mstatus, MSTATUS_MPP_S);
  csr_write(mepc, image);
  register uint64_t a0 __asm__("a0") = 0;
  register uint64_t a1 __asm__("a1") = tree;
  __asm__ volatile("mret" : : "r"(a0), "r"(a1));
  __builtin_unreachable();
}
