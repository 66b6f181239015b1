// A hart's state at reset, after firmware where the engine is a hypervisor.

import { HART, RAM_BASE, REGION, REGION_BYTES, RIGHT } from "../layout.ts";
import { DEVICE_WINDOWS } from "../devices/device.ts";
import { BANK, SLOT, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "./csr-slots.ts";
import { ALL_COUNTERS, STCE_HIGH, SUPERVISOR_INTERRUPTS, VIRTUAL_INTERRUPTS } from "./privileged.ts";
import { setFastRam } from "./second-stage.ts";
import type { HartState } from "./state.ts";

const COMPARATORS = [
  SUPERVISOR_BANK + BANK.timecmp, VIRTUAL_SUPERVISOR_BANK + BANK.timecmp, SLOT.mtimecmp,
] as const;

/**
 * Everything zero, in the engine's privilege, no timer armed, no reservation. A hypervisor finds what M-mode
 * firmware leaves: all traps and supervisor interrupts delegated to it, counters and stimecmp enabled. Machine-mode
 * software finds M-mode registers as hardware leaves them, and delegates and enables by itself.
 */
export function resetHart(state: HartState, threadArea: number): void {
  const { block } = state;
  block.fill(0);
  block[(HART.privilege >> 2)] = state.enginePrivilege;
  block[(HART.threadArea >> 2)] = threadArea;
  for (const half of [0, 1]) {
    block[(HART.reservation >> 2) + half] = -1;
    for (const comparator of COMPARATORS) block[comparator + half] = -1;
  }
  if (state.hypervisor) {
    block[SLOT.mideleg] = SUPERVISOR_INTERRUPTS | VIRTUAL_INTERRUPTS;
    block[SLOT.mcounteren] = ALL_COUNTERS;
    block[SLOT.menvcfg + 1] = STCE_HIGH;
  } else {
    mapPhysicalMemory(state);
  }
  state.timers.reload();
  state.mmu.tlb.reset();
}

/** Without a second stage the regions are the physical map. */
function mapPhysicalMemory(state: HartState): void {
  const { block, memory } = state;
  let region = HART.regions >> 2;
  const map = (base: number, bytes: number, offset: number, rights: number): void => {
    block[region + (REGION.base >> 2)] = base | 0;
    block[region + (REGION.bytes >> 2)] = bytes | 0;
    block[region + (REGION.offset >> 2)] = offset;
    block[region + (REGION.rights >> 2)] = rights;
    region += REGION_BYTES >> 2;
  };
  map(RAM_BASE, memory.ramBytes, memory.ramOffset, RIGHT.read | RIGHT.write | RIGHT.execute);
  DEVICE_WINDOWS.forEach(({ base, bytes }, number) => map(base, bytes, number, RIGHT.read | RIGHT.write | RIGHT.device));
  block[(HART.regionCount >> 2)] = 1 + DEVICE_WINDOWS.length;
  setFastRam(state, memory.ramOffset, memory.ramBytes);
}
