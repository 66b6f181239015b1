/* What the compiler may call by itself, freestanding or not. Built without loop pattern recognition,
   which would turn these loops into calls of themselves. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

#include <stddef.h>
#include <stdint.h>

void *memset(void *target, int value, size_t bytes);
void *memcpy(void *restrict target, const void *restrict source, size_t bytes);

void *memset(void *target, int value, size_t bytes) {
  uint8_t *at = target;
  while (bytes-- != 0) *at++ = (uint8_t)value;
  return target;
}

void *memcpy(void *restrict target, const void *restrict source, size_t bytes) {
  uint8_t *at = target;
  const uint8_t *from = source;
  while (bytes-- != 0) *at++ = *from++;
  return target;
}
