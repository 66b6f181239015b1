// The firmware's state: one virtual machine, which is the machine.

import { physical } from "../machine/address.ts";
import { RAM_BASE } from "../machine/layout.ts";
import { VM_BYTES } from "../virtual-machine/record.ts";

export const CAPACITY = { harts: 1, vms: 1, vcpus: 1 } as const;

export const GUEST = physical(RAM_BASE);
/** Only its context is used, and only to begin. */
export const GUEST_VCPU = physical(RAM_BASE + VM_BYTES);
