// What the model clock charges for, and the numbers it charges: a profile as the machine uses it.

/** What each cost is for, in whole cycles. Drives the schema and the documentation of profiles. */
export const COSTS = {
  cacheHit: "a load or store by privileged software in a line that its hart holds",
  memory: "a load or store in a line that no hart holds",
  atomic: "an atomic read-modify-write, beyond the store that it is",
  csr: "reading or writing a control and status register",
  trapEntry: "from the instruction that traps to the first of the handler",
  trapReturn: "from the return instruction to the guest's next one",
  interruptSend: "raising an interrupt at another hart, for the hart that does",
  interruptDelivery: "from an interrupt having been raised to the trap, beyond the transfer between the cores",
  secondStageWalk: "the first accesses under another second stage: refilling the TLB from the tables",
  fence: "sfence.vma, hfence or fence.i on this hart",
  deviceAccess: "a load or store of a device register",
  pause: "one pause instruction of a spinning hart",
} as const;

export type Cost = keyof typeof COSTS;

export interface CostModel {
  readonly name: string;
  /** Cores there are: at least as many as harts. */
  readonly cores: number;
  /** Cycles that a nanosecond has. */
  readonly gigahertz: number;
  readonly costs: Readonly<Record<Cost, number>>;
  /** Cycles for which a line travels from the core `from` to `to`, at [from * cores + to]; 0 on the diagonal. */
  readonly transfer: Int32Array;
}
