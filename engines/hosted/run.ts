// What kernel and VMM share of a vCPU: why the guest left, and what is to become of that. As struct kvm_run.

import { A0 } from "../sbi/numbers.ts";

export const RUN = {
  /** Of REASON. */
  reason: 0x00,
  /** A call: a7 and a6, and a0 to a2 as pairs of halves. */
  extension: 0x04,
  operation: 0x08,
  arguments: 0x10,
  /** How many of a0 and a1 the VMM answers, as 32-bit numbers. */
  answers: 0x28,
  error: 0x2c,
  value: 0x30,
  /** An access: where, of how many bytes, and the value that it stores or is to load. */
  address: 0x34,
  bytes: 0x38,
  data: 0x3c,
  /** The upper half of one of eight bytes. */
  dataHigh: 0x40,
  /** Whether its guest's external interrupt is raised. */
  external: 0x44,
  /** Set by the VMM: nothing is there that the guest has accessed. */
  refused: 0x48,
  /** Number of the vCPU. */
  number: 0x4c,
  /** For the VMM: a byte on its way. */
  text: 0x50,
} as const;
export const RUN_BYTES = 0x80;

export const REASON = { call: 0, load: 1, store: 2 } as const;

/** Offset of argument register `register`. */
export function argument(register: number): number {
  return RUN.arguments + 8 * (register - A0);
}
