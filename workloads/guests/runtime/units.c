#include "units.h"

#include "arguments.h"
#include "console.h"
#include "csr.h"
#include "power.h"
#include "sbi.h"
#include "units-page.h"

volatile struct units_page units_page __attribute__((aligned(4096)));

static const char *workload_name;
static uint64_t limit; /* 0: none */
static uint64_t warm_up; /* units before the time counts */
static uint64_t begun;

void units_begin(const char *workload) {
  workload_name = workload;
  limit = argument_number("units", 0);
  warm_up = argument_number("warm", 0);
  units_page.magic = UNITS_MAGIC;
  if (sbi_has(SBI_TCBENCH) && sbi_call(SBI_TCBENCH, SBI_TCBENCH_REGISTER_UNITS, (uint64_t)&units_page, 0, 0).error != 0)
    fail("the units page was not accepted");
  units_page.flags = UNITS_READY;
  begun = time_now();
}

static _Noreturn void finish(void) {
  uint64_t ticks = time_now() - begun;
  units_page.flags |= UNITS_FINISHED;
  print("tcbench: workload ");
  print(workload_name);
  print(" units ");
  print_decimal(units_page.units);
  print(" digest ");
  print_hexadecimal(units_page.digest_sum);
  print(" ticks ");
  print_decimal(ticks);
  if (warm_up != 0) {
    print(" timed ");
    print_decimal(limit - warm_up);
  }
  print("\n");
  if (units_page.failures != 0) fail("a self-check");
  power_off(POWER_OFF_DONE);
}

void unit_done(uint64_t digest) {
  /* The sum first: a reader between the two stores finds the sum one unit ahead, never behind. */
  units_page.digest_sum += digest;
  units_page.units++;
  if (units_page.units == limit) finish();
  if (units_page.units == warm_up) begun = time_now();
}

void units_done(uint64_t count) {
  units_page.units += count;
  if (limit != 0 && units_page.units >= limit) finish();
}

void unit_failed(void) { units_page.failures++; }
