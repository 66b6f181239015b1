// Instructions at random: any bits, encodings of the machine's own tables with any operands, and those that concern privilege.

import { CSR } from "../../engines/machine/hart/csr-numbers.ts";
import { COMPRESSED } from "../../engines/machine/instructions/compressed.ts";
import { INSTRUCTIONS, type Instruction, MNEMONICS } from "../../engines/machine/instructions/table.ts";
import type { Random } from "./random.ts";

const TABLE: readonly Instruction[] = MNEMONICS.map((mnemonic) => INSTRUCTIONS[mnemonic]);
const SYSTEM = TABLE.filter(({ kind }) => kind === "system");
const MEMORY = TABLE.filter((instruction) => "bytes" in instruction);
const CSRS: readonly number[] = Object.values(CSR);
/** Writing these leaves the guest without its trap handler: it has then ended itself. */
const FATAL: readonly number[] = [CSR.stvec];
const CSR_OPERATIONS = [1, 2, 3, 5, 6, 7] as const;
const COMPRESSED_BITS = 0xffff;
const UNCOMPRESSED = 3;

export const halvesOf = (word: number): number[] => ((word & 3) === UNCOMPRESSED ? [word & 0xffff, word >>> 16] : [word & 0xffff]);

/** Its fixed bits, and any operands. */
const filled = (random: Random, { match, mask }: { readonly match: number; readonly mask: number }): number => (match | (random.word() & ~mask)) >>> 0;

export function anyInstruction(random: Random): number[] {
  return random.weighted<() => number[]>([
    [4, () => halvesOf(filled(random, random.pick(TABLE)))],
    [3, () => [filled(random, random.pick(COMPRESSED)) & COMPRESSED_BITS]],
    [2, () => halvesOf(filled(random, random.pick(SYSTEM)))],
    [3, () => halvesOf(csrAccess(random))],
    [2, () => halvesOf(random.word() | UNCOMPRESSED)],
    [1, () => [random.word() & 0xffff].filter((half) => (half & 3) !== UNCOMPRESSED)],
    [3, () => memoryAccess(random)],
  ])();
}

/** A load, store or atomic operation through a0, of a1 or to it. */
export function memoryAccess(random: Random): number[] {
  if (random.once(4)) return [random.pick([0x4108, 0x6108, 0xc10c, 0xe10c])]; // c.lw, c.ld, c.sw, c.sd
  const instruction = random.pick(MEMORY);
  const registers = (10 << 15) | (instruction.kind === "load" ? 11 << 7 : instruction.kind === "store" ? 11 << 20 : instruction.kind === "load-reserved" ? 11 << 7 : (11 << 20) | (11 << 7));
  return halvesOf((instruction.match | registers) >>> 0);
}

/** sw a1, offset(a0). */
export const storeWord = (offset: number): number[] => halvesOf((0x00b5_2023 | ((offset & 0x1f) << 7) | ((offset >> 5) << 25)) >>> 0);

function csrAccess(random: Random): number {
  const listed = random.once(8) ? random.below(0x1000) : random.pick(CSRS);
  const csr = FATAL.includes(listed) && !random.once(50) ? CSR.sscratch : listed;
  return ((csr << 20) | (random.below(32) << 15) | (random.pick(CSR_OPERATIONS) << 12) | (random.below(32) << 7) | 0x73) >>> 0;
}

export const ECALL: readonly number[] = halvesOf(0x73);
export const WFI: readonly number[] = halvesOf(0x1050_0073);
