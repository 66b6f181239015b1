// The `system` import: CSR instructions, calls, returns, waiting, fences, and the legality of hypervisor
// instructions.

import { CONTINUE, HART, LEAVE, MOVED } from "../layout.ts";
import { csrFault } from "./csr-access.ts";
import { CSR, VIRTUAL_BANK, isBanked } from "./csr-numbers.ts";
import { SLOT, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "./csr-slots.ts";
import { KIND, KIND_OF, SLOT_OF } from "./csr-table.ts";
import { fenceInstructions } from "./instruction-fence.ts";
import { wakes } from "./interrupts.ts";
import { CAUSE, HSTATUS, PRIVILEGE, STATUS } from "./privileged.ts";
import type { HartState } from "./state.ts";
import { raise, raiseCall, takeInterrupt } from "./trap.ts";
import { returnFromVector } from "./trap-return.ts";

const PC = HART.pc >> 2;
const X = HART.x >> 2;
const PRIVILEGE_WORD = HART.privilege >> 2;
const VIRTUAL_WORD = HART.virtual >> 2;
const WAITING = HART.waiting >> 2;
const ATTENTION_WORD = HART.attention >> 2;

const WORD = { ecall: 0x0000_0073, ebreak: 0x0010_0073, sret: 0x1020_0073, wfi: 0x1050_0073 } as const;
const OPCODE = { miscMem: 0x0f, system: 0x73 } as const;
/** funct3 of SYSTEM instructions. */
const FUNCTION = { privileged: 0, csrrw: 1, csrrs: 2, csrrc: 3, virtualAccess: 4 } as const;
/** Bit of funct3 that makes rs1 an immediate. */
const IMMEDIATE = 4;
const FENCE_I = 1;
/** funct7 of the fences, which all have rd = x0. */
const FENCE = { sfenceVma: 0x09, hfenceVvma: 0x11, hfenceGvma: 0x31 } as const;
/** HLV (even funct7) by rs2: 0 signed, 1 unsigned, 3 execute permission; which exist for b, h, w, d. */
const HLV_FIRST = 0x30;
const HSV_LAST = 0x37;
const HLV_FORMS = [0b0011, 0b1011, 0b1011, 0b0001] as const;

/** Executes system instruction `word` at HART.pc. Returns CONTINUE, MOVED or LEAVE. */
export function executeSystem(state: HartState, word: number): number {
  if (word === WORD.ecall) return environmentCall(state);
  if ((word & 0x7f) === OPCODE.miscMem) return fenceInstruction(state, word);
  const operation = (word >> 12) & 7;
  if (operation === FUNCTION.virtualAccess) return virtualAccess(state, word);
  if (operation !== FUNCTION.privileged) return csrInstruction(state, word, operation);
  switch (word) {
    case WORD.ebreak: return raise(state, CAUSE.breakpoint, state.block[PC], state.block[PC + 1]);
    case WORD.sret: return supervisorReturn(state, word);
    case WORD.wfi: return waitForInterrupt(state, word);
    default: return memoryFence(state, word);
  }
}

function environmentCall(state: HartState): number {
  const { block } = state;
  if (block[PRIVILEGE_WORD] === PRIVILEGE.user) return raise(state, CAUSE.userCall, 0, 0);
  return raiseCall(state, block[VIRTUAL_WORD] === 0 ? CAUSE.supervisorCall : CAUSE.virtualSupervisorCall);
}

function illegal(state: HartState, word: number): number {
  return raise(state, CAUSE.illegalInstruction, word, 0);
}

/** The instruction is valid in HS-mode, but not here: illegal, or from V = 1 virtual instruction. */
function forbidden(state: HartState, word: number): number {
  return raise(state, state.block[VIRTUAL_WORD] === 0 ? CAUSE.illegalInstruction : CAUSE.virtualInstruction, word, 0);
}

function isUser(state: HartState): boolean {
  return state.block[PRIVILEGE_WORD] === PRIVILEGE.user;
}

/** Whether the engine traps this instruction of a guest kernel: mstatus bit for S-mode, hstatus bit for VS-mode. */
function isTrapped(state: HartState, machineBit: number, hypervisorBit: number): boolean {
  const { block } = state;
  return block[VIRTUAL_WORD] === 0
    ? (block[SLOT.mstatus] & machineBit) !== 0
    : (block[SLOT.hstatus] & hypervisorBit) !== 0;
}

// ---- CSR instructions -------------------------------------------------------------------------------------

function csrInstruction(state: HartState, word: number, operation: number): number {
  const { block, csrs } = state;
  const source = (word >> 15) & 31;
  const action = operation & ~IMMEDIATE;
  // csrrs and csrrc with x0 (or zero) do not write at all; csrrw always does.
  const writes = action === FUNCTION.csrrw || source !== 0;
  let csr = word >>> 20;
  const fault = csrFault(state, csr, writes);
  if (fault !== 0) return raise(state, fault, word, 0);
  if (block[VIRTUAL_WORD] !== 0 && isBanked(csr)) csr += VIRTUAL_BANK;

  let low = source;
  let high = 0;
  if ((operation & IMMEDIATE) === 0) {
    low = block[X + 2 * source];
    high = block[X + 2 * source + 1];
  }
  const destination = (word >> 7) & 31;
  csrs.read(csr, destination !== 0);
  let oldLow = csrs.low;
  let oldHigh = csrs.high;
  if (csr === CSR.instret) {
    // The count before this instruction, which the core has already added.
    if (oldLow === 0) oldHigh -= 1;
    oldLow -= 1;
  } else if (csr === CSR.time && block[VIRTUAL_WORD] !== 0) {
    const sum = (oldLow >>> 0) + (block[SLOT.htimedelta] >>> 0);
    oldHigh += block[SLOT.htimedelta + 1] + (sum > 0xffff_ffff ? 1 : 0);
    oldLow = sum | 0;
  }
  if (writes) {
    if (action === FUNCTION.csrrw) csrs.write(csr, low, high, -1);
    else if (action === FUNCTION.csrrs) csrs.write(csr, oldLow | low, oldHigh | high, low);
    else csrs.write(csr, oldLow & ~low, oldHigh & ~high, low);
  }
  if (destination !== 0) {
    block[X + 2 * destination] = oldLow;
    block[X + 2 * destination + 1] = oldHigh;
  }
  const kind = KIND_OF[csr];
  if (kind === KIND.atp && (block[SLOT_OF[csr]] !== oldLow || block[SLOT_OF[csr] + 1] !== oldHigh)) return translationChanged(state);
  const inert = kind === KIND.stored || kind === KIND.cycle || kind === KIND.time || kind === KIND.instret;
  return inert ? CONTINUE : interruptAfter(state);
}

/** satp holds from the very next fetch on. */
function translationChanged(state: HartState): number {
  advance(state);
  state.mmu.select();
  const answer = takeInterrupt(state);
  return answer === CONTINUE ? MOVED : answer;
}

/** Takes an interrupt that the current instruction, which retires, has made deliverable. */
function interruptAfter(state: HartState): number {
  const { block } = state;
  const pcLow = block[PC];
  const pcHigh = block[PC + 1];
  advance(state);
  const answer = takeInterrupt(state);
  if (answer === CONTINUE) {
    if (state.model !== null && block[ATTENTION_WORD] !== 0) return LEAVE;
    block[PC] = pcLow;
    block[PC + 1] = pcHigh;
  }
  return answer;
}

/** HART.pc to the next instruction. All system instructions that complete are 4 bytes long. */
function advance(state: HartState): void {
  const { block } = state;
  const low = (block[PC] + 4) | 0;
  block[PC] = low;
  if (low >>> 0 < 4) block[PC + 1] += 1;
}

// ---- returns, waiting, fences -----------------------------------------------------------------------------

function supervisorReturn(state: HartState, word: number): number {
  if (isUser(state) || isTrapped(state, STATUS.TSR, HSTATUS.VTSR)) return forbidden(state, word);
  returnFromVector(state, state.block[VIRTUAL_WORD] === 0 ? SUPERVISOR_BANK : VIRTUAL_SUPERVISOR_BANK);
  const answer = takeInterrupt(state);
  return answer === CONTINUE ? MOVED : answer;
}

/** With TW or VTW it traps at once, even if an interrupt is pending. */
function waitForInterrupt(state: HartState, word: number): number {
  if (isUser(state) || isTrapped(state, STATUS.TW, HSTATUS.VTW)) return forbidden(state, word);
  if (wakes(state)) return interruptAfter(state);
  advance(state);
  state.block[WAITING] = 1;
  return LEAVE;
}

function memoryFence(state: HartState, word: number): number {
  const kind = word >>> 25;
  if (((word >> 7) & 31) !== 0) return illegal(state, word);
  if (kind === FENCE.hfenceVvma || kind === FENCE.hfenceGvma) return forbidden(state, word);
  if (kind !== FENCE.sfenceVma) return illegal(state, word); // mret among others
  if (isUser(state) || isTrapped(state, STATUS.TVM, HSTATUS.VTVM)) return forbidden(state, word);
  // With no ASID bits, an address space given in rs2 is the only one.
  const source = (word >> 15) & 31;
  if (!state.mmu.fence(source === 0 ? null : state.block[X + 2 * source])) return CONTINUE;
  // What follows may have been translated from other memory.
  advance(state);
  return MOVED;
}

/** HLV, HLVX, HSV: only HS-mode executes hypervisor instructions; without the H extension they do not exist. */
function virtualAccess(state: HartState, word: number): number {
  const kind = word >>> 25;
  if (kind < HLV_FIRST || kind > HSV_LAST) return illegal(state, word);
  const size = (kind - HLV_FIRST) >> 1;
  const store = (kind & 1) !== 0;
  const form = (word >> 20) & 31;
  const valid = store ? ((word >> 7) & 31) === 0 : form < 4 && ((HLV_FORMS[size] >> form) & 1) !== 0;
  return valid ? forbidden(state, word) : illegal(state, word);
}

function fenceInstruction(state: HartState, word: number): number {
  if (((word >> 12) & 7) !== FENCE_I) return CONTINUE;
  fenceInstructions(state);
  // What follows may have been translated before.
  advance(state);
  return MOVED;
}
