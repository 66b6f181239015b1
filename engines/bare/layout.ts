// The firmware's state: one virtual machine, which is the machine, and a vCPU for each hart.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { MAXIMUM_HARTS, RAM_BASE } from "../machine/layout.ts";
import { VCPU_BYTES } from "../vcpu/record.ts";
import { VM_BYTES } from "../virtual-machine/record.ts";

export const CAPACITY = { harts: MAXIMUM_HARTS, vms: 1, vcpus: MAXIMUM_HARTS } as const;

export const GUEST = physical(RAM_BASE);

/** The vCPU that is the hart of that number. Its context is used only to begin, and while it is suspended. */
export function vcpuAt(hart: number): PhysicalAddress {
  return physical(RAM_BASE + VM_BYTES + hart * VCPU_BYTES);
}
