// Writes what the kernel knows of a VMM process, and what the VMM itself begins with, at boot.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import type { Hart } from "../machine/hart/hart.ts";
import type { PlacedVm } from "../placement/placement.ts";
import { ticksToCycles } from "../scheduler/time.ts";
import { field } from "../state/words.ts";
import { contextOf, VCPU, VCPU_BYTES, VCPU_STATE } from "../vcpu/record.ts";
import type { Split } from "./kernel/devices.ts";
import { registerAt } from "./kernel/programs.ts";
import { type HostedLayout, PROCESS } from "./layout.ts";
import { RUN } from "./run.ts";
import { VMM } from "./vmm/layout.ts";
import { REGISTER } from "./vmm/program.ts";

/** `vcpus`: the record of its first vCPU. */
export function writeProcess(memory: CoreMemory, layout: HostedLayout, vm: PlacedVm, vcpus: PhysicalAddress, split: Split, passed: number): void {
  const { index, machine, slot, ends, devices } = vm;
  layout.writeSpace(memory, vm);
  const vmm = layout.vmm(index);
  memory.storeNumber(field(vmm, VMM.ram), slot.physical);
  memory.storeNumber(field(vmm, VMM.guestRam), slot.guest);
  memory.storeNumber(field(vmm, VMM.ramBytes), slot.bytes);
  memory.store(field(vmm, VMM.vcpus), machine.vcpus);
  memory.store(field(vmm, VMM.channels), ends.length);
  memory.store(field(vmm, VMM.loopbacks), ends.reduce((bits, { peer }, id) => (peer === index ? bits | (1 << id) : bits), 0));
  memory.store(field(vmm, VMM.hasSerial), devices.serial ? 1 : 0);
  memory.store(field(vmm, VMM.all), split === "user" ? 1 : 0);
  memory.store(field(vmm, VMM.passed), passed);
  for (let number = 0; number < machine.vcpus; number++) {
    const run = layout.run(index, number);
    const thread = layout.thread(field(vcpus, number * VCPU_BYTES));
    memory.store(field(run, RUN.number), number);
    memory.store(registerAt(thread, REGISTER.process), vmm);
    memory.store(registerAt(thread, REGISTER.run), run);
  }
}

/** The service thread of a VMM: of the same weight as a vCPU, it sleeps until it is told something. */
export function writeService(hart: Hart, layout: HostedLayout, { index, machine }: PlacedVm, vm: PhysicalAddress, service: PhysicalAddress): void {
  const { memory } = hart;
  memory.store(field(service, VCPU.state), VCPU_STATE.blocked);
  memory.store(field(service, VCPU.vm), vm);
  memory.storeNumber(field(service, VCPU.budget), ticksToCycles(machine.share.budget));
  memory.storeNumber(field(service, VCPU.period), ticksToCycles(machine.share.period));
  memory.storeNumber(field(service, VCPU.timer), Infinity);
  hart.resetContext(contextOf(service), 0, 0, 0);
  memory.store(field(layout.process(index), PROCESS.service), service);
  memory.store(registerAt(layout.thread(service), REGISTER.process), layout.vmm(index));
}
