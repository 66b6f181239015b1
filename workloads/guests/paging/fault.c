/* Takes page faults as an operating system does for a process and the copy of it that fork makes: pages
   come into being at their first use, reading shares one frame of zeros, writing to what is shared
   copies it, and the last owner may write without a copy. A unit is the life of both processes. */
#include "../runtime/mix.h"
#include "../runtime/power.h"
#include "../runtime/trap.h"
#include "../runtime/units.h"
#include "mode.h"
#include "space.h"

#define PAGES 24
#define FIRST_WORD 3
#define LAST_WORD (PAGE_WORDS - 1)

#define CAUSE_LOAD_PAGE_FAULT 13
#define CAUSE_STORE_PAGE_FAULT 15

/* Half of the pages are read first: two faults. Then the child writes two of three, which copies; the
   parent all, which copies what the child has not; and the child the rest, which are then its own. */
#define FAULTS (PAGES / 2 * 3 + PAGES * 2 / 3 + PAGES + PAGES / 3)

static struct space parent, child;
static const struct space *current;
static uint64_t *free_frames[FRAMES];
static uint32_t free_count;
static uint32_t owners[FRAMES]; /* of each frame */
static uint64_t zeros[PAGE_WORDS] __attribute__((aligned(PAGE_BYTES)));
static uint64_t faults;

static uint32_t *owners_of(const uint64_t *frame) { return &owners[(frame - frames[0]) / PAGE_WORDS]; }

static uint64_t *take_frame(const uint64_t *contents) {
  if (free_count == 0) fail("no frame is free");
  uint64_t *frame = free_frames[--free_count];
  *owners_of(frame) = 1;
  for (uint64_t i = 0; i < PAGE_WORDS; i += 4) {
    frame[i] = contents[i];
    frame[i + 1] = contents[i + 1];
    frame[i + 2] = contents[i + 2];
    frame[i + 3] = contents[i + 3];
  }
  return frame;
}

static void leave_frame(uint64_t *frame) {
  if (frame != zeros && --*owners_of(frame) == 0) free_frames[free_count++] = frame;
}

static void page_fault(uint64_t cause, uint64_t address) {
  faults++;
  uint64_t *entry = space_entry(current, (address - USER) / PAGE_BYTES);
  uint64_t *frame = frame_of(*entry);
  if (*entry == 0) {
    *entry = cause == CAUSE_LOAD_PAGE_FAULT ? entry_of(zeros, ENTRY_COPY_ON_WRITE) : entry_of(take_frame(zeros), ENTRY_WRITE);
  } else if (cause == CAUSE_STORE_PAGE_FAULT && (*entry & ENTRY_COPY_ON_WRITE) != 0) {
    bool alone = frame != zeros && *owners_of(frame) == 1;
    *entry = entry_of(alone ? frame : take_frame(frame), ENTRY_WRITE);
    if (!alone) leave_frame(frame);
  } else {
    fail("a page fault where there should be none");
  }
  fence_page(address);
}

static void enter(const struct space *space) {
  current = space;
  space_switch(space);
}

static void write_page(uint64_t page, uint64_t value) {
  *word_at(page, FIRST_WORD) += value;
  *word_at(page, LAST_WORD) = value;
}

/* The pages of both are of frames that nobody may write without a fault. */
static void fork(void) {
  for (uint64_t page = 0; page < PAGES; page++) {
    uint64_t *entry = space_entry(&parent, page);
    *entry = (*entry & ~ENTRY_WRITE) | ENTRY_COPY_ON_WRITE;
    *space_entry(&child, page) = *entry;
    ++*owners_of(frame_of(*entry));
  }
  fence_all();
}

static uint64_t digest_of_pages(uint64_t digest) {
  for (uint64_t page = 0; page < PAGES; page++) {
    digest = mix_in(digest, *word_at(page, FIRST_WORD));
    digest = mix_in(digest, *word_at(page, LAST_WORD));
  }
  return digest;
}

static void unmap(const struct space *space) {
  for (uint64_t page = 0; page < PAGES; page++) {
    uint64_t *entry = space_entry(space, page);
    leave_frame(frame_of(*entry));
    *entry = 0;
  }
}

static uint64_t fault_unit(void) {
  uint64_t before = faults;
  enter(&parent);
  for (uint64_t page = 0; page < PAGES; page++) {
    /* Reads before the first write, and in half of the pages of memory that is not there yet. */
    if (page % 2 == 0 && *word_at(page, LAST_WORD) != 0) unit_failed();
    *word_at(page, LAST_WORD) = page;
    write_page(page, page + 1);
  }
  fork();
  enter(&child);
  for (uint64_t page = 0; page < PAGES; page++)
    if (page % 3 != 0) *word_at(page, FIRST_WORD) = page * 7;
  enter(&parent);
  for (uint64_t page = 0; page < PAGES; page++) write_page(page, page + 2);
  uint64_t digest = digest_of_pages(0);
  enter(&child);
  for (uint64_t page = 0; page < PAGES; page += 3) write_page(page, page + 3);
  digest = digest_of_pages(digest);
  unmap(&parent);
  unmap(&child);
  fence_all();
  if (faults - before != FAULTS || free_count != FRAMES) unit_failed();
  return digest;
}

_Noreturn void take_faults(void) {
  parent = space_create(1);
  child = space_create(2);
  for (uint32_t i = 0; i < FRAMES; i++) free_frames[free_count++] = frames[i];
  trap_page_fault = page_fault;
  units_begin("paging-fault");
  for (;;) unit_done(fault_unit());
}
