/* Nine queens on a board of nine by nine: recursion, calls and returns. */
#include "../runtime/mix.h"
#include "../runtime/units.h"
#include "kernel.h"

#define SIDE 9
#define ALL_COLUMNS ((1u << SIDE) - 1)
#define SOLUTIONS 352 /* OEIS A000170(9) */

static uint64_t visited;
static uint64_t digest;

/* How many ways there are to fill the rows left; the masks say which columns are attacked. */
static __attribute__((noinline)) uint64_t solutions(unsigned columns, unsigned rising, unsigned falling) {
  visited++;
  if (columns == ALL_COLUMNS) {
    digest = digest * 31 + visited;
    return 1;
  }
  uint64_t count = 0;
  unsigned free = ALL_COLUMNS & ~(columns | rising | falling);
  while (free != 0) {
    unsigned queen = free & -free;
    free -= queen;
    count += solutions(columns | queen, (rising | queen) << 1, (falling | queen) >> 1);
  }
  return count;
}

uint64_t queens_unit(void) {
  visited = 0;
  digest = 10;
  if (solutions(0, 0, 0) != SOLUTIONS) unit_failed();
  return mix(digest ^ visited);
}
