// The SMP hypervisor's tables, of fixed capacity, from the start of RAM. All harts share them.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { FIRMWARE_BYTES, MAXIMUM_HARTS, NETWORK_PORTS, RAM_BASE } from "../machine/layout.ts";
import { LOCK_BYTES, LOCK_NODE_BYTES } from "../locks/record.ts";
import { QUEUE_BYTES } from "../scheduler/queue.ts";
import { VCPU_BYTES } from "../vcpu/record.ts";
import { VM_BYTES } from "../virtual-machine/record.ts";

export const CAPACITY = { harts: MAXIMUM_HARTS, vms: 512, vcpus: 512 } as const;

/** Bitmap of the harts that idle, 32 to a word. */
export const IDLE_HARTS = physical(RAM_BASE);
const IDLE_HARTS_BYTES = 0x40;

const BIG_LOCK = RAM_BASE + IDLE_HARTS_BYTES;
const QUEUE_LOCKS = BIG_LOCK + 4 * LOCK_BYTES;
const SEGMENT_LOCKS = QUEUE_LOCKS + CAPACITY.harts * LOCK_BYTES;
const DEVICE_LOCKS = SEGMENT_LOCKS + NETWORK_PORTS * LOCK_BYTES;
const QUEUES = DEVICE_LOCKS + CAPACITY.vms * LOCK_BYTES;
export const LOCK_NODES = physical(QUEUES + CAPACITY.harts * QUEUE_BYTES);
const VCPUS = LOCK_NODES + CAPACITY.harts * LOCK_NODE_BYTES;
const VMS = VCPUS + CAPACITY.vcpus * VCPU_BYTES;
/** The first address behind all of it. */
export const STATE_END = physical(VMS + CAPACITY.vms * VM_BYTES);
if (STATE_END > RAM_BASE + FIRMWARE_BYTES) throw new Error("the SMP hypervisor outgrows the firmware's memory");

export const LOCK_AT = {
  /** The only one taken under `granularity=big`; the others are those of `granularity=fine`. */
  big: physical(BIG_LOCK),
  vmTable: physical(BIG_LOCK + LOCK_BYTES),
  channels: physical(BIG_LOCK + 2 * LOCK_BYTES),
  console: physical(BIG_LOCK + 3 * LOCK_BYTES),
} as const;

export function queueOf(hart: number): PhysicalAddress {
  return physical(QUEUES + hart * QUEUE_BYTES);
}

export function hartOf(queue: PhysicalAddress): number {
  return (queue - QUEUES) / QUEUE_BYTES;
}

/** The lock of one hart's run queue, and of the scheduling state of the vCPUs in it. */
export function queueLock(hart: number): PhysicalAddress {
  return physical(QUEUE_LOCKS + hart * LOCK_BYTES);
}

/** The lock of one segment of the virtual switch, and of the network devices on it. */
export function segmentLock(port: number): PhysicalAddress {
  return physical(SEGMENT_LOCKS + port * LOCK_BYTES);
}

/** The lock of a guest's interrupt controller and serial console. */
export function deviceLock(guest: number): PhysicalAddress {
  return physical(DEVICE_LOCKS + guest * LOCK_BYTES);
}

export function vcpuAt(index: number): PhysicalAddress {
  return physical(VCPUS + index * VCPU_BYTES);
}

export function vmAt(index: number): PhysicalAddress {
  return physical(VMS + index * VM_BYTES);
}
