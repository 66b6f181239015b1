/* What the harts of one guest do to each other, over and over: `test=` says what. Ends after `units=`. */
#include "arguments.h"
#include "csr.h"
#include "guest.h"
#include "harts.h"
#include "power.h"
#include "think.h"
#include "units.h"

#define ADDI_A0 0x00000513u /* addi a0, zero, 0: the immediate in bits 31 to 20 */
#define RET 0x00008067u
#define VALUES 2048
#define SFENCE 1
#define STOPPED 1

static uint32_t code[2] __attribute__((aligned(4096)));
static uint64_t written, finished, rounds;

static uint64_t run_code(void) { return ((uint64_t(*)(void))code)(); }

static void write_code(uint64_t value) {
  __atomic_store_n(&code[0], ADDI_A0 | (uint32_t)(value % VALUES) << 20, __ATOMIC_RELEASE);
}

static int64_t fence_all(uint64_t function) { return sbi_call(SBI_FENCE, function, 0, ~0ul, 0).error; }

/* Whoever runs the code after a remote fence has returned runs what was written before it. */
static void read_code(uint32_t number) {
  (void)number;
  for (;;) {
    uint64_t least = __atomic_load_n(&written, __ATOMIC_ACQUIRE);
    if ((run_code() - least) % VALUES >= VALUES / 2) unit_failed();
  }
}

static _Noreturn void rewrite_code(void) {
  for (uint64_t value = 1;; value++) {
    write_code(value);
    if (fence_all(SBI_FENCE_INSTRUCTIONS) != 0) unit_failed();
    __atomic_store_n(&written, value, __ATOMIC_RELEASE);
    think(20000);
    if (run_code() != value % VALUES) unit_failed();
    unit_done(1);
  }
}

/* Each has code of its own, which it rewrites and fences for itself only, and may be moved at any time. */
static void rewrite_own(uint32_t number) {
  static uint32_t own[8][16] __attribute__((aligned(64)));
  uint32_t *mine = own[number];
  mine[1] = RET;
  for (uint64_t value = 1; value <= rounds; value++) {
    mine[0] = ADDI_A0 | (uint32_t)(value % VALUES) << 20;
    __asm__ volatile("fence.i" : : : "memory");
    for (int repeat = 0; repeat < 100; repeat++)
      if (((uint64_t(*)(void))mine)() != value % VALUES) unit_failed();
    sbi_call(SBI_TCBENCH, SBI_TCBENCH_YIELD, 0, 0, 0);
  }
  __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
}

/* All fence all, at once. */
static void storm(uint32_t number) {
  for (uint64_t round = 0; round < rounds; round++)
    if (fence_all((round + number) % 2 == 0 ? SBI_FENCE_INSTRUCTIONS : SFENCE) != 0) unit_failed();
  __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
}

static void storm_and_stay(uint32_t number) {
  storm(number);
  for (;;) wait_for_interrupt();
}

static void rewrite_and_stay(uint32_t number) {
  rewrite_own(number);
  for (;;) wait_for_interrupt();
}

static _Noreturn void finish_with(void (*work)(uint32_t), uint32_t harts) {
  work(0);
  while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) != harts) hart_relax();
  unit_done(1);
  fail("a unit must be the last");
}

/* A hart that stops is started again, and begins anew each time. */
static void stop(uint32_t number) {
  (void)number;
  __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
  sbi_call(SBI_HART, SBI_HART_STOP, 0, 0, 0);
  unit_failed();
}

static _Noreturn void restart(void) {
  for (uint64_t round = 1;; round++) {
    while (sbi_call(SBI_HART, SBI_HART_STATUS, hart_id(1), 0, 0).value != STOPPED) hart_relax();
    if (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) != round) unit_failed();
    if (fence_all(SBI_FENCE_INSTRUCTIONS) != 0 || hart_interrupt(1) != 0) unit_failed();
    unit_done(1);
    harts_start(2, stop);
  }
}

_Noreturn void guest_main(void) {
  uint32_t harts = harts_present();
  rounds = argument_number("rounds", 1);
  code[0] = ADDI_A0;
  code[1] = RET;
  __asm__ volatile("fence.i" : : : "memory");
  units_begin("harts");
  if (argument_is("test", "stop")) {
    harts_start(2, stop);
    restart();
  }
  if (argument_is("test", "storm")) {
    harts_start(harts, storm_and_stay);
    finish_with(storm, harts);
  }
  if (argument_is("test", "own")) {
    harts_start(harts, rewrite_and_stay);
    finish_with(rewrite_own, harts);
  }
  harts_start(harts, read_code);
  rewrite_code();
}
