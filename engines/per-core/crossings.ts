// Which ends of channels lie on different harts, and the rings that carry their doorbells: one for each
// ordered pair of harts with a channel between them.

import type { PhysicalAddress } from "../machine/address.ts";
import { hartId, type HartId } from "../machine/address.ts";
import { BootError } from "../engine.ts";
import type { PlacedVm } from "../placement/placement.ts";
import { MAXIMUM_CHANNELS } from "../virtual-machine/record.ts";
import { MAXIMUM_RINGS, ringAt } from "./layout.ts";

/** The way from one end of a channel to the other. */
export interface Crossing {
  readonly ring: PhysicalAddress;
  readonly target: HartId;
  readonly message: number;
}

/** A doorbell as a message: which guest, by its index in the configuration, and which of its ends. */
export function doorbell(vm: number, id: number): number {
  return vm * MAXIMUM_CHANNELS + id;
}

export function doorbellVm(message: number): number {
  return Math.floor(message / MAXIMUM_CHANNELS);
}

export function doorbellBit(message: number): number {
  return 1 << (message % MAXIMUM_CHANNELS);
}

export class Crossings {
  /** Rings read by each hart. */
  readonly inbound: readonly PhysicalAddress[][];
  /** By doorbell() of the end that rings; undefined where both ends are on one hart. */
  readonly outbound: readonly (Crossing | undefined)[];

  constructor(vms: readonly PlacedVm[], harts: number) {
    const inbound: PhysicalAddress[][] = Array.from({ length: harts }, () => []);
    const outbound: (Crossing | undefined)[] = [];
    const rings = new Map<number, PhysicalAddress>();
    const hartOf = (vm: number): number => vms[vm].machine.hart % harts;
    for (const vm of vms) {
      for (const [id, end] of vm.ends.entries()) {
        const from = hartOf(vm.index);
        const to = hartOf(end.peer);
        if (from === to) continue;
        const pair = from * harts + to;
        let ring = rings.get(pair);
        if (ring === undefined) {
          if (rings.size === MAXIMUM_RINGS) throw new BootError(`channels between more than ${MAXIMUM_RINGS} ordered pairs of harts`);
          ring = ringAt(rings.size);
          rings.set(pair, ring);
          inbound[to].push(ring);
        }
        outbound[doorbell(vm.index, id)] = { ring, target: hartId(to), message: doorbell(end.peer, end.peerId) };
      }
    }
    this.inbound = inbound;
    this.outbound = outbound;
  }

  get rings(): number {
    return this.inbound.reduce((sum, rings) => sum + rings.length, 0);
  }
}
