/* Product of two 40 by 40 integer matrices: regular loops, multiplications, strided loads. */
#include "../runtime/mix.h"
#include "../runtime/units.h"
#include "kernel.h"

#define SIDE 40

typedef uint32_t matrix[SIDE][SIDE];
static matrix left, right, product;

static void fill(matrix target, uint64_t seed) {
  for (unsigned row = 0; row < SIDE; row++)
    for (unsigned column = 0; column < SIDE; column++) target[row][column] = (uint32_t)generate(&seed);
}

static void multiply(void) {
  for (unsigned row = 0; row < SIDE; row++)
    for (unsigned column = 0; column < SIDE; column++) {
      uint32_t sum = 0;
      for (unsigned i = 0; i < SIDE; i++) sum += left[row][i] * right[i][column];
      product[row][column] = sum;
    }
}

static void apply(matrix by, const uint32_t *vector, uint32_t *result) {
  for (unsigned row = 0; row < SIDE; row++) {
    result[row] = 0;
    for (unsigned i = 0; i < SIDE; i++) result[row] += by[row][i] * vector[i];
  }
}

uint64_t matrix_unit(void) {
  fill(left, 4);
  fill(right, 5);
  multiply();

  /* Freivalds' check: product * v = left * (right * v). */
  uint32_t vector[SIDE], once[SIDE], twice[SIDE], checked[SIDE];
  uint64_t seed = 6;
  for (unsigned i = 0; i < SIDE; i++) vector[i] = (uint32_t)generate(&seed);
  apply(right, vector, once);
  apply(left, once, twice);
  apply(product, vector, checked);
  uint64_t digest = 0;
  for (unsigned i = 0; i < SIDE; i++) {
    if (checked[i] != twice[i]) unit_failed();
    digest = mix_in(digest, checked[i]);
  }
  return digest;
}
