// What the kernel has of a pipe.

import { LOCK_BYTES } from "../../locks/record.ts";

export const PIPE = {
  lock: 0x00,
  /** Addresses of the threads at its ends, which alone may use them; NONE: it has ended. */
  reader: LOCK_BYTES,
  writer: LOCK_BYTES + 0x04,
  /** 1: it sleeps, for there is nothing to read or no room. */
  readerWaits: LOCK_BYTES + 0x08,
  writerWaits: LOCK_BYTES + 0x0c,
  /** Where in the ring the oldest byte is, and how many there are. */
  first: LOCK_BYTES + 0x10,
  held: LOCK_BYTES + 0x14,
  ring: LOCK_BYTES + 0x40,
} as const;
/** Of the ring: a page, as Linux's had before 2.6.11 (pipe(7)). */
export const PIPE_CAPACITY = 4096;
export const PIPE_BYTES = PIPE.ring + PIPE_CAPACITY;
