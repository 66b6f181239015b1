// One guest's devices: which it sees where, and what reading and writing their registers does.

import type { PhysicalAddress } from "../machine/address.ts";
import {
  PLIC_BASE, PLIC_BYTES, UART_BASE, VIRTIO_BASE, VIRTIO_FIRST_IRQ, VIRTIO_SLOTS, VIRTIO_STRIDE,
} from "../machine/layout.ts";
import { type Networking, passedSlots } from "../placement/devices.ts";
import type { PlacedVm } from "../placement/placement.ts";
import { unboxed } from "../state/words.ts";
import { GuestMemory } from "./guest-memory.ts";
import { BootError } from "../engine.ts";
import { nicOf, plicOf, serialOf } from "./layout.ts";
import { VirtualNic } from "./nic.ts";
import { PLIC_VCPUS } from "./plic.ts";
import { SERIAL_REGISTERS } from "./serial.ts";

/** What find() answers; virtio-mmio slots follow. */
export const FOUND = { nothing: -2, plic: -1, serial: 0, slots: 1 } as const;

export class GuestDevices {
  /** Of the guest in the configuration. */
  readonly index: number;
  readonly vcpus: number;
  readonly plic: PhysicalAddress;
  readonly serial: PhysicalAddress;
  readonly hasSerial: boolean;
  /** By slot; undefined where the engine emulates nothing. */
  readonly nics: readonly (VirtualNic | undefined)[];
  /** By slot, the port that a network device is at. */
  readonly ports: readonly number[];
  /** By the guest's interrupt source, the machine's of the device that is passed through; undefined for none. */
  readonly passed: readonly (number | undefined)[];

  /** Throws BootError where its vCPUs are more than an interrupt controller has contexts for. */
  constructor(vm: PlacedVm, networking: Networking) {
    const { index, machine, devices } = vm;
    if (machine.vcpus > PLIC_VCPUS) throw new BootError(`${machine.name} has ${machine.vcpus} vCPUs: with devices it may have ${PLIC_VCPUS}`);
    const nics: (VirtualNic | undefined)[] = Array.from({ length: VIRTIO_SLOTS }, () => undefined);
    const passed: (number | undefined)[] = Array.from({ length: VIRTIO_FIRST_IRQ + VIRTIO_SLOTS }, () => undefined);
    const memory = new GuestMemory(vm);
    for (const { slot, from } of passedSlots(devices, networking)) passed[VIRTIO_FIRST_IRQ + slot] = VIRTIO_FIRST_IRQ + from;
    if (networking === "switch") {
      for (const { slot, mac } of devices.nics) nics[slot] = new VirtualNic(index, slot, mac, memory, nicOf(index, slot));
    }
    this.index = index;
    this.vcpus = machine.vcpus;
    this.plic = unboxed(plicOf(index));
    this.serial = unboxed(serialOf(index));
    this.hasSerial = devices.serial;
    this.nics = nics;
    this.ports = devices.nics.map(({ port }) => port);
    this.passed = passed;
  }

  /** The emulated device whose registers lie at `address`: FOUND, or a slot after FOUND.slots. */
  find(address: number): number {
    const slot = (address - VIRTIO_BASE) >>> SLOT_SHIFT;
    if (slot < VIRTIO_SLOTS) return this.nics[slot] === undefined ? FOUND.nothing : FOUND.slots + slot;
    if (address >= PLIC_BASE && address < PLIC_BASE + PLIC_BYTES) return FOUND.plic;
    if (this.hasSerial && address >= UART_BASE && address < UART_BASE + SERIAL_REGISTERS) return FOUND.serial;
    return FOUND.nothing;
  }
}

const SLOT_SHIFT = 31 - Math.clz32(VIRTIO_STRIDE);
