// A few instructions for hand-written guests.

const register = (rd: number, shift: number): number => rd << shift;

export const addi = (rd: number, rs1: number, immediate: number): number =>
  ((immediate << 20) | register(rs1, 15) | register(rd, 7) | 0x13) | 0;
export const lui = (rd: number, upper: number): number => ((upper << 12) | register(rd, 7) | 0x37) | 0;
export const slli = (rd: number, rs1: number, amount: number): number =>
  ((amount << 20) | register(rs1, 15) | (1 << 12) | register(rd, 7) | 0x13) | 0;
export const sw = (rs2: number, rs1: number, offset: number): number =>
  (((offset >> 5) << 25) | register(rs2, 20) | register(rs1, 15) | (2 << 12) | ((offset & 31) << 7) | 0x23) | 0;
export const jal = (rd: number, offset: number): number =>
  ((((offset >> 20) & 1) << 31) | (((offset >> 1) & 0x3ff) << 21) | (((offset >> 11) & 1) << 20) | (((offset >> 12) & 0xff) << 12)
    | register(rd, 7) | 0x6f) | 0;
export const bne = (rs1: number, rs2: number, offset: number): number =>
  ((((offset >> 12) & 1) << 31) | (((offset >> 5) & 0x3f) << 25) | register(rs2, 20) | register(rs1, 15) | (1 << 12)
    | (((offset >> 1) & 15) << 8) | (((offset >> 11) & 1) << 7) | 0x63) | 0;
