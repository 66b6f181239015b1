// Writes a guest's records into engine state, at boot.

import { guestPhysical, physical, type PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { type Region, writeSecondStage } from "../machine/hart/second-stage.ts";
import { RIGHT, VIRTIO_BASE, VIRTIO_STRIDE } from "../machine/layout.ts";
import { BootError } from "../engine.ts";
import { ticksToCycles } from "../scheduler/time.ts";
import { field } from "../state/words.ts";
import { contextOf, VCPU, VCPU_BYTES, VCPU_STATE } from "../vcpu/record.ts";
import { CHANNEL_END, channelEnd, MAXIMUM_WINDOWS, VM } from "../virtual-machine/record.ts";
import { type Networking, passedSlots } from "./devices.ts";
import type { GuestEntry } from "./load.ts";
import type { PlacedVm } from "./placement.ts";

const DATA = RIGHT.read | RIGHT.write;

/**
 * Writes the record of a virtual machine at `record` and those of its vCPUs from `vcpus`; its first vCPU
 * is ready to run. `recordOf` answers the record of another guest, or NONE for one this engine does not run.
 */
export function writeGuest(
  hart: Hart, vm: PlacedVm, start: GuestEntry, record: PhysicalAddress, vcpus: PhysicalAddress,
  recordOf: (index: number) => PhysicalAddress,
): void {
  const { memory } = hart;
  const { machine, slot, ends } = vm;
  memory.storeNumber(field(record, VM.ram), slot.physical);
  memory.storeNumber(field(record, VM.guestRam), slot.guest);
  memory.storeNumber(field(record, VM.ramBytes), slot.bytes);
  memory.store(field(record, VM.vcpus), vcpus);
  memory.store(field(record, VM.vcpuCount), machine.vcpus);
  memory.store(field(record, VM.number), vm.index);
  memory.store(field(record, VM.channelCount), ends.length);
  for (const [id, end] of ends.entries()) {
    const entry = channelEnd(record, id);
    memory.store(field(entry, CHANNEL_END.peer), recordOf(end.peer));
    memory.store(field(entry, CHANNEL_END.bit), 1 << end.peerId);
  }
  for (let number = 0; number < machine.vcpus; number++) {
    writeVcpu(memory, vm, record, number, physical(vcpus + number * VCPU_BYTES));
  }
  memory.store(field(vcpus, VCPU.state), VCPU_STATE.ready);
  hart.resetContext(contextOf(vcpus), start.entry, 0, start.deviceTree);
}

/** Throws BootError where a guest's regions are more than its record holds. */
export function writeRegions(memory: CoreMemory, vm: PlacedVm, record: PhysicalAddress, networking: Networking): void {
  const regions = regionsOf(vm, networking);
  if (regions.length > MAXIMUM_WINDOWS) {
    throw new BootError(`${vm.machine.name} has ${regions.length - 1} channels and devices: a guest may have ${MAXIMUM_WINDOWS - 1} together`);
  }
  writeSecondStage(memory, field(record, VM.secondStage), regions);
}

/** A guest's RAM with all rights, its channels' windows for data only, and the registers of devices that are passed through. */
export function regionsOf(vm: PlacedVm, networking: Networking): readonly Region[] {
  const { slot } = vm;
  return [
    { base: slot.guest, bytes: slot.bytes, physical: slot.physical, rights: DATA | RIGHT.execute },
    ...vm.ends.map(({ window }) => ({
      base: window.guest, bytes: window.bytes, physical: window.physical, rights: DATA,
    })),
    ...passedSlots(vm.devices, networking).map(({ slot, from }) => ({
      base: guestPhysical(VIRTIO_BASE + slot * VIRTIO_STRIDE), bytes: VIRTIO_STRIDE,
      physical: physical(VIRTIO_BASE + from * VIRTIO_STRIDE), rights: DATA | RIGHT.device,
    })),
  ];
}

function writeVcpu(memory: CoreMemory, vm: PlacedVm, record: PhysicalAddress, number: number, vcpu: PhysicalAddress): void {
  const { budget, period } = vm.machine.share;
  memory.store(field(vcpu, VCPU.state), VCPU_STATE.stopped);
  memory.store(field(vcpu, VCPU.vm), record);
  memory.store(field(vcpu, VCPU.number), number);
  memory.storeNumber(field(vcpu, VCPU.budget), ticksToCycles(budget));
  memory.storeNumber(field(vcpu, VCPU.period), ticksToCycles(period));
  memory.storeNumber(field(vcpu, VCPU.timer), Infinity);
}
