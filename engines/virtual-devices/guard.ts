// Mutual exclusion around emulated devices.

import type { Hart } from "../machine/hart/hart.ts";

/** What keeps harts apart that work on the same devices. A hart enters one at a time. */
export interface DeviceGuard {
  /** Around the use of a guest's interrupt controller and serial console. */
  enterGuest(hart: Hart, guest: number): void;
  leaveGuest(hart: Hart, guest: number): void;
  /** Around the use of a segment and its network devices. */
  enterSegment(hart: Hart, port: number): void;
  leaveSegment(hart: Hart, port: number): void;
}

/** For a hypervisor of one hart. */
export const unguarded: DeviceGuard = {
  enterGuest() {},
  leaveGuest() {},
  enterSegment() {},
  leaveSegment() {},
};
