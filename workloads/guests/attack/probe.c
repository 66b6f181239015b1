#include "probe.h"

#include "../runtime/csr.h"

#define RETURN 0x00008067u /* jalr x0, 0(ra) */

extern char probe_entry[];

volatile uint64_t probe_traps;

void probe_begin(void) {
  probe_traps = 0;
  __asm__ volatile("fence.i" : : : "memory");
  csr_write(stvec, (uint64_t)probe_entry);
}

#define UNCOMPRESSED(instruction) ".option push\n.option norvc\n" instruction "\n.option pop"

bool probe_load(uint64_t address, uint8_t *value) {
  uint64_t before = probe_traps;
  uint64_t found = 0;
  __asm__ volatile(UNCOMPRESSED("lbu %0, 0(%1)") : "+&r"(found) : "r"(address) : "memory");
  *value = (uint8_t)found;
  return probe_traps == before;
}

bool probe_store(uint64_t address, uint64_t value) {
  uint64_t before = probe_traps;
  __asm__ volatile(UNCOMPRESSED("sd %0, 0(%1)") : : "r"(value), "r"(address) : "memory");
  return probe_traps == before;
}

bool probe_store_word(uint64_t address, uint32_t value) {
  uint64_t before = probe_traps;
  __asm__ volatile(UNCOMPRESSED("sw %0, 0(%1)") : : "r"(value), "r"(address) : "memory");
  return probe_traps == before;
}

struct probe probe_of(uint32_t instruction) { return (struct probe){instruction, RETURN}; }

bool probe_execute(const struct probe *probe, uint64_t a0) {
  uint64_t before = probe_traps;
  register uint64_t argument __asm__("a0") = a0;
  __asm__ volatile("jalr ra, 0(%1)" : "+r"(argument) : "r"(probe) : "ra", "memory");
  return probe_traps == before;
}
