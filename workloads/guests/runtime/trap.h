/* Traps that a guest answers itself. */
#pragma once

#include <stdint.h>

/* Called with the cause and address of every page fault, whose instruction then runs again; null: page
   faults end the guest. */
extern void (*trap_page_fault)(uint64_t cause, uint64_t address);
