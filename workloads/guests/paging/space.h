/* Address spaces under Sv39 (Privileged Architecture, "Sv39: Page-Based 39-bit Virtual-Memory System").
   Every space has the guest's memory where it lies, for S-mode and global, and pages of its own from
   USER on. Accessed and dirty bits are set from the start, so hardware never has to. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PAGE_BYTES 0x1000ul
#define PAGE_WORDS (PAGE_BYTES / 8)
#define USER 0x1000000000ul
#define FRAMES 256

#define ENTRY_VALID 0x01ul
#define ENTRY_READ 0x02ul
#define ENTRY_WRITE 0x04ul
#define ENTRY_EXECUTE 0x08ul
#define ENTRY_GLOBAL 0x20ul
#define ENTRY_ACCESSED_DIRTY 0xc0ul
#define ENTRY_COPY_ON_WRITE 0x100ul /* one of the two bits left to software */

struct space {
  uint64_t *root;
  uint64_t satp;
};

extern uint64_t frames[FRAMES][PAGE_WORDS];

/* Once, first: how spaces are told apart is found out by switching to the one it makes. */
void space_begin(void);
/* With a number of its own below 16. */
struct space space_create(uint64_t number);
/* The entry of a page, in tables that are made where they are missing. */
uint64_t *space_entry(const struct space *space, uint64_t page);
/* Every access from here on is through the space's tables. Where the hart keeps spaces apart by number
   (ASID), old translations stay; where it does not, those that are not global go. */
void space_switch(const struct space *space);

static inline uint64_t entry_of(const uint64_t *frame, uint64_t bits) {
  return (uint64_t)frame / PAGE_BYTES << 10 | bits | ENTRY_VALID | ENTRY_READ | ENTRY_ACCESSED_DIRTY;
}
static inline uint64_t *frame_of(uint64_t entry) { return (uint64_t *)((entry >> 10 & 0xfffffffffff) * PAGE_BYTES); }

static inline volatile uint64_t *word_at(uint64_t page, uint64_t word) {
  return (volatile uint64_t *)(USER + page * PAGE_BYTES + word * 8);
}

/* After an entry has changed: of one page of the current space, or of all spaces. */
static inline void fence_page(uint64_t address) { __asm__ volatile("sfence.vma %0, zero" : : "r"(address) : "memory"); }
static inline void fence_all(void) { __asm__ volatile("sfence.vma" : : : "memory"); }
