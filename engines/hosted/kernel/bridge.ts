// Ports of the machine and the taps of the VMMs whose guests own them: frames go between them by their destination, as
// over a bridge.

import { physical } from "../../machine/address.ts";
import type { Hart } from "../../machine/hart/hart.ts";
import { RIGHT, VIRTIO_FIRST_IRQ } from "../../machine/layout.ts";
import type { PlacedVm } from "../../placement/placement.ts";
import { portAt } from "../../virtual-devices/layout.ts";
import { locationOf } from "../../virtual-devices/guest-memory.ts";
import type { DeviceGuard } from "../../virtual-devices/guard.ts";
import { LONGEST_FRAME, SHORTEST_FRAME } from "../../virtual-devices/nic.ts";
import { complete, route } from "../../virtual-devices/physical-plic.ts";
import { Segment } from "../../virtual-devices/segment.ts";
import type { HostedLayout } from "../layout.ts";
import { ERROR } from "../system-calls.ts";
import { NOTHING, Tap } from "./tap.ts";
import { TAP_FRAMES } from "./tap-record.ts";

/** Tells a VMM's service thread of interrupt sources of its guest's. */
export type Tell = (hart: Hart, guest: number, sources: number) => void;

export class Bridge {
  /** By port. */
  readonly #segments: readonly (Segment<Tap> | undefined)[];
  /** By guest and slot, and which port's they are. */
  readonly #taps: readonly (readonly Tap[])[];
  readonly #ports: readonly (readonly number[])[];
  readonly #guard: DeviceGuard;
  readonly #tell: Tell;

  constructor(vms: readonly PlacedVm[], layout: HostedLayout, guard: DeviceGuard, tell: Tell) {
    const members: Tap[][] = [];
    this.#taps = vms.map(({ index, devices }) => devices.nics.map(({ slot, mac, port }) => {
      const tap = new Tap(index, slot, mac, layout.tap(index, slot));
      (members[port] ??= []).push(tap);
      return tap;
    }));
    this.#ports = vms.map(({ devices }) => devices.nics.map(({ port }) => port));
    const segments: (Segment<Tap> | undefined)[] = [];
    for (const [port, taps] of members.entries()) if (taps !== undefined) segments[port] = new Segment(port, portAt(port), taps);
    this.#segments = segments;
    this.#guard = guard;
    this.#tell = tell;
  }

  /** Once, at boot. `homeOf`: the hart that takes the machine's interrupts of a source. */
  boot(hart: Hart, homeOf: (source: number) => number): void {
    for (const segment of this.#segments) {
      if (segment === undefined) continue;
      route(hart, VIRTIO_FIRST_IRQ + segment.port, homeOf(VIRTIO_FIRST_IRQ + segment.port));
      segment.start(hart);
    }
  }

  /** The machine's source `source` has interrupted. Answers false if that is no port here. */
  interrupt(hart: Hart, source: number): boolean {
    const segment = this.#segments[source - VIRTIO_FIRST_IRQ];
    if (segment === undefined) return false;
    this.#enter(hart, segment);
    segment.receive(hart);
    this.#guard.leaveSegment(hart, segment.port);
    complete(hart, source, hart.id);
    this.#settle(hart, segment);
    return true;
  }

  /** A VMM transmits `bytes` at `at`, in its process, by the tap at its guest's slot `slot`. */
  write(hart: Hart, guest: number, slot: number, at: number, bytes: number): number {
    const tap = this.#taps[guest][slot];
    const segment = this.#segments[this.#ports[guest][slot]];
    if (tap === undefined || segment === undefined) return ERROR.badEnd;
    if (bytes < SHORTEST_FRAME || bytes > LONGEST_FRAME) return ERROR.invalid;
    const frame = physical(at >>> 0);
    if (!hart.user.memory.reaches(frame, bytes, RIGHT.read)) return ERROR.fault;
    this.#enter(hart, segment);
    segment.send(hart, locationOf(frame), bytes, tap);
    this.#guard.leaveSegment(hart, segment.port);
    this.#settle(hart, segment);
    return bytes;
  }

  /** A VMM takes the oldest frame that waits at a tap, if there is one, to `at`, where it has room for `room` bytes. */
  read(hart: Hart, guest: number, slot: number, at: number, room: number): number {
    const tap = this.#taps[guest][slot];
    const segment = this.#segments[this.#ports[guest][slot]];
    if (tap === undefined || segment === undefined) return ERROR.badEnd;
    const target = physical(at >>> 0);
    if (room <= 0 || room > LONGEST_FRAME) return ERROR.invalid;
    if (!hart.user.memory.reaches(target, room, RIGHT.write)) return ERROR.fault;
    this.#enter(hart, segment);
    tap.use(hart.memory);
    const full = tap.held === TAP_FRAMES;
    const bytes = tap.take(target, room);
    if (bytes !== NOTHING) segment.count(hart.memory, bytes);
    if (full) segment.resume(hart);
    this.#guard.leaveSegment(hart, segment.port);
    this.#settle(hart, segment);
    return bytes;
  }

  /** Has the VMM told once more of the tap at slot `slot`. */
  poll(hart: Hart, guest: number, slot: number): number {
    if (this.#taps[guest][slot] === undefined) return ERROR.badEnd;
    this.#tell(hart, guest, 1 << (VIRTIO_FIRST_IRQ + slot));
    return 0;
  }

  #enter(hart: Hart, segment: Segment<Tap>): void {
    this.#guard.enterSegment(hart, segment.port);
    segment.begin();
  }

  /** VMMs for whose guests frames have come are told so. */
  #settle(hart: Hart, { nics: taps }: Segment<Tap>): void {
    for (let index = 0; index < taps.length; index++) {
      const tap = taps[index];
      if (!tap.filled) continue;
      tap.filled = false;
      this.#tell(hart, tap.guest, 1 << (VIRTIO_FIRST_IRQ + tap.slot));
    }
  }
}
