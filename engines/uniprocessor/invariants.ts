// What holds of one uniprocessor hypervisor whenever its hart is not in it.

import { hartId, type PhysicalAddress, physical } from "../machine/address.ts";
import { VIRTUAL_INTERRUPTS } from "../machine/hart/privileged.ts";
import { FIRMWARE_BYTES, RAM_BASE } from "../machine/layout.ts";
import type { Configuration, Platform } from "../engine.ts";
import { deviceInvariants } from "../invariants/devices.ts";
import { guestInvariants, type GuestRecords, vcpusOf } from "../invariants/guest.ts";
import { disjointInvariants, guestAt, hartInvariants, secondStageInvariants } from "../invariants/memory-map.ts";
import { portInvariants } from "../invariants/nic.ts";
import { runningMachine, runQueueInvariants, soleInvariants } from "../invariants/run-queue.ts";
import { windowInvariants } from "../invariants/windows.ts";
import { type Broken, isUnused } from "../invariants/words.ts";
import { place, type PlacedVm } from "../placement/placement.ts";
import { engineAreaBytes } from "../restart/area.ts";
import { StateView } from "../report/state-view.ts";
import { NONE } from "../state/words.ts";
import { VCPU_STATE } from "../vcpu/record.ts";
import { deviceAreaBytes } from "../virtual-devices/layout.ts";
import { CAPACITY, Layout } from "./layout.ts";
import type { UniprocessorOptions } from "./hypervisor.ts";

const { stopped, blocked, ready, running } = VCPU_STATE;
const RULES = { states: [stopped, blocked, ready, running], interrupts: VIRTUAL_INTERRUPTS } as const;

export function uniprocessorInvariants({ memory }: Platform, configuration: Configuration, options: UniprocessorOptions): readonly string[] {
  const view = new StateView(memory);
  const placed = place(configuration, memory.ramBytes, "translated", engineAreaBytes(configuration, options.restarts));
  return [
    ...instanceInvariants(view, { name: "the run queue", base: physical(RAM_BASE), hart: 0, vms: placed, options }),
    ...machineInvariants(view, configuration, placed, options),
  ];
}

/** One hypervisor of a machine. */
export interface Instance {
  readonly name: string;
  readonly base: PhysicalAddress;
  readonly hart: number;
  readonly vms: readonly PlacedVm[];
  readonly options: UniprocessorOptions;
}

export function* instanceInvariants(view: StateView, { name, base, hart, vms, options }: Instance): Broken {
  const layout = new Layout(base);
  const guests = recordsOf(layout, vms);
  const vcpus = guests.flatMap(vcpusOf);
  const queue = { name, queue: layout.queue };
  for (const guest of guests) {
    yield* guestInvariants(view, guest, { ...RULES, left: typeof options.scheduler === "object" ? "credits" : "budget", restarts: options.restarts !== undefined });
    yield* secondStageInvariants(view, guest, options.nic);
  }
  yield* runQueueInvariants(view, [queue], vcpus);
  yield* soleInvariants(view, queue);
  if (options.scheduler === "table") yield* windowInvariants(view, name, layout.windows, vcpus);
  yield* isUnused(`${name}: a record of a vCPU that there is not`, view, layout.vcpu(vcpus.length), layout.vcpu(CAPACITY.vcpus) - layout.vcpu(vcpus.length));
  yield* isUnused(`${name}: a record of a guest that there is not`, view, layout.vm(vms.length), layout.vm(CAPACITY.vms) - layout.vm(vms.length));
  const current = guestAt(guests, runningMachine(view, layout.queue));
  if (current !== undefined) yield* hartInvariants(view, hartId(hart), current, options.nic);
}

/** Of all hypervisors of a machine together. */
export function* machineInvariants(
  view: StateView, configuration: Configuration, placed: readonly PlacedVm[], { nic, restarts }: UniprocessorOptions,
): Broken {
  const bytes = deviceAreaBytes(configuration);
  yield* disjointInvariants(placed, nic, FIRMWARE_BYTES + engineAreaBytes(configuration, restarts));
  if (bytes === 0) return;
  for (const vm of placed) yield* deviceInvariants(view, vm, nic);
  if (nic === "passthrough") return;
  for (const port of new Set(configuration.nics?.map(({ port }) => port))) yield* portInvariants(view, port);
}

function recordsOf(layout: Layout, vms: readonly PlacedVm[]): readonly GuestRecords[] {
  const recordOf = (index: number): PhysicalAddress => {
    const local = vms.findIndex((vm) => vm.index === index);
    return local < 0 ? NONE : layout.vm(local);
  };
  let vcpus = 0;
  return vms.map((placed, local) => {
    const first = layout.vcpu(vcpus);
    vcpus += placed.machine.vcpus;
    return { placed, record: layout.vm(local), vcpus: first, recordOf };
  });
}
