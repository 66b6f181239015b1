/* Kernels: each does one unit of work from a fixed seed and answers its digest, the same every time. */
#pragma once

#include <stdint.h>

uint64_t hash_unit(void);
uint64_t sort_unit(void);
uint64_t search_unit(void);
uint64_t matrix_unit(void);
uint64_t chase_unit(void);
uint64_t state_unit(void);
uint64_t list_unit(void);
uint64_t queens_unit(void);
