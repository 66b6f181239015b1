// Which load or store an instruction is: all that RV64IC has. Encodings as in the RISC-V Instruction Set
// Manual, Volume I, "Instruction Set Listings".

/** A decoded access: one number, so that decoding allocates nothing. */
export const ACCESS = {
  /** log2 of its bytes. */
  size: 3,
  /** Loads: zero-extends. */
  unsigned: 1 << 2,
  store: 1 << 3,
  registerShift: 4,
  registerMask: 31,
  /** Bytes of the instruction: 2 or 4. */
  lengthShift: 9,
} as const;

/** The instruction is no plain load or store. */
export const NO_ACCESS = -1;

const OPCODE_MASK = 0x7f;
const LOAD = 0x03;
const STORE = 0x23;
/** funct3 of loads: bits 1:0 are the size, bit 2 says unsigned; there is no unsigned doubleword. */
const UNDEFINED_LOAD = 7;
const LARGEST_STORE = 3;
const WORD = 2;
const DOUBLE = 3;

/** Decodes the instruction at the start of `word`: 32 bits, of which a compressed one has the low 16. */
export function decodeAccess(word: number): number {
  if ((word & 3) !== 3) return decodeCompressed(word);
  const funct3 = (word >>> 12) & 7;
  switch (word & OPCODE_MASK) {
    case LOAD: return funct3 === UNDEFINED_LOAD ? NO_ACCESS : pack(funct3, (word >>> 7) & 31, 4);
    case STORE: return funct3 > LARGEST_STORE ? NO_ACCESS : pack(funct3 | ACCESS.store, (word >>> 20) & 31, 4);
    default: return NO_ACCESS;
  }
}

/** By funct3 (bits 15:13) and quadrant (bits 1:0). Loads to x0 by stack pointer are reserved. */
function decodeCompressed(word: number): number {
  const prime = 8 + ((word >>> 2) & 7);
  const source = (word >>> 2) & 31;
  const target = (word >>> 7) & 31;
  switch (word & 0xe003) {
    case 0x4000: return pack(WORD, prime, 2); // c.lw
    case 0x6000: return pack(DOUBLE, prime, 2); // c.ld
    case 0xc000: return pack(WORD | ACCESS.store, prime, 2); // c.sw
    case 0xe000: return pack(DOUBLE | ACCESS.store, prime, 2); // c.sd
    case 0x4002: return target === 0 ? NO_ACCESS : pack(WORD, target, 2); // c.lwsp
    case 0x6002: return target === 0 ? NO_ACCESS : pack(DOUBLE, target, 2); // c.ldsp
    case 0xc002: return pack(WORD | ACCESS.store, source, 2); // c.swsp
    case 0xe002: return pack(DOUBLE | ACCESS.store, source, 2); // c.sdsp
    default: return NO_ACCESS;
  }
}

function pack(kind: number, register: number, length: number): number {
  return kind | (register << ACCESS.registerShift) | (length << ACCESS.lengthShift);
}
