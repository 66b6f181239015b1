// What holds of the host whenever no hart is in its kernel or a VMM: what holds of smp's tables, which are its own, with
// service threads among the vCPUs; and what every VMM process was given at boot.

import type { PhysicalAddress } from "../machine/address.ts";
import { FIRMWARE_BYTES } from "../machine/layout.ts";
import type { Configuration, Platform } from "../engine.ts";
import { deviceInvariants } from "../invariants/devices.ts";
import { lockInvariants } from "../invariants/lock.ts";
import { disjointInvariants } from "../invariants/memory-map.ts";
import { nicInvariants, portInvariants } from "../invariants/nic.ts";
import { type Broken, isFixed, isWithin } from "../invariants/words.ts";
import type { LockName } from "../locks/kinds.ts";
import type { Networking } from "../placement/devices.ts";
import { place, type PlacedVm } from "../placement/placement.ts";
import { StateView } from "../report/state-view.ts";
import { guestsInvariants, type NamedLock, queuesInvariants, RULES } from "../smp/invariants.ts";
import { LONGEST_FRAME, SHORTEST_FRAME } from "../virtual-devices/nic.ts";
import { vcpuAt } from "../smp/layout.ts";
import { field, NONE } from "../state/words.ts";
import { VCPU, VCPU_BYTES, VCPU_STATE } from "../vcpu/record.ts";
import { hasTaps, needsService, type Split } from "./kernel/devices.ts";
import type { HostProgram } from "./kernel/host-programs.ts";
import { PIPE, PIPE_CAPACITY } from "./kernel/pipe-record.ts";
import { TAP, TAP_FRAMES } from "./kernel/tap-record.ts";
import { hostAreaBytes, type HostedLayout, PROCESS } from "./layout.ts";
import { RUN } from "./run.ts";
import { VMM } from "./vmm/layout.ts";
import { nicIn } from "./vmm/network-layout.ts";

interface Chosen {
  readonly nic: Networking;
  readonly kind: LockName;
  readonly split: Split;
  /** Of the host's own. */
  readonly programs: readonly HostProgram[];
}

export function hostedInvariants(
  { memory, harts }: Platform, configuration: Configuration, { nic, kind, split, programs }: Chosen, layout: HostedLayout, locks: readonly NamedLock[],
): readonly string[] {
  const view = new StateView(memory);
  const taps = hasTaps(split, nic);
  const bytes = hostAreaBytes(configuration, taps);
  const placed = place(configuration, memory.ramBytes, "translated", bytes);
  const services = placed.filter((vm) => needsService(vm, split)).length;
  const processes = programs.length;
  const firstProcess = vcpuAt(placed.reduce((sum, { machine }) => sum + machine.vcpus, services));
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
    ...taps ? placed.flatMap((vm) => vm.devices.nics.flatMap(({ slot }) => [
      ...tapInvariants(view, `${vm.machine.name}, tap ${slot}`, layout.tap(vm.index, slot)),
      ...nicInvariants(view, vm, slot, nicIn(layout.network(vm.index), slot)),
    ])) : [],
    ...programs.flatMap(({ pipes }, index) => (pipes === undefined ? [] : [
      ...endInvariants(view, layout.pipe(pipes.writes), `the pipe ${pipes.writes}: who writes it`, PIPE.writer, threadOf(firstProcess, index)),
      ...endInvariants(view, layout.pipe(pipes.reads), `the pipe ${pipes.reads}: who reads it`, PIPE.reader, threadOf(firstProcess, index)),
      ...pipeInvariants(view, layout.pipe(pipes.writes), pipes.writes),
    ])),
  ];
}

const threadOf = (first: PhysicalAddress, process: number): PhysicalAddress => field(first, process * VCPU_BYTES);

/** Whoever is at an end of a pipe is there until it ends. */
function* endInvariants(view: StateView, pipe: PhysicalAddress, what: string, end: number, thread: PhysicalAddress): Broken {
  const stopped = view.word(thread, VCPU.state) === VCPU_STATE.stopped;
  yield* isFixed(what, view.address(pipe, end), stopped ? NONE : thread);
}

function* tapInvariants(view: StateView, name: string, tap: PhysicalAddress): Broken {
  const first = view.word(tap, TAP.first);
  const held = view.word(tap, TAP.held);
  yield* isWithin(`${name}: which frame is the oldest`, first, 0, TAP_FRAMES - 1);
  yield* isWithin(`${name}: how many frames wait`, held, 0, TAP_FRAMES);
  for (let index = 0; index < TAP_FRAMES; index++) {
    const waits = (index - first + TAP_FRAMES) % TAP_FRAMES < held;
    yield* isWithin(`${name}: bytes of frame ${index}`, view.word(tap, TAP.lengths + 4 * index), waits ? SHORTEST_FRAME : 0, LONGEST_FRAME);
  }
}

/** Nobody sleeps at an end where there is something for it to do. */
function* pipeInvariants(view: StateView, pipe: PhysicalAddress, number: number): Broken {
  const of = (what: string): string => `the pipe ${number}: ${what}`;
  const held = view.word(pipe, PIPE.held);
  yield* isWithin(of("where its oldest byte is"), view.word(pipe, PIPE.first), 0, PIPE_CAPACITY - 1);
  yield* isWithin(of("how many bytes it holds"), held, 0, PIPE_CAPACITY);
  yield* isWithin(of("whether who reads it sleeps"), view.word(pipe, PIPE.readerWaits), 0, held === 0 ? 1 : 0);
  yield* isWithin(of("whether who writes it sleeps"), view.word(pipe, PIPE.writerWaits), 0, held === PIPE_CAPACITY ? 1 : 0);
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
