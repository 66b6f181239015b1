// Bit layouts of Sv39 (RISC-V Privileged, "Sv39: Page-Based 39-bit Virtual-Memory System"). Bits of 64-bit values that
// lie above 31 are given as bits of the high half.

export const PAGE_SHIFT = 12;
export const PAGE_BYTES = 1 << PAGE_SHIFT;
export const PAGE_OFFSET = PAGE_BYTES - 1;
export const LEVELS = 3;
/** Bits of a virtual page number at each level. */
export const LEVEL_BITS = 9;
export const PTE_BYTES = 8;

export const PTE = {
  V: 1 << 0, R: 1 << 1, W: 1 << 2, X: 1 << 3, U: 1 << 4, A: 1 << 6, D: 1 << 7,
} as const;
/** The physical page number: bits 53:10. */
export const PTE_PAGE_SHIFT = 10;
export const PTE_PAGE_HIGH = 0x3f_ffff;
/** What the high half of the number counts. */
export const PTE_PAGE_HIGH_UNIT = 2 ** (32 - PTE_PAGE_SHIFT);
/** Bits 60:54 are reserved, PBMT (62:61) needs Svpbmt, N (63) Svnapot: all must be zero here. */
export const PTE_RESERVED_HIGH = ~PTE_PAGE_HIGH;

/** satp and vsatp: MODE in bits 63:60, PPN in 43:0. There are no ASID bits. */
export const ATP_MODE_SHIFT = 28;
export const ATP_MODE = { bare: 0, sv39: 8 } as const;
export const ATP_PAGE_HIGH = 0xfff;
export const ATP_SV39_HIGH = ATP_MODE.sv39 << ATP_MODE_SHIFT;
