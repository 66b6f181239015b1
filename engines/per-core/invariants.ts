// What holds of all hypervisors of a machine whenever no hart is in one: of each, what holds of it alone on its own memory; and
// of the rings between them, which are all that they share.

import { FIRMWARE_BYTES, MAXIMUM_HARTS, RAM_BASE } from "../machine/layout.ts";
import { physical } from "../machine/address.ts";
import { RING_BYTES } from "../channels/ring.ts";
import type { Configuration, Platform } from "../engine.ts";
import { ringInvariants } from "../invariants/rings.ts";
import { type Broken, isUnused } from "../invariants/words.ts";
import { place, type PlacedVm } from "../placement/placement.ts";
import { engineAreaBytes } from "../restart/area.ts";
import { StateView } from "../report/state-view.ts";
import type { UniprocessorOptions } from "../uniprocessor/hypervisor.ts";
import { instanceInvariants, machineInvariants } from "../uniprocessor/invariants.ts";
import { MAXIMUM_CHANNELS } from "../virtual-machine/record.ts";
import { Crossings, doorbellVm } from "./crossings.ts";
import { instanceState, ringAt } from "./layout.ts";

export function perCoreInvariants(platform: Platform, configuration: Configuration, options: UniprocessorOptions): readonly string[] {
  const view = new StateView(platform.memory);
  const placed = place(configuration, platform.memory.ramBytes, "translated", engineAreaBytes(configuration, options.restarts));
  return [
    ...hypervisorInvariants(platform, view, placed, options),
    ...crossingInvariants(platform, view, placed),
    ...machineInvariants(view, configuration, placed, options),
  ];
}

const guestsOf = (placed: readonly PlacedVm[], harts: number, hart: number): readonly PlacedVm[] => placed.filter(({ machine }) => machine.hart % harts === hart);

/** All pointers of an instance's records lead to its own memory: what they lead to is checked to be what they were at boot. */
function* hypervisorInvariants({ harts }: Platform, view: StateView, placed: readonly PlacedVm[], options: UniprocessorOptions): Broken {
  for (let hart = 0; hart < harts; hart++) {
    yield* instanceInvariants(view, { name: `the run queue of hart ${hart}`, base: instanceState(hart), hart, vms: guestsOf(placed, harts, hart), options });
  }
  const end = ringAt(0);
  if (harts < MAXIMUM_HARTS) yield* isUnused("the state of a hart that there is not", view, instanceState(harts), end - instanceState(harts));
}

function* crossingInvariants({ harts }: Platform, view: StateView, placed: readonly PlacedVm[]): Broken {
  const crossings = new Crossings(placed, harts);
  for (const [hart, rings] of crossings.inbound.entries()) {
    for (const [index, ring] of rings.entries()) {
      yield* ringInvariants(view, `ring ${index} to hart ${hart}`, ring, guestsOf(placed, harts, hart), doorbellVm, (message) => message % MAXIMUM_CHANNELS);
    }
  }
  const first = ringAt(crossings.rings);
  yield* isUnused("a ring that there is not", view, first, Math.floor((physical(RAM_BASE + FIRMWARE_BYTES) - first) / RING_BYTES) * RING_BYTES);
}
