// Hostile processes of a host's own, beside its VMMs: machine code in user mode, at its first byte and with where its memory begins in s0, as
// engines/hosted/kernel/host-programs.ts has it. Each does one act, since the first that it may not do is the end of it.

/** Where a process says what came of it, by offset in its memory. */
export const PROCESS_PAGE = {
  /** Times that it has begun; what it should not have survived, and calls that it should not have been granted; what it read. */
  rounds: 0x100,
  survived: 0x108,
  granted: 0x110,
  loot: 0x400,
  bytes: 0x1000,
} as const;
/** As much as it reads at most. */
const LOOT_BYTES = 0x200;
/** Where it finds what it is told: ticks to sleep first, first address, address behind the last, what it writes. */
const TOLD = 0x200;

const BEGIN = [
  0x2004_6503, //     lwu  a0, TOLD(s0)
  0x00e0_0893, //     li   a7, sleep
  0x0000_0073, //     ecall
  0x0010_0493, //     li   s1, 1
  0x1094_3023, //     sd   s1, rounds(s0)
  0x2084_6583, //     lwu  a1, TOLD + 8(s0)
  0x2104_6603, //     lwu  a2, TOLD + 16(s0)
];
const SURVIVED = 0x1094_3423; // sd s1, survived(s0)
const SLEEP_FOR_EVER = [
  0x7fff_f537, // 1:  lui  a0, 0x7ffff
  0x00e0_0893, //     li   a7, sleep
  0x0000_0073, //     ecall
  0xff5f_f06f, //     j    1b
];

/** Every call but for those that any process may make: exit, yield, sleep and identity. */
const CALLS = [
  0x0400_0913, // 1:  li   s2, 64
  0xfff9_0913, // 2:  addi s2, s2, -1
  0x0409_4663, //     bltz s2, 3f
  0x0009_0893, //     mv   a7, s2
  0x0020_0293, //     li   t0, exit
  0xfe58_88e3, //     beq  a7, t0, 2b
  0x0030_0293, //     li   t0, yield
  0xfe58_84e3, //     beq  a7, t0, 2b
  0x00e0_0293, //     li   t0, sleep
  0xfe58_80e3, //     beq  a7, t0, 2b
  0x00f0_0293, //     li   t0, identity
  0xfc58_8ce3, //     beq  a7, t0, 2b
  0x0005_8513, //     mv   a0, a1
  0x0005_8993, //     mv   s3, a1
  0x0100_0593, //     li   a1, 16
  0x0000_0073, //     ecall
  0x0009_8593, //     mv   a1, s3
  0xfc05_40e3, //     bltz a0, 2b
  0x001a_0a13, //     addi s4, s4, 1
  0x1144_3823, //     sd   s4, granted(s0)
  0xfb5f_f06f, //     j    2b
];

const ACTS = {
  load: [
    0x4004_0693, //     addi a3, s0, loot
    0x0005_b283, // 1:  ld   t0, 0(a1)
    0x0056_b023, //     sd   t0, 0(a3)
    0x0085_8593, //     addi a1, a1, 8
    0x0086_8693, //     addi a3, a3, 8
    0xfec5_e8e3, //     bltu a1, a2, 1b
    SURVIVED,
  ],
  store: [
    0x2184_3283, //     ld   t0, TOLD + 24(s0)
    0x0055_b023, // 1:  sd   t0, 0(a1)
    0x0085_8593, //     addi a1, a1, 8
    0xfec5_ece3, //     bltu a1, a2, 1b
    SURVIVED,
  ],
  sstatus: [0x1000_22f3, SURVIVED], // csrr t0, sstatus
  stvec: [0x1050_1073, SURVIVED], // csrw stvec, zero
  satp: [0x1800_1073, SURVIVED], // csrw satp, zero
  hstatus: [0x6000_22f3, SURVIVED], // csrr t0, hstatus
  hgatp: [0x6800_1073, SURVIVED], // csrw hgatp, zero
  mstatus: [0x3000_22f3, SURVIVED], // csrr t0, mstatus
  wfi: [0x1050_0073, SURVIVED],
  sret: [0x1020_0073, SURVIVED],
  mret: [0x3020_0073, SURVIVED],
  sfence: [0x1200_0073, SURVIVED], // sfence.vma
  hfence: [0x6200_0073, SURVIVED], // hfence.gvma
  hlv: [0x6c05_c2f3, SURVIVED], // hlv.d t0, (a1)
  calls: CALLS,
  flood: [
    ...CALLS,
    0x0014_8493, // 3:  addi s1, s1, 1
    0x1094_3023, //     sd   s1, rounds(s0)
    0xfa5f_f06f, //     j    1b
  ],
  spin: [
    0x0014_8493, // 1:  addi s1, s1, 1
    0x1094_3023, //     sd   s1, rounds(s0)
    0xff9f_f06f, //     j    1b
  ],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type ProcessAct = keyof typeof ACTS;
export const PRIVILEGED = ["sstatus", "stvec", "satp", "hstatus", "hgatp", "mstatus", "wfi", "sret", "mret", "sfence", "hfence", "hlv"] as const satisfies readonly ProcessAct[];

/** As in engines/engine.ts. */
interface Program {
  readonly name: string;
  readonly code: readonly number[];
  readonly argument: number;
}

/** What hostile processes are compared with: most of a host's wait for something. */
export const SLEEPS_FOR_EVER: Program = { name: "sleeps", code: SLEEP_FOR_EVER, argument: 0 };

/** Begins after so many ticks. `word`: what it writes, low and high. */
export function hostileProgram(act: ProcessAct, begin: number, { base, bytes }: { readonly base: number; readonly bytes: number }, word: readonly [number, number]): Program {
  const end = base + (act === "load" ? Math.min(bytes, LOOT_BYTES) : bytes);
  const code = [...BEGIN, ...ACTS[act], ...SLEEP_FOR_EVER];
  const padding = Array.from({ length: TOLD / 4 - code.length }, () => 0);
  return { name: act, code: [...code, ...padding, begin, 0, base, 0, end, 0, ...word], argument: 0 };
}
