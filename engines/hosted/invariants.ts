// What holds of the host whenever no hart is in its kernel or a VMM: what holds of smp's tables, which are its own, with
// service threads among the vCPUs; and what every VMM process was given at boot.

import { FIRMWARE_BYTES } from "../machine/layout.ts";
import type { Configuration, Platform } from "../engine.ts";
import { deviceInvariants } from "../invariants/devices.ts";
import { lockInvariants } from "../invariants/lock.ts";
import { disjointInvariants } from "../invariants/memory-map.ts";
import { portInvariants } from "../invariants/nic.ts";
import { type Broken, isFixed } from "../invariants/words.ts";
import type { LockName } from "../locks/kinds.ts";
import type { Networking } from "../placement/devices.ts";
import { place, type PlacedVm } from "../placement/placement.ts";
import { StateView } from "../report/state-view.ts";
import { guestsInvariants, type NamedLock, queuesInvariants, RULES } from "../smp/invariants.ts";
import { deviceAreaBytes } from "../virtual-devices/layout.ts";
import { needsService, type Split } from "./kernel/devices.ts";
import { HostedLayout, PROCESS } from "./layout.ts";
import { RUN } from "./run.ts";
import { VMM } from "./vmm/layout.ts";

interface Chosen {
  readonly nic: Networking;
  readonly kind: LockName;
  readonly split: Split;
  /** Of the host's own. */
  readonly processes: number;
}

export function hostedInvariants(
  { memory, harts }: Platform, configuration: Configuration, { nic, kind, split, processes }: Chosen, locks: readonly NamedLock[],
): readonly string[] {
  const view = new StateView(memory);
  const bytes = deviceAreaBytes(configuration);
  const placed = place(configuration, memory.ramBytes, "translated", bytes);
  const services = placed.filter((vm) => needsService(vm, split)).length;
  const layout = new HostedLayout(configuration, processes);
  // The line of a serial console is moved by the VMM, which has the console's registers.
  const kernels = bytes === 0 || split === "user" ? [] : placed.filter(({ devices }) => !devices.serial);
  return [
    ...guestsInvariants(view, placed, harts, nic, { ...RULES, left: "credits", restarts: false }, services, processes),
    ...queuesInvariants(view, placed, harts, services + processes),
    ...locks.flatMap(({ name, lock }) => [...lockInvariants(view, name, lock, kind, harts)]),
    ...disjointInvariants(placed, nic, FIRMWARE_BYTES + bytes),
    ...kernels.flatMap((vm) => [...deviceInvariants(view, vm, nic)]),
    ...nic === "passthrough" ? [] : [...new Set(configuration.nics?.map(({ port }) => port))].flatMap((port) => [...portInvariants(view, port)]),
    ...placed.flatMap((vm) => [...processInvariants(view, layout, vm, split)]),
  ];
}

/** What a VMM cannot change lies in the kernel; what it must not, in its own memory. */
function* processInvariants(view: StateView, layout: HostedLayout, { index, machine, slot, ends }: PlacedVm, split: Split): Broken {
  const of = (what: string): string => `${machine.name}'s VMM: ${what}`;
  const vmm = layout.vmm(index);
  const process = layout.process(index);
  yield* isFixed(of("how many regions its process has"), view.word(process, PROCESS.space), 2 + ends.length);
  yield* isFixed(of("where its guest's RAM lies"), view.number(vmm, VMM.ram), slot.physical);
  yield* isFixed(of("where its guest sees its RAM"), view.number(vmm, VMM.guestRam), slot.guest);
  yield* isFixed(of("the size of its guest's RAM"), view.number(vmm, VMM.ramBytes), slot.bytes);
  yield* isFixed(of("how many vCPUs its guest has"), view.word(vmm, VMM.vcpus), machine.vcpus);
  yield* isFixed(of("how many channels its guest has"), view.word(vmm, VMM.channels), ends.length);
  yield* isFixed(of("whether it has all devices"), view.word(vmm, VMM.all), split === "user" ? 1 : 0);
  yield* isFixed(of("who is at its devices"), view.word(vmm, VMM.lock), 0);
  for (let number = 0; number < machine.vcpus; number++) {
    yield* isFixed(of(`the number of vCPU ${number}`), view.word(layout.run(index, number), RUN.number), number);
  }
}
