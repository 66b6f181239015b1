/* The units page: what a guest has done, in memory that whoever measures reads without asking. */
#pragma once

#include <stdint.h>

/* Set-up is finished: registers the page with the engine, if there is one that knows it. */
void units_begin(const char *workload);
/* One unit is done. With the boot argument `units=N`, the Nth prints the result and powers off. */
void unit_done(uint64_t digest);
/* So many units are done whose results others check. */
void units_done(uint64_t count);
/* A self-check failed. */
void unit_failed(void);
/* Adds a value (a `cycle` difference) to the histogram. */
void histogram_record(uint64_t value);
