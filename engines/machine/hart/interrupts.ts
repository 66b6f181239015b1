// Which interrupt a hart takes next: pending, enabled, delegated, and in which order.

import { HART, RAISED } from "../layout.ts";
import { BANK, SLOT, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "./csr-slots.ts";
import { INTERRUPT, INTERRUPT_CAUSE, PRIVILEGE, STATUS } from "./privileged.ts";
import type { HartState } from "./state.ts";

const RAISED_WORD = HART.raised >> 2;
const PRIVILEGE_WORD = HART.privilege >> 2;
const VIRTUAL_WORD = HART.virtual >> 2;
const STATUS_SLOT = SUPERVISOR_BANK + BANK.status;
const ENABLED = SUPERVISOR_BANK + BANK.enabled;
const PENDING = SUPERVISOR_BANK + BANK.pending;
const VIRTUAL_STATUS = VIRTUAL_SUPERVISOR_BANK + BANK.status;
const VIRTUAL_ENABLED = VIRTUAL_SUPERVISOR_BANK + BANK.enabled;
const VIRTUAL_PENDING = VIRTUAL_SUPERVISOR_BANK + BANK.pending;
const SUPERVISOR_TIMERS = INTERRUPT.STI | INTERRUPT.MTI;
const RAISED_BITS = RAISED.supervisor | RAISED.machine | RAISED.supervisorExternal | RAISED.machineExternal;

/** The interrupt the hart takes now: 0 for none, INTERRUPT_CAUSE | n if the engine takes it, n if the guest does.
 *  The engine counts as interruptible whenever this is asked: it is asked when a guest runs or the engine idles.
 *  Reads no clock: timers are as of their last update. */
export function deliverable(state: HartState): number {
  return state.hypervisor ? hypervisorDeliverable(state) : machineDeliverable(state);
}

/** Whether WFI finishes: some interrupt is pending and enabled, whatever the global enables and delegation say. */
export function wakes(state: HartState): boolean {
  const { block } = state;
  const enabled = block[ENABLED] | block[SLOT.mie];
  return (pending(state) & enabled) !== 0 || (virtualPending(state) & block[VIRTUAL_ENABLED]) !== 0;
}

/** Whether the hart is in its guest, not in its engine's idle loop. */
export function executesGuest(state: HartState): boolean {
  const { block } = state;
  return state.hypervisor ? block[VIRTUAL_WORD] !== 0 : block[PRIVILEGE_WORD] !== state.enginePrivilege;
}

/** M and S bits of mip. A plain load of `raised` does: whoever raises sets `attention` after it, and that is looked
 *  at before this. */
function pending(state: HartState): number {
  const { block } = state;
  return (block[RAISED_WORD] & RAISED_BITS) | (state.timers.bits & SUPERVISOR_TIMERS) | block[PENDING];
}

/** VS bits of mip. */
function virtualPending(state: HartState): number {
  return state.block[VIRTUAL_PENDING] | (state.timers.bits & INTERRUPT.VSTI);
}

function hypervisorDeliverable(state: HartState): number {
  const { block } = state;
  const virtual = virtualPending(state) & block[VIRTUAL_ENABLED];
  const delegated = block[SLOT.hideleg];
  const own = (pending(state) & block[ENABLED]) | (virtual & ~delegated);
  if (own !== 0) return INTERRUPT_CAUSE | first(own);
  // Interrupts to VS are shifted down by one; they are taken in VS-mode if vsstatus.SIE, in VU-mode always.
  const guest = (virtual & delegated) >> 1;
  if (guest === 0 || block[VIRTUAL_WORD] === 0) return 0;
  if (block[PRIVILEGE_WORD] === PRIVILEGE.supervisor && (block[VIRTUAL_STATUS] & STATUS.SIE) === 0) return 0;
  return first(guest);
}

function machineDeliverable(state: HartState): number {
  const { block } = state;
  const ready = pending(state) & (block[ENABLED] | block[SLOT.mie]);
  if (ready === 0) return 0;
  const delegated = block[SLOT.mideleg];
  const own = ready & ~delegated;
  if (own !== 0) return INTERRUPT_CAUSE | first(own);
  const privilege = block[PRIVILEGE_WORD];
  if (privilege === PRIVILEGE.machine) return 0;
  if (privilege === PRIVILEGE.supervisor && (block[STATUS_SLOT] & STATUS.SIE) === 0) return 0;
  return first(ready);
}

/** The highest in priority: MEI, MSI, MTI, SEI, SSI, STI, VSEI, VSSI, VSTI (there is no SGEI or LCOFI here). */
function first(bits: number): number {
  if ((bits & INTERRUPT.MEI) !== 0) return 11;
  if ((bits & INTERRUPT.MSI) !== 0) return 3;
  if ((bits & INTERRUPT.MTI) !== 0) return 7;
  if ((bits & INTERRUPT.SEI) !== 0) return 9;
  if ((bits & INTERRUPT.SSI) !== 0) return 1;
  if ((bits & INTERRUPT.STI) !== 0) return 5;
  if ((bits & INTERRUPT.VSEI) !== 0) return 10;
  if ((bits & INTERRUPT.VSSI) !== 0) return 2;
  return 6;
}
