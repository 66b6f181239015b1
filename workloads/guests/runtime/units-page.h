/* Layout of the units page. */
#pragma once

#include <stdint.h>

#define UNITS_MAGIC 0x0031484342544354u /* "TCTBCH1" */
#define UNITS_READY 1u
#define UNITS_FINISHED 2u
#define HISTOGRAM_BUCKETS 448

struct units_page {
  uint64_t magic;
  uint64_t units;
  uint64_t digest_sum;
  uint64_t failures;
  uint64_t flags;
  uint64_t histogram_maximum;
  uint64_t histogram_count;
  uint64_t reserved[57];
  uint64_t histogram[HISTOGRAM_BUCKETS];
};
_Static_assert(__builtin_offsetof(struct units_page, histogram) == 0x200, "the histogram lies at 0x200");
_Static_assert(sizeof(struct units_page) == 4096, "the units page is a page");

extern volatile struct units_page units_page;
