// What holds of the SMP hypervisor whenever no hart is in it.

import { hartId, type PhysicalAddress } from "../machine/address.ts";
import { VIRTUAL_INTERRUPTS } from "../machine/hart/privileged.ts";
import { FIRMWARE_BYTES } from "../machine/layout.ts";
import type { Configuration, Platform } from "../engine.ts";
import { deviceInvariants } from "../invariants/devices.ts";
import { guestInvariants, type GuestRecords, type VcpuRules, vcpusOf } from "../invariants/guest.ts";
import { lockInvariants } from "../invariants/lock.ts";
import { disjointInvariants, guestAt, hartInvariants, secondStageInvariants } from "../invariants/memory-map.ts";
import { portInvariants } from "../invariants/nic.ts";
import { currentOf, type RunQueue, runningMachine, runQueueInvariants, sharedInvariants } from "../invariants/run-queue.ts";
import { below, type Broken, hasOnly, isUnused, isWithin } from "../invariants/words.ts";
import type { LockName } from "../locks/kinds.ts";
import type { Networking } from "../placement/devices.ts";
import { place, type PlacedVm } from "../placement/placement.ts";
import { engineAreaBytes } from "../restart/area.ts";
import type { Restarts } from "../restart/restarts.ts";
import { StateView } from "../report/state-view.ts";
import { field, NONE } from "../state/words.ts";
import { VCPU, VCPU_STATE } from "../vcpu/record.ts";
import { deviceAreaBytes } from "../virtual-devices/layout.ts";
import { CAPACITY, IDLE_HARTS, queueOf, vcpuAt, vmAt } from "./layout.ts";
import { HARTS_IN_WORD, idleHartsWords } from "./idle-harts.ts";

const { stopped, blocked, ready, running } = VCPU_STATE;
export const RULES = { states: [stopped, blocked, ready, running], interrupts: VIRTUAL_INTERRUPTS } as const;

export interface NamedLock {
  readonly name: string;
  readonly lock: PhysicalAddress;
}

/** Of its options, what matters here. */
interface Chosen extends Pick<VcpuRules, "left"> {
  readonly nic: Networking;
  readonly kind: LockName;
  readonly restarts: Restarts | undefined;
}

export function smpInvariants(
  { memory, harts }: Platform, configuration: Configuration, { nic, kind, left, restarts }: Chosen, locks: readonly NamedLock[],
): readonly string[] {
  const view = new StateView(memory);
  const bytes = deviceAreaBytes(configuration);
  const area = engineAreaBytes(configuration, restarts);
  const placed = place(configuration, memory.ramBytes, "translated", area);
  return [
    ...guestsInvariants(view, placed, harts, nic, { ...RULES, left, restarts: restarts !== undefined }),
    ...queuesInvariants(view, placed, harts),
    ...locks.flatMap(({ name, lock }) => [...lockInvariants(view, name, lock, kind, harts)]),
    ...disjointInvariants(placed, nic, FIRMWARE_BYTES + area),
    ...bytes === 0 ? [] : placed.flatMap((vm) => [...deviceInvariants(view, vm, nic)]),
    ...nic === "passthrough" ? [] : [...new Set(configuration.nics?.map(({ port }) => port))].flatMap((port) => [...portInvariants(view, port)]),
  ];
}

/** `services` and `processes`: threads that have records behind those of the vCPUs, the latter each of a machine of its own. */
export function* guestsInvariants(view: StateView, placed: readonly PlacedVm[], harts: number, nic: Networking, rules: VcpuRules, services = 0, processes = 0): Broken {
  const guests = recordsOf(placed);
  const vcpus = guests.flatMap(vcpusOf);
  for (const guest of guests) {
    yield* guestInvariants(view, guest, rules);
    yield* secondStageInvariants(view, guest, nic);
  }
  for (const vcpu of vcpus) yield* isWithin("the hart that a vCPU was on last", view.word(vcpu, VCPU.lastHart), 0, harts - 1);
  for (let hart = 0; hart < harts; hart++) {
    const guest = guestAt(guests, runningMachine(view, queueOf(hart)));
    if (guest !== undefined) yield* hartInvariants(view, hartId(hart), guest, nic);
  }
  const used = vcpus.length + services + processes;
  yield* isUnused("a record of a vCPU that there is not", view, vcpuAt(used), vcpuAt(CAPACITY.vcpus) - vcpuAt(used));
  yield* isUnused("a record of a guest that there is not", view, vmAt(placed.length + processes), vmAt(CAPACITY.vms) - vmAt(placed.length + processes));
}

/** `others`: such threads. */
export function* queuesInvariants(view: StateView, placed: readonly PlacedVm[], harts: number, others = 0): Broken {
  const guests = recordsOf(placed).flatMap(vcpusOf);
  const vcpus = [...guests, ...Array.from({ length: others }, (_, index) => vcpuAt(guests.length + index))];
  const queues = Array.from({ length: harts }, (_, hart): RunQueue => ({ name: `run-queue[${hart}]`, queue: queueOf(hart) }));
  yield* runQueueInvariants(view, queues, vcpus);
  for (const queue of queues) yield* sharedInvariants(view, queue, vcpus);
  yield* isUnused("the run queue of a hart that there is not", view, queueOf(harts), queueOf(CAPACITY.harts) - queueOf(harts));
  for (let word = 0; word < idleHartsWords(harts); word++) {
    const idle = view.word(field(IDLE_HARTS, 4 * word), 0);
    yield* hasOnly("which harts idle", idle, below(harts - HARTS_IN_WORD * word));
    for (let bit = 0; bit < HARTS_IN_WORD && HARTS_IN_WORD * word + bit < harts; bit++) {
      const hart = HARTS_IN_WORD * word + bit;
      if (((idle >>> bit) & 1) !== 0 && currentOf(view, queueOf(hart)) !== NONE) yield `hart ${hart} is said to idle, and a vCPU is on it`;
    }
  }
}

function recordsOf(placed: readonly PlacedVm[]): readonly GuestRecords[] {
  let vcpus = 0;
  return placed.map((vm) => {
    const first = vcpuAt(vcpus);
    vcpus += vm.machine.vcpus;
    return { placed: vm, record: vmAt(vm.index), vcpus: first, recordOf: vmAt };
  });
}
