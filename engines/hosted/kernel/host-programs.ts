// Programs that the host runs beside the guests: machine code that executes on the harts in user mode.

/** One process with one thread. It begins at its first byte, with where its memory begins in s0 and `argument` in a0. */
export interface HostProgram {
  readonly name: string;
  /** RV64I instructions. */
  readonly code: readonly number[];
  /** 32 bits, unsigned. */
  readonly argument: number;
  /** Numbers of the pipes that it writes and reads. */
  readonly pipes?: { readonly writes: number; readonly reads: number };
}

/** Where a process sees its memory, and where it counts its rounds there. */
export const ROUNDS = 0x100;
export const HOST_PROGRAM_BYTES = 0x1000;

/** Computes all the time, with a system call after every 61,440 instructions. */
export const LOAD: HostProgram = {
  name: "load",
  code: [
    0x0000_52b7, //     lui  t0, 5
    0xfff2_8293, // 1:  addi t0, t0, -1
    0x0053_4333, //     xor  t1, t1, t0
    0xfe02_9ce3, //     bnez t0, 1b
    0x0014_8493, //     addi s1, s1, 1
    0x1094_3023, //     sd   s1, ROUNDS(s0)
    0x00f0_0893, //     li   a7, CALL.identity
    0x0000_0073, //     ecall
    0xfe1f_f06f, //     j    0
  ],
  argument: 0,
};

/** Where a message lies, and its bytes: as hackbench's have them. */
const MESSAGE = 0x200;
const MESSAGE_BYTES = 100;

/**
 * Process `number` of `count` that pass messages: back and forth between two that are next to each other, each sleeping until
 * one comes; where one is left over, it passes its own to itself. Each writes the pipe that has its number.
 */
export function passing(number: number, count: number): HostProgram {
  const peer = (number ^ 1) < count ? number ^ 1 : number;
  return {
    name: "pipe",
    code: [
      ((number << 20) | 0x0000_0913) >>> 0, //        li   s2, number
      ((peer << 20) | 0x0000_0993) >>> 0, //          li   s3, peer
      0x0329_c263, //     blt  s3, s2, 3f
      0x0009_0513, // 2:  mv   a0, s2
      ((MESSAGE << 20) | 0x0004_0593) >>> 0, //       addi a1, s0, MESSAGE
      ((MESSAGE_BYTES << 20) | 0x0000_0613) >>> 0, // li   a2, MESSAGE_BYTES
      0x0100_0893, //     li   a7, CALL.pipeWrite
      0x0000_0073, //     ecall
      0x02c5_1263, //     bne  a0, a2, 4f
      0x0014_8493, //     addi s1, s1, 1
      0x1094_3023, //     sd   s1, ROUNDS(s0)
      0x0009_8513, // 3:  mv   a0, s3
      ((MESSAGE << 20) | 0x0004_0593) >>> 0, //       addi a1, s0, MESSAGE
      ((MESSAGE_BYTES << 20) | 0x0000_0613) >>> 0, // li   a2, MESSAGE_BYTES
      0x0110_0893, //     li   a7, CALL.pipeRead
      0x0000_0073, //     ecall
      0xfcc5_06e3, //     beq  a0, a2, 2b
      0x0020_0893, // 4:  li   a7, CALL.exit
      0x0000_0073, //     ecall
    ],
    argument: 0,
    pipes: { writes: number, reads: peer },
  };
}

/** There are so many pipes: each has one who writes it. */
export function pipesOf(programs: readonly HostProgram[]): number {
  return programs.filter(({ pipes }) => pipes !== undefined).length;
}
