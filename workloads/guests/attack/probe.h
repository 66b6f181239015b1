/* Tries what may trap, and goes on behind it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Exceptions taken since probe_begin. */
extern volatile uint64_t probe_traps;

/* From now on every exception skips the instruction that raised it, which must be 4 bytes long, or returns to the caller where an
   instruction could not be fetched; and every interrupt is disabled in sie when it is taken. */
void probe_begin(void);

/* A 4-byte instruction that may change a0 only, as code. To be made before probe_begin(). */
struct probe {
  uint32_t instruction;
  uint32_t return_;
};
struct probe probe_of(uint32_t instruction);

/* Each answers whether it did not trap. */
bool probe_load(uint64_t address, uint8_t *value);
bool probe_store(uint64_t address, uint64_t value);
bool probe_store_word(uint64_t address, uint32_t value);
bool probe_execute(const struct probe *probe, uint64_t a0);
