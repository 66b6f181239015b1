// A machine with every virtio device, and drivers of them, for tests.

import type { HostOffset } from "../../engines/machine/address.ts";
import { cycles, physical } from "../../engines/machine/address.ts";
import { BLOCK_SLOT, CONSOLE_SLOT, PLIC_BASE, RAM_BASE, VIRTIO_FIRST_IRQ } from "../../engines/machine/layout.ts";
import { CSR, type EngineMode } from "../../engines/machine/hart/hart.ts";
import { FIRMWARE_BYTES } from "../../engines/machine/layout.ts";
import { bench, GUEST_AT, TABLE_AT } from "./fixture.ts";
import { Driver, loopback } from "./virtio-driver.ts";
import type { PhysicalMemory } from "../../engines/machine/memory.ts";

export const SECTORS = 64;
export const DISK_BYTES = SECTORS * 512;

/** Ports 0 and 1 joined by a cable, a disk and a console. Drivers use addresses from `at(0)` on. */
export function equipped(mode: EngineMode, readOnly = false) {
  let memory: PhysicalMemory | undefined;
  const wire = loopback(() => memory as PhysicalMemory);
  const machine = bench(mode, undefined, 1, {
    deviceBytes: DISK_BYTES,
    wire,
    devices: (made) => {
      memory = made;
      return { ports: 2, console: true, disk: { at: made.deviceArea(), bytes: DISK_BYTES, readOnly } };
    },
  });
  const { hart, state } = machine;
  const hypervisor = mode === "hypervisor";
  if (hypervisor) for (const slot of [0, 1, BLOCK_SLOT, CONSOLE_SLOT]) hart.setDeviceRegions(slot, TABLE_AT);
  const base = hypervisor ? RAM_BASE : RAM_BASE + FIRMWARE_BYTES;
  const shift = hypervisor ? GUEST_AT - RAM_BASE : 0;
  for (let slot = 0; slot < 8; slot++) hart.writeDevice(physical(PLIC_BASE + 4 * (VIRTIO_FIRST_IRQ + slot)), 1);
  hart.writeDevice(physical(PLIC_BASE + 0x2080), 0x1fe);
  return {
    ...machine, wire, shift,
    /** An address that the driver may give a device. */
    at: (offset: number) => base + offset,
    /** Where that lies. */
    host: (offset: number): HostOffset => machine.memory.offset(physical(base + offset + shift)),
    driver: (slot: number) => new Driver(hart, slot, shift),
    poll: () => state.devices.poll(0, cycles(0)),
    interrupts: () => (hart.csrLow(hypervisor ? CSR.sip : CSR.mip) & 0x200) !== 0,
  };
}

export function bytesAt(memory: PhysicalMemory, at: number, bytes: number): number[] {
  return Array.from(memory.u8.subarray(at, at + bytes));
}
