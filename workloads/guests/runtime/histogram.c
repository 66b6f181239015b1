#include "units-page.h"
#include "units.h"

/* Exact below 16; from there 16 buckets to each power of two. */
static uint64_t bucket_of(uint64_t value) {
  if (value < 16) return value;
  uint64_t exponent = 0;
  for (uint64_t step = 32; step != 0; step >>= 1)
    if (value >> (exponent + step) != 0) exponent += step;
  uint64_t index = (exponent - 3) * 16 + (value >> (exponent - 4) & 15);
  return index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1;
}

void histogram_record(uint64_t value) {
  units_page.histogram[bucket_of(value)]++;
  units_page.histogram_count++;
  if (value > units_page.histogram_maximum) units_page.histogram_maximum = value;
}
