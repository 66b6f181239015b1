// The fixed table of windows: as at boot, the whole frame or less, each window a vCPU's.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { StateView } from "../report/state-view.ts";
import { TABLE, WINDOW, WINDOW_BYTES } from "../scheduler/table.ts";
import { type Broken, hex, isFixed } from "./words.ts";

/** `vcpus`: in the order of their queue, each of which has one window. */
export function* windowInvariants(view: StateView, name: string, table: PhysicalAddress, vcpus: readonly PhysicalAddress[]): Broken {
  yield* isFixed(`${name}: how many windows there are`, view.word(table, TABLE.count), vcpus.length);
  const frame = view.number(table, TABLE.frame);
  let last = 0;
  for (const [index, vcpu] of vcpus.entries()) {
    const window = physical(table + TABLE.windows + index * WINDOW_BYTES);
    const end = view.number(window, WINDOW.end);
    yield* isFixed(`${name}: whose window ${index} is`, view.address(window, WINDOW.vcpu), vcpu);
    // A frame may be exceeded by less than a cycle.
    if (!(end > last && end < frame + 1)) yield `${name}: window ${index}, of the vCPU at ${hex(vcpu)}, ends at ${end}, after one that ends at ${last}, in a frame of ${frame}`;
    last = end;
  }
}
