// One thing that the fuzzing guest does: the registers with which it begins, and the code that they begin at.

/** What an operation is made to try. */
export type OperationKind = "call" | "access" | "queue" | "stream" | "paging" | "restart";

export interface Operation {
  readonly kind: OperationKind;
  /** x1 to x31. */
  readonly registers: readonly bigint[];
  /** 16-bit halves; the ebreak that ends it is behind them. At most CODE_HALVES. */
  readonly code: readonly number[];
  /** Bits of sstatus that are set: SPP for supervisor mode, SPIE for interrupts. */
  readonly status: number;
  readonly satp: bigint;
  /** sie. */
  readonly enabled: number;
  /** Ticks until its timer interrupts it; 0: as the last operation left it. */
  readonly timer: number;
}

/** What came of one. */
export interface Result {
  readonly cause: bigint;
  readonly value: bigint;
  readonly a0: bigint;
  readonly a1: bigint;
}

export const A0 = 10;
export const A1 = 11;
export const A6 = 16;
export const A7 = 17;

/** One line for people. */
export function describeOperation({ kind, registers, code, status, satp, enabled, timer }: Operation): string {
  const used = kind === "call" || kind === "restart" ? [A7, A6, A0, A1, 12, 13] : registers.map((_, index) => index + 1).filter((n) => registers[n - 1] !== 0n);
  const values = used.map((n) => `x${n}=0x${registers[n - 1].toString(16)}`).join(" ");
  const words = code.map((half) => half.toString(16).padStart(4, "0")).join(" ");
  return `${kind}: code ${words}; ${values}; sstatus=0x${status.toString(16)} satp=0x${satp.toString(16)} sie=0x${enabled.toString(16)} timer=${timer}`;
}
