/* An address space (Sv39) in which every address below 256 GiB means itself, through leaf entries of the root, unless they hold something else. */
#pragma once

#include <stdint.h>

#define ENTRIES 512u
#define PAGE_VALID 1u
#define PAGE_ALL 0xcfu /* D A X W R V */
#define PAGE_ENTRY(address) ((uint64_t)(address) >> 12 << 10)

/* Its root, for whoever maps more. */
extern uint64_t space_root[ENTRIES] __attribute__((visibility("hidden")));

void space_enter(void);
void space_leave(void);
