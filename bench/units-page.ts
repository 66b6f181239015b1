// The page a guest registers and counts its units in. The harness reads it from shared memory, which
// costs the guest nothing. All fields are u64, little-endian.

import type { PhysicalMemory } from "../engines/machine/memory.ts";
import type { PhysicalAddress } from "../engines/machine/address.ts";
import { HISTOGRAM_BUCKETS } from "../engines/machine/network/latency.ts";
import type { Histogram } from "./histogram.ts";

export const UNITS_PAGE = {
  magic: 0x00,
  units: 0x08,
  digestSum: 0x10,
  failures: 0x18,
  flags: 0x20,
  histogramMaximum: 0x28,
  histogramCount: 0x30,
  histogram: 0x200,
} as const;
export const UNITS_PAGE_BYTES = 0x1000;
export const UNITS_MAGIC = 0x0031_4843_4254_4354n; // "TCTBCH1\0"
export const UNITS_FLAG = { ready: 1n, finished: 2n } as const;

/** What one guest had done when its page was read. */
export interface UnitsReading {
  readonly units: number;
  /** Sum of the digests of the units done, modulo 2^64. */
  readonly digestSum: bigint;
  /** Self-checks of the guest that failed. */
  readonly failures: number;
  /** Set-up has finished; before this, units mean nothing. */
  readonly ready: boolean;
  readonly finished: boolean;
  readonly latency: Histogram;
}

/** The units alone of a page that was read before. */
export function readUnits(memory: PhysicalMemory, page: PhysicalAddress): number {
  return Number(new DataView(memory.wasm.buffer).getBigUint64(memory.offset(page) + UNITS_PAGE.units, true));
}

/** The page at `page`, or undefined when no page is registered or what lies there is not one. */
export function readUnitsPage(memory: PhysicalMemory, page: PhysicalAddress | 0): UnitsReading | undefined {
  if (page === 0 || !memory.contains(page, UNITS_PAGE_BYTES)) return undefined;
  const words = new BigUint64Array(memory.wasm.buffer, memory.offset(page), UNITS_PAGE_BYTES / 8);
  const word = (offset: number) => Atomics.load(words, offset / 8);
  if (word(UNITS_PAGE.magic) !== UNITS_MAGIC) return undefined;
  const flags = word(UNITS_PAGE.flags);
  return {
    units: Number(word(UNITS_PAGE.units)),
    digestSum: word(UNITS_PAGE.digestSum),
    failures: Number(word(UNITS_PAGE.failures)),
    ready: (flags & UNITS_FLAG.ready) !== 0n,
    finished: (flags & UNITS_FLAG.finished) !== 0n,
    latency: {
      counts: Float64Array.from({ length: HISTOGRAM_BUCKETS }, (_, bucket) => Number(word(UNITS_PAGE.histogram + bucket * 8))),
      maximum: Number(word(UNITS_PAGE.histogramMaximum)),
    },
  };
}
