/* Platform-level interrupt controller (RISC-V PLIC specification 1.0), of one context: S-mode of the
   hart that the guest started on. */
#pragma once

#include <stdint.h>

/* Finds the controller and the context in the device tree. */
void plic_begin(void);
void plic_enable(uint32_t interrupt);
/* An interrupt that waits to be served, or 0. */
uint32_t plic_claim(void);
void plic_complete(uint32_t interrupt);
