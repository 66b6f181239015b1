// The uniprocessor hypervisor's tables, of fixed capacity, as offsets from where its state begins.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { QUEUE_BYTES } from "../scheduler/queue.ts";
import { tableBytes } from "../scheduler/table.ts";
import { VCPU_BYTES } from "../vcpu/record.ts";
import { VM_BYTES } from "../virtual-machine/record.ts";

export const CAPACITY = { harts: 1, vms: 14, vcpus: 16 } as const;

const LINE = 64;
const WINDOWS = QUEUE_BYTES;
const VCPUS = Math.ceil((WINDOWS + tableBytes(CAPACITY.vcpus)) / LINE) * LINE;
const VMS = VCPUS + CAPACITY.vcpus * VCPU_BYTES;
export const STATE_BYTES = VMS + CAPACITY.vms * VM_BYTES;

export class Layout {
  readonly base: PhysicalAddress;
  readonly queue: PhysicalAddress;
  /** The table scheduler's windows. */
  readonly windows: PhysicalAddress;

  constructor(base: PhysicalAddress) {
    this.base = base;
    this.queue = base;
    this.windows = physical(base + WINDOWS);
  }

  vcpu(index: number): PhysicalAddress {
    return physical(this.base + VCPUS + index * VCPU_BYTES);
  }

  vm(index: number): PhysicalAddress {
    return physical(this.base + VMS + index * VM_BYTES);
  }
}
