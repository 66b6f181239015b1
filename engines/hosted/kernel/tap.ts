// A tap: what a VMM that emulates a network device has of it in the kernel, a station on the segment of a port. Frames for its
// guest wait here until the VMM reads them.

import type { PhysicalAddress } from "../../machine/address.ts";
import type { CoreMemory } from "../../machine/hart/core-memory.ts";
import { field, unboxed } from "../../state/words.ts";
import type { Location } from "../../virtio/device.ts";
import { addressOf } from "../../virtual-devices/guest-memory.ts";
import type { Station } from "../../virtual-devices/segment.ts";
import { frameAt, TAP, TAP_FRAMES } from "./tap-record.ts";

/** Nothing waits here. */
export const NOTHING = 0;

export class Tap implements Station {
  /** The guest's index and the slot at which it sees the device. */
  readonly guest: number;
  readonly slot: number;
  readonly mac: readonly number[];
  /** Whether frames have come where none were. */
  filled = false;
  readonly #record: PhysicalAddress;
  #core!: CoreMemory;

  constructor(guest: number, slot: number, mac: readonly number[], record: PhysicalAddress) {
    this.guest = guest;
    this.slot = slot;
    this.mac = mac;
    this.#record = unboxed(record);
  }

  begin(): void {
    this.filled = false;
  }

  use(core: CoreMemory): void {
    this.#core = core;
  }

  get held(): number {
    return this.#core.load(field(this.#record, TAP.held));
  }

  get canReceive(): boolean {
    return this.held < TAP_FRAMES;
  }

  deliver(_header: PhysicalAddress, frame: Location, bytes: number): boolean {
    const memory = this.#core;
    const { held } = this;
    if (held === TAP_FRAMES) return false;
    const index = (memory.load(field(this.#record, TAP.first)) + held) % TAP_FRAMES;
    memory.copy(frameAt(this.#record, index), addressOf(frame), bytes);
    memory.store(field(this.#record, TAP.lengths + 4 * index), bytes);
    memory.store(field(this.#record, TAP.held), held + 1);
    if (held === 0) this.filled = true;
    return true;
  }

  /** Copies the oldest frame to `target`, as far as there is room for it. Answers how many bytes, or NOTHING. */
  take(target: PhysicalAddress, room: number): number {
    const memory = this.#core;
    const { held } = this;
    if (held === 0) return NOTHING;
    const first = memory.load(field(this.#record, TAP.first));
    const bytes = Math.min(memory.load(field(this.#record, TAP.lengths + 4 * first)), room);
    memory.copy(target, frameAt(this.#record, first), bytes);
    memory.store(field(this.#record, TAP.first), (first + 1) % TAP_FRAMES);
    memory.store(field(this.#record, TAP.held), held - 1);
    return bytes;
  }
}
