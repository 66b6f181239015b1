// Doorbells: a bit at the peer for each end that was rung.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field, loadAddress, NONE, toAddress } from "../state/words.ts";
import { CHANNEL_END, channelEnd, VM } from "../virtual-machine/record.ts";

/** Answer of a ring() for which there is no room. */
export const REFUSED = toAddress(1);

export interface Doorbells {
  /**
   * Rings at the other end of a guest's channel. Answers the peer, which is now due a software interrupt;
   * NONE if the guest has no such channel, or nobody here has its other end; REFUSED where that cannot be kept.
   */
  ring(memory: CoreMemory, vm: PhysicalAddress, id: number): PhysicalAddress;
  /** The guest's ends rung since this was last asked. */
  takeRung(memory: CoreMemory, vm: PhysicalAddress): number;
}

/** For guests of one hart, or under a lock. */
export const plainDoorbells: Doorbells = {
  ring(memory, vm, id) {
    const peer = peerOf(memory, vm, id);
    if (peer !== NONE) markRung(memory, peer, peerBit(memory, vm, id));
    return peer;
  },

  takeRung(memory, vm) {
    const rung = field(vm, VM.rung);
    const bits = memory.load(rung);
    if (bits !== 0) memory.store(rung, 0);
    return bits;
  },
};

/** For guests of several harts that take no lock. */
export const atomicDoorbells: Doorbells = {
  ring(memory, vm, id) {
    const peer = peerOf(memory, vm, id);
    if (peer !== NONE) memory.or(field(peer, VM.rung), peerBit(memory, vm, id));
    return peer;
  },

  takeRung(memory, vm) {
    return memory.exchange(field(vm, VM.rung), 0);
  },
};

/** What ring() does at the peer, with the bit of the peer's end. */
export function markRung(memory: CoreMemory, peer: PhysicalAddress, bit: number): void {
  const rung = field(peer, VM.rung);
  memory.store(rung, memory.load(rung) | bit);
}

export function peerOf(memory: CoreMemory, vm: PhysicalAddress, id: number): PhysicalAddress {
  if (id >= memory.load(field(vm, VM.channelCount))) return NONE;
  return loadAddress(memory, field(channelEnd(vm, id), CHANNEL_END.peer));
}

/** The bit of the peer's end. */
export function peerBit(memory: CoreMemory, vm: PhysicalAddress, id: number): number {
  return memory.load(field(channelEnd(vm, id), CHANNEL_END.bit));
}
