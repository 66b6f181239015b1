/* What a hostile guest tries, and what it leaves for whoever measures. Attacks never return; they count a
   unit with every round, so that one that does nothing is found out. */
#pragma once

#include <stdint.h>

#define LOOT_BYTES 64
#define PATTERN 0x6b63617474612121ul /* "!!attack": what bench/isolation/pattern.ts looks for */

/* In the reserved words of the units page. */
struct evidence {
  uint64_t done;            /* privileged instructions that did not trap */
  uint64_t accepted;        /* calls that took memory which is not this guest's */
  uint64_t loot_bytes;
  uint8_t loot[LOOT_BYTES]; /* what it has read of another guest */
};

volatile struct evidence *evidence(void);

/* Takes what is marked as a secret in so many bytes of this guest's memory. */
void take_secret(const volatile uint8_t *from, uint64_t bytes);

/* What the boot arguments say of the place numbered `number`, in physical memory; 0 bytes where there is no such. */
struct target {
  uint64_t base;
  uint64_t bytes;
};
struct target target_numbered(unsigned number);
/* The address that would mean `physical` to this guest if its memory were mapped without a limit. */
uint64_t unlimited(uint64_t physical);

/* One round is over. */
void round_done(void);
/* Computes for about so many instructions. */
void compute(uint64_t instructions);

_Noreturn void attack_memory_read(void);
_Noreturn void attack_memory_write(void);

_Noreturn void attack_dma_disk(void);
_Noreturn void attack_dma_port(void);
_Noreturn void attack_dma_switch(void);

_Noreturn void attack_channel_reach(void);
_Noreturn void attack_channel_change(void);

_Noreturn void attack_call_addresses(void);
_Noreturn void attack_walk_tables(void);

_Noreturn void attack_privilege_csrs(void);
_Noreturn void attack_privilege_instructions(void);
_Noreturn void attack_privilege_timer(void);
_Noreturn void attack_privilege_mask(void);
_Noreturn void attack_privilege_halt(void);

_Noreturn void attack_schedule_spin(void);
_Noreturn void attack_schedule_evade(void);
_Noreturn void attack_schedule_boost(void);
_Noreturn void attack_schedule_yield(void);

_Noreturn void attack_storm_ipi(void);
_Noreturn void attack_storm_doorbell(void);
_Noreturn void attack_storm_services(void);

_Noreturn void attack_flood_calls(void);
_Noreturn void attack_flood_console(void);
_Noreturn void attack_flood_channels(void);
_Noreturn void attack_flood_timers(void);

_Noreturn void attack_fault_handler(void);
_Noreturn void attack_fault_vector(void);
_Noreturn void attack_fault_paged(void);
