// What holds of a guest's records whenever no hart is in the engine: what was set at boot is still so, and what changes takes
// only values that the engine gives it.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { CONTEXT } from "../machine/hart/context.ts";
import { PRIVILEGE, SUPERVISOR_STATUS } from "../machine/hart/privileged.ts";
import type { PlacedVm } from "../placement/placement.ts";
import type { StateView } from "../report/state-view.ts";
import { ticksToCycles } from "../scheduler/time.ts";
import { FENCE } from "../vcpu/fences.ts";
import { VCPU, VCPU_BYTES } from "../vcpu/record.ts";
import { CHANNEL_END, channelEnd, VM, VM_STATE } from "../virtual-machine/record.ts";
import { below, type Broken, hasOnly, hex, isFixed, isTime, isWithin } from "./words.ts";

/** Where an engine keeps one guest. */
export interface GuestRecords {
  readonly placed: PlacedVm;
  readonly record: PhysicalAddress;
  /** Of its first vCPU; the others follow. */
  readonly vcpus: PhysicalAddress;
  /** Of another guest; NONE for one that this engine does not run. */
  readonly recordOf: (index: number) => PhysicalAddress;
}

/** What engines do differently with a vCPU. */
export interface VcpuRules {
  /** Values of VCPU_STATE. */
  readonly states: readonly number[];
  /** Interrupts that can be raised at a vCPU that is not on a hart. */
  readonly interrupts: number;
  /** What it has left is of its budget, or of credits (scheduler/credit.ts), which have no bounds. */
  readonly left: "budget" | "credits";
  /** Guests that fail are started again. */
  readonly restarts: boolean;
}

const PAGE = 0x1000;
const RESET_TYPES = 3;
/** Three bits, of which a budget's standing needs one. */
const MOST_STANDING = 7;
/** Causes of exceptions and, above 0x100, of interrupts. */
const MOST_CAUSE = 0x1ff;

export function vcpusOf({ placed, vcpus }: GuestRecords): PhysicalAddress[] {
  return Array.from({ length: placed.machine.vcpus }, (_, number) => physical(vcpus + number * VCPU_BYTES));
}

export function* guestInvariants(view: StateView, guest: GuestRecords, rules: VcpuRules): Broken {
  const { placed: { index, machine, slot, ends }, record, vcpus, recordOf } = guest;
  const of = (what: string): string => `${machine.name}: ${what}`;
  yield* isFixed(of("where its RAM begins"), view.number(record, VM.ram), slot.physical);
  yield* isFixed(of("where it sees its RAM"), view.number(record, VM.guestRam), slot.guest);
  yield* isFixed(of("the size of its RAM"), view.number(record, VM.ramBytes), slot.bytes);
  yield* isFixed(of("where its vCPUs are"), view.address(record, VM.vcpus), vcpus);
  yield* isFixed(of("how many vCPUs it has"), view.word(record, VM.vcpuCount), machine.vcpus);
  yield* isFixed(of("its number"), view.word(record, VM.number), index);
  yield* isFixed(of("how many channels it has"), view.word(record, VM.channelCount), ends.length);
  yield* hasOnly(of("which of its channels rang"), view.word(record, VM.rung), below(ends.length));
  for (const [id, end] of ends.entries()) {
    const entry = channelEnd(record, id);
    yield* isFixed(of(`the peer of its channel ${id}`), view.address(entry, CHANNEL_END.peer), recordOf(end.peer));
    yield* isFixed(of(`the bit of its channel ${id}`), view.word(entry, CHANNEL_END.bit), 1 << end.peerId);
  }
  yield* unitsPageInvariant(of("its units page"), view.number(record, VM.unitsPage), slot.physical, slot.bytes);
  yield* outcomeInvariants(of, view, guest, rules);
  yield* restartInvariants(of, view, record, slot.bytes, rules);
  const numbers = vcpusOf(guest);
  for (const [number, vcpu] of numbers.entries()) yield* vcpuInvariants(view, guest, number, vcpu, rules);
}

function* unitsPageInvariant(what: string, page: number, ram: number, bytes: number): Broken {
  const inside = page % PAGE === 0 && page >= ram && page + PAGE <= ram + bytes;
  if (page !== 0 && !inside) yield `${what} is at ${hex(page)}: that is no page of its RAM`;
}

function* outcomeInvariants(of: (what: string) => string, view: StateView, guest: GuestRecords, rules: VcpuRules): Broken {
  const state = view.word(guest.record, VM.state);
  const cause = view.word(guest.record, VM.cause);
  yield* isWithin(of("its state"), state, VM_STATE.running, rules.restarts ? VM_STATE.restored : VM_STATE.failed);
  if (state === VM_STATE.finished) yield* isWithin(of("the reset that it asked for"), cause, 0, RESET_TYPES - 1);
  if (state !== VM_STATE.failed) return;
  yield* isWithin(of("why it failed"), cause, 0, MOST_CAUSE);
  const failed = view.address(guest.record, VM.failed);
  if (!vcpusOf(guest).includes(failed)) yield of(`it failed at ${hex(failed)}, where it has no vCPU`);
}

function* restartInvariants(of: (what: string) => string, view: StateView, record: PhysicalAddress, ramBytes: number, { restarts }: VcpuRules): Broken {
  const restored = view.number(record, VM.restored);
  const count = view.word(record, VM.restarts);
  const times = [["when it failed last", VM.failedAt], ["when it last began anew", VM.restartedAt]] as const;
  yield* isWithin(of("how much of it has been restored"), restored, 0, restarts ? ramBytes : 0);
  if (count < 0 || (!restarts && count > 0)) yield of(`it has been started again ${count} times`);
  for (const [what, field] of times) {
    if (restarts) yield* isTime(of(what), view.number(record, field));
    else yield* isFixed(of(what), view.number(record, field), 0);
  }
}

function* vcpuInvariants(
  view: StateView, { placed: { machine }, record }: GuestRecords, number: number, vcpu: PhysicalAddress, rules: VcpuRules,
): Broken {
  const of = (what: string): string => `${machine.name}, vCPU ${number}: ${what}`;
  const budget = ticksToCycles(machine.share.budget);
  const period = ticksToCycles(machine.share.period);
  yield* isFixed(of("its machine"), view.address(vcpu, VCPU.vm), record);
  yield* isFixed(of("its number"), view.word(vcpu, VCPU.number), number);
  yield* isFixed(of("its budget"), view.number(vcpu, VCPU.budget), budget);
  yield* isFixed(of("its period"), view.number(vcpu, VCPU.period), period);
  const state = view.word(vcpu, VCPU.state);
  if (!rules.states.includes(state)) yield of(`its state is ${state}: here a vCPU has none such`);
  yield* hasOnly(of("what is raised at it"), view.word(vcpu, VCPU.pending), rules.interrupts);
  yield* isWithin(of("its standing"), view.word(vcpu, VCPU.standing), 0, MOST_STANDING);
  yield* isWithin(of("whether it is suspended"), view.word(vcpu, VCPU.suspended), 0, 1);
  const left = view.number(vcpu, VCPU.remaining);
  // It can run over by no more than the longest trap: far less than a period.
  const inBounds = rules.left === "credits" ? Number.isFinite(left) : left <= budget && left + period >= 0;
  if (!inBounds) yield of(`its budget left is ${left}, of ${budget} in every ${period}`);
  for (const [what, field] of TIMES) yield* isTime(of(what), view.number(vcpu, field));
  yield* hasOnly(of("its fences due"), view.word(vcpu, VCPU.fences), FENCE.instructions | FENCE.addresses);
  const ahead = (view.word(vcpu, VCPU.fenceRequests) - view.word(vcpu, VCPU.fencesServed)) | 0;
  if (ahead < 0) yield of(`it has served ${-ahead} fences more than were requested`);
  yield* contextInvariants(of, view, vcpu);
}

const TIMES = [
  ["when its period ends", VCPU.deadline], ["when it last ran", VCPU.lastRun], ["its CPU time", VCPU.cpuTime], ["its timer", VCPU.timer],
] as const;

/** A saved context is one that a guest can be in: of a vCPU on a hart, the last that it was saved with. */
function* contextInvariants(of: (what: string) => string, view: StateView, vcpu: PhysicalAddress): Broken {
  const at = (offset: number): number => view.word(vcpu, VCPU.context + offset);
  yield* isWithin(of("its privilege"), at(CONTEXT.privilege), PRIVILEGE.user, PRIVILEGE.supervisor);
  yield* hasOnly(of("its status"), at(CONTEXT.status), SUPERVISOR_STATUS);
  if ((at(CONTEXT.pc) & 1) !== 0) yield of(`its pc is odd: ${hex(at(CONTEXT.pc))}`);
}
