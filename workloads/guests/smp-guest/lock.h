/* Two spinlocks: who takes one writes, who waits only reads. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct lock {
  uint32_t next; /* ticket: the next to be given out; test-and-set: 1 while held */
  uint32_t serving __attribute__((aligned(64)));
} __attribute__((aligned(64)));

void lock_acquire(struct lock *lock, bool ticket);
void lock_release(struct lock *lock, bool ticket);
