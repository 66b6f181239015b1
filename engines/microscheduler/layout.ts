// The microscheduler's tables, of fixed capacity, from the start of RAM.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { FIRMWARE_BYTES, MAXIMUM_HARTS, RAM_BASE } from "../machine/layout.ts";
import { VCPU_BYTES } from "../vcpu/record.ts";
import { VM_BYTES } from "../virtual-machine/record.ts";

export const CAPACITY = { harts: MAXIMUM_HARTS, vms: 512, vcpus: 512 } as const;

/** What the scheduler of one hart keeps; only that hart touches it. */
export const TURN = {
  current: 0x00, // position of the vCPU that runs among the hart's; -1 while it idles
  start: 0x08, // number: up to when it has been charged, in cycles
  end: 0x10, // number: when another's turn begins, in ticks
  worldSwitches: 0x18, // number
} as const;
const TURN_BYTES = 64;

const VCPUS = RAM_BASE + CAPACITY.harts * TURN_BYTES;
const VMS = VCPUS + CAPACITY.vcpus * VCPU_BYTES;
if (VMS + CAPACITY.vms * VM_BYTES > RAM_BASE + FIRMWARE_BYTES) throw new Error("the microscheduler outgrows the firmware's memory");

export function turnOf(hart: number): PhysicalAddress {
  return physical(RAM_BASE + hart * TURN_BYTES);
}

export function vcpuAt(index: number): PhysicalAddress {
  return physical(VCPUS + index * VCPU_BYTES);
}

export function vmAt(index: number): PhysicalAddress {
  return physical(VMS + index * VM_BYTES);
}
