// What a lock has counted.

import { cycles, type PhysicalAddress } from "../machine/address.ts";
import type { LockReport } from "../engine.ts";
import { LOCK } from "../locks/record.ts";
import type { StateView } from "./state-view.ts";

export function reportLock(view: StateView, name: string, kind: string, lock: PhysicalAddress): LockReport {
  return {
    name,
    lock,
    kind,
    acquisitions: view.number(lock, LOCK.acquisitions),
    contended: view.number(lock, LOCK.contended),
    handovers: view.number(lock, LOCK.handovers),
    waiting: cycles(view.number(lock, LOCK.waiting)),
    waitingMax: cycles(view.number(lock, LOCK.waitingMax)),
    holding: cycles(view.number(lock, LOCK.holding)),
    holdingMax: cycles(view.number(lock, LOCK.holdingMax)),
  };
}
