// Doorbells: a bit at the peer for each end that was rung.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field, loadAddress, NONE } from "../state/words.ts";
import { CHANNEL_END, channelEnd, VM } from "../virtual-machine/record.ts";

/**
 * Rings at the other end of a guest's channel. Answers the peer, which is now due a software interrupt;
 * NONE if the guest has no such channel, or nobody here has its other end.
 */
export function ring(memory: CoreMemory, vm: PhysicalAddress, id: number): PhysicalAddress {
  if (id >= memory.load(field(vm, VM.channelCount))) return NONE;
  const end = channelEnd(vm, id);
  const peer = loadAddress(memory, field(end, CHANNEL_END.peer));
  if (peer === NONE) return NONE;
  markRung(memory, peer, memory.load(field(end, CHANNEL_END.bit)));
  return peer;
}

export function markRung(memory: CoreMemory, vm: PhysicalAddress, bit: number): void {
  const rung = field(vm, VM.rung);
  memory.store(rung, memory.load(rung) | bit);
}

/** The ends rung since this was last asked. */
export function takeRung(memory: CoreMemory, vm: PhysicalAddress): number {
  const rung = field(vm, VM.rung);
  const bits = memory.load(rung);
  if (bits !== 0) memory.store(rung, 0);
  return bits;
}
