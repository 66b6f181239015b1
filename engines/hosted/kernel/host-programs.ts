// Programs that the host runs beside the guests: machine code that executes on the harts in user mode.

/** One process with one thread. It begins at its first byte, with where its memory begins in s0 and `argument` in a0. */
export interface HostProgram {
  readonly name: string;
  /** RV64I instructions. */
  readonly code: readonly number[];
  /** 32 bits, unsigned. */
  readonly argument: number;
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
