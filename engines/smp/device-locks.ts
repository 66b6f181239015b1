// Locks around emulated devices: one for each guest's interrupt controller and serial console, and one for
// each segment of the virtual switch.

import type { Hart } from "../machine/hart/hart.ts";
import type { Exclusion } from "../locks/exclusion.ts";
import type { DeviceGuard } from "../virtual-devices/guard.ts";
import { deviceLock, segmentLock } from "./layout.ts";

export class DeviceLocks implements DeviceGuard {
  readonly #exclusion: Exclusion;

  constructor(exclusion: Exclusion) {
    this.#exclusion = exclusion;
  }

  enterGuest(hart: Hart, guest: number): void {
    this.#exclusion.acquire(hart, deviceLock(guest));
  }

  leaveGuest(hart: Hart, guest: number): void {
    this.#exclusion.release(hart, deviceLock(guest));
  }

  enterSegment(hart: Hart, port: number): void {
    this.#exclusion.acquire(hart, segmentLock(port));
  }

  leaveSegment(hart: Hart, port: number): void {
    this.#exclusion.release(hart, segmentLock(port));
  }
}
