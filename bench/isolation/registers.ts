// The registers of the board's devices and the privileged CSRs, each with where its state lies in the machine: what a guest
// that reaches it changes is seen there.

import {
  ACLINT_MSWI, ACLINT_MTIMECMP, BLOCK_SLOT, DEVICES, DEVICES_OFFSET, HART, PLIC_BASE, PLIC_SOURCES, RAISED, SLOT as VIRTIO, SLOT_BYTES, UART_BASE,
  VIRTIO_BASE, VIRTIO_STRIDE,
} from "../../engines/machine/layout.ts";
import { CSR } from "../../engines/machine/hart/csr-numbers.ts";
import { SLOT } from "../../engines/machine/hart/csr-slots.ts";
import { hartBlock } from "../../engines/machine/memory.ts";
import type { Order } from "../../workloads/reach.ts";

/** Words of the machine's hardware, by host offset, and of each the bits that count. */
export interface State {
  readonly from: number;
  readonly to: number;
  readonly bits: number;
}

export interface Register {
  /** What rows call its kind. */
  readonly kind: RegisterKind;
  readonly order: Order;
  /** Its physical address, or its number. */
  readonly where: number;
  readonly state: readonly State[];
  /** The engine sets it at any time: only what was written, found there, is the guest's doing. */
  readonly shared?: true;
}

export const REGISTER_KINDS = ["timer", "software-interrupt", "interrupt-controller", "console", "disk", "csr"] as const;
export type RegisterKind = (typeof REGISTER_KINDS)[number];

const ALL = -1;
const WORD = 4;
/** PLIC specification 1.0.0, "Memory Map": enables of a context, and its threshold; two contexts a hart. */
const PLIC = { enables: 0x2000, enableStride: 0x80, thresholds: 0x20_0000, thresholdStride: 0x1000, contextsPerHart: 2 } as const;
const UART_REGISTERS = 8;
/** virtio 1.2, section 4.2.2: registers up to the configuration. */
const VIRTIO_REGISTERS = 0x100;
/** Bits 9:8 of a CSR's number: the least privilege; bits 11:10: 3 for read-only. */
const isPrivileged = (number: number): boolean => (number >> 8 & 3) >= 2 && number >> 10 !== 3;

/** Stored CSRs of M and HS that no trap changes by itself. */
const SETTLED = [
  SLOT.medeleg, SLOT.mideleg, SLOT.mie, SLOT.mcounteren, SLOT.menvcfg, SLOT.hedeleg, SLOT.hideleg, SLOT.hcounteren, SLOT.henvcfg,
] as const;

export function registersOf(harts: number): readonly Register[] {
  const each = <Item>(count: number, item: (index: number) => Item): Item[] => Array.from({ length: count }, (_, index) => item(index));
  const plic = [device(DEVICES.plic + WORD, DEVICES.uart)];
  const uart = [device(DEVICES.uart + WORD, DEVICES.input)];
  const slot = DEVICES.slots + BLOCK_SLOT * SLOT_BYTES;
  const disk = [device(slot + VIRTIO.record, slot + VIRTIO.regions)];
  return [
    ...each(harts, (hart): Register => ({ kind: "timer", order: 8, where: ACLINT_MTIMECMP + 8 * hart, state: [inHart(hart, 4 * SLOT.mtimecmp, 8)], shared: true })),
    ...each(harts, (hart): Register => ({ kind: "software-interrupt", order: 4, where: ACLINT_MSWI + 4 * hart, state: [inHart(hart, HART.raised, WORD, RAISED.machine)] })),
    ...[
      ...each(PLIC_SOURCES, (source) => WORD * (source + 1)),
      ...each(PLIC.contextsPerHart * harts, (context) => PLIC.enables + PLIC.enableStride * context),
      ...each(PLIC.contextsPerHart * harts, (context) => PLIC.thresholds + PLIC.thresholdStride * context),
    ].map((at): Register => ({ kind: "interrupt-controller", order: 4, where: PLIC_BASE + at, state: plic })),
    ...each(UART_REGISTERS, (at): Register => ({ kind: "console", order: 1, where: UART_BASE + at, state: uart })),
    ...each(VIRTIO_REGISTERS / WORD, (at): Register => ({ kind: "disk", order: 4, where: VIRTIO_BASE + BLOCK_SLOT * VIRTIO_STRIDE + WORD * at, state: disk })),
    ...Object.values(CSR).filter(isPrivileged).map((number): Register => (
      { kind: "csr", order: "csr", where: number, state: each(harts, (hart) => SETTLED.map((word) => inHart(hart, 4 * word, 8))).flat() })),
  ];
}

const device = (from: number, to: number): State => ({ from: DEVICES_OFFSET + from, to: DEVICES_OFFSET + to, bits: ALL });
const inHart = (hart: number, at: number, bytes: number, bits = ALL): State => ({ from: hartBlock(hart) + at, to: hartBlock(hart) + at + bytes, bits });
