/* Computation that takes so many instructions and does nothing else. */
#pragma once

#include <stdint.h>

#define THINK_STEP 4 /* instructions of one turn of the loop below */

static inline void think(uint64_t instructions) {
  uint64_t turns = instructions / THINK_STEP;
  uint64_t value = 1, shifted;
  if (turns == 0) return;
  __asm__ volatile(
      "1: slli %1, %0, 1\n"
      "   xor %0, %0, %1\n"
      "   addi %2, %2, -1\n"
      "   bnez %2, 1b\n"
      : "+r"(value), "=&r"(shifted), "+r"(turns));
}
