// Doorbells: a bit at the peer for each end that was rung.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field, loadAddress, NONE, toAddress } from "../state/words.ts";
import { CHANNEL_END, channelEnd, VM } from "../virtual-machine/record.ts";

/** Answer of a ring() for which there is no room. */
export const REFUSED = toAddress(1);
/** Answer of a ring() at an end that is rung already: its guest was interrupted for that, and is told of both when it asks. */
export const RUNG = toAddress(2);

export interface Doorbells {
  /**
   * Rings at the other end of a guest's channel. Answers the peer, which is now due a software interrupt;
   * NONE if the guest has no such channel, or nobody here has its other end; REFUSED where that cannot be kept;
   * RUNG where no further interrupt is due.
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
    return takeBits(memory, vm);
  },
};

/** For guests of several harts under a lock: who rings again and again takes no time of a guest that does not ask, on whatever hart that runs.
 *  As Xen's event channels, which look for a bit set already too: evtchn_2l_set_pending() in xen/common/event_2l.c. */
export const mergingDoorbells: Doorbells = {
  ring(memory, vm, id) {
    const peer = peerOf(memory, vm, id);
    if (peer === NONE) return NONE;
    const rung = field(peer, VM.rung);
    const bit = peerBit(memory, vm, id);
    const bits = memory.load(rung);
    if ((bits & bit) !== 0) return RUNG;
    memory.store(rung, bits | bit);
    return peer;
  },

  takeRung(memory, vm) {
    return takeBits(memory, vm);
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

function takeBits(memory: CoreMemory, vm: PhysicalAddress): number {
  const rung = field(vm, VM.rung);
  const bits = memory.load(rung);
  if (bits !== 0) memory.store(rung, 0);
  return bits;
}
