// A hart as its privileged software has it: an engine's whole view of the machine it runs on.

import type { Cycles, HartId, PhysicalAddress, Ticks } from "../address.ts";
import { HART, RAISED } from "../layout.ts";
import { DEVICE_WINDOWS } from "../devices/device.ts";
import { loadContext, resetContext, saveContext } from "./context.ts";
import { CoreMemory } from "./core-memory.ts";
import { timersChanged } from "./csr-file.ts";
import { BANK, SLOT, SUPERVISOR_BANK, VIRTUAL_SUPERVISOR_BANK } from "./csr-slots.ts";
import { fenceInstructions, refreshInstructions } from "./instruction-fence.ts";
import { INTERRUPT_CAUSE, MPP_SHIFT, PRIVILEGE, STATUS } from "./privileged.ts";
import { assignDevice, loadSecondStage } from "./second-stage.ts";
import { clearInterrupt, raiseInterrupt } from "./signal.ts";
import type { HartState } from "./state.ts";
import { enterSupervisor, enterVector } from "./trap-entry.ts";
import { UserMode } from "./user-mode.ts";

export { CSR } from "./csr-file.ts";
export { CONTEXT, CONTEXT_BYTES } from "./context.ts";
export type { EngineMode, TrapHandler } from "./state.ts";

const X = HART.x >> 2;
const PC = HART.pc >> 2;
const PRIVILEGE_WORD = HART.privilege >> 2;
/** x0, in whose place pc lies in a context, to x31. */
const REGISTER_WORDS = 64;
const S_STATUS = SUPERVISOR_BANK + BANK.status;
const S_CAUSE = SUPERVISOR_BANK + BANK.cause;
const S_TVAL = SUPERVISOR_BANK + BANK.tval;
const S_EPC = SUPERVISOR_BANK + BANK.epc;
const STIMECMP = SUPERVISOR_BANK + BANK.timecmp;
const HIGH_UNIT = 0x1_0000_0000;
const EXACT = 2 ** 53;
const ECALL_BYTES = 4;
const ALL = -1;
const REGISTER_BYTES = 4;

/** What happens to the lock at the address that is traced with it. */
export type TraceEvent = "lock wanted" | "lock acquired" | "lock released";

export class Hart {
  readonly id: HartId;
  readonly memory: CoreMemory;
  /** For a program of the engine's own, between enterUser() and leaveUser(). */
  readonly user: UserMode;
  readonly #state: HartState;
  readonly #block: Int32Array;
  /** Slots of the registers that a trap to this engine writes. */
  readonly #epc: number;
  readonly #cause: number;
  readonly #timecmp: number;

  constructor(state: HartState, memory = new CoreMemory(state.memory)) {
    this.id = state.id;
    this.memory = memory;
    this.#state = state;
    this.#block = state.block;
    this.#epc = state.hypervisor ? S_EPC : SLOT.mepc;
    this.#cause = state.hypervisor ? S_CAUSE : SLOT.mcause;
    this.#timecmp = state.hypervisor ? STIMECMP : SLOT.mtimecmp;
    this.user = new UserMode(state.memory, this);
    state.hart = this;
  }

  // ---- the guest's general registers ------------------------------------------------------------------

  xLow(n: number): number {
    return this.#block[X + 2 * n];
  }

  xHigh(n: number): number {
    return this.#block[X + 2 * n + 1];
  }

  /** x[n] as an unsigned number: exact below 2^53, and 2^53 for everything above. */
  xNumber(n: number): number {
    return unsigned(this.#block[X + 2 * n], this.#block[X + 2 * n + 1]);
  }

  /** Sets x[n]; x0 stays zero. */
  setX(n: number, low: number, high: number): void {
    if (n === 0) return;
    this.#block[X + 2 * n] = low;
    this.#block[X + 2 * n + 1] = high;
  }

  // ---- CSRs, with the engine's privilege ----------------------------------------------------------------

  csrLow(csr: number): number {
    const { csrs } = this.#state;
    csrs.read(csr);
    return csrs.low;
  }

  csrHigh(csr: number): number {
    const { csrs } = this.#state;
    csrs.read(csr);
    return csrs.high;
  }

  /** As xNumber(). */
  csrNumber(csr: number): number {
    const { csrs } = this.#state;
    csrs.read(csr);
    return unsigned(csrs.low, csrs.high);
  }

  setCsr(csr: number, low: number, high: number): void {
    this.#state.csrs.write(csr, low, high, ALL);
  }

  /** csrrs: sets bits of the low half. */
  setCsrBits(csr: number, bits: number): void {
    const { csrs } = this.#state;
    csrs.read(csr, false);
    csrs.write(csr, csrs.low | bits, csrs.high, bits);
  }

  /** csrrc: clears bits of the low half. */
  clearCsrBits(csr: number, bits: number): void {
    const { csrs } = this.#state;
    csrs.read(csr, false);
    csrs.write(csr, csrs.low & ~bits, csrs.high, bits);
  }

  // ---- the trap being handled ---------------------------------------------------------------------------

  /** scause or mcause: an exception code 0..23, or 0x100 | code for an interrupt. */
  trapCause(): number {
    return this.#block[this.#cause] | (this.#block[this.#cause + 1] < 0 ? INTERRUPT_CAUSE : 0);
  }

  /** Where the guest trapped: the halves of sepc or mepc. */
  trapPcLow(): number {
    return this.#block[this.#epc];
  }

  trapPcHigh(): number {
    return this.#block[this.#epc + 1];
  }

  /** Hypervisors only: the low half of stval, and the halves of htval. */
  trapValueLow(): number {
    return this.#block[S_TVAL];
  }

  trapGuestLow(): number {
    return this.#block[SLOT.htval];
  }

  trapGuestHigh(): number {
    return this.#block[SLOT.htval + 1];
  }

  /** Sets where the guest resumes (sepc or mepc). */
  setResume(low: number, high: number): void {
    this.#resumeAt(low, high);
  }

  /** Resumes behind the instruction that trapped: an environment call, or one of `bytes`. */
  advance(bytes = ECALL_BYTES): void {
    const low = (this.#block[this.#epc] + bytes) | 0;
    this.#block[this.#epc] = low;
    if (low >>> 0 < bytes) this.#block[this.#epc + 1] += 1;
  }

  /** Delivers exception `cause` to the guest's own handler (vstvec or stvec), at the pc where it would have
   *  resumed, when the engine returns. */
  inject(cause: number, valueLow: number, valueHigh: number): void {
    const state = this.#state;
    const block = this.#block;
    const bank = state.hypervisor ? VIRTUAL_SUPERVISOR_BANK : SUPERVISOR_BANK;
    const previous = state.hypervisor
      ? (block[S_STATUS] & STATUS.SPP) === 0 ? PRIVILEGE.user : PRIVILEGE.supervisor
      : (block[SLOT.mstatus] & STATUS.MPP) >> MPP_SHIFT;
    enterVector(state, bank, cause, 0, previous, block[this.#epc], block[this.#epc + 1], valueLow, valueHigh);
    const vector = bank + BANK.tvec;
    this.#resumeAt(block[vector] & ~3, block[vector + 1]);
    if (state.hypervisor) block[S_STATUS] |= STATUS.SPP;
    else block[SLOT.mstatus] = (block[SLOT.mstatus] & ~STATUS.MPP) | (PRIVILEGE.supervisor << MPP_SHIFT);
  }

  #resumeAt(low: number, high: number): void {
    this.#block[this.#epc] = low & ~1;
    this.#block[this.#epc + 1] = high;
  }

  // ---- time ---------------------------------------------------------------------------------------------

  time(): Ticks {
    return this.#state.clock.time();
  }

  now(): Cycles {
    return this.#state.clock.now();
  }

  /** Arms the engine's own timer (stimecmp or mtimecmp); Infinity disarms it. A deadline in the past fires at once.
   *  The interrupt stays pending until the timer is set again. */
  setTimer(deadline: Ticks): void {
    const never = deadline >= EXACT;
    this.#block[this.#timecmp] = never ? -1 : deadline | 0;
    this.#block[this.#timecmp + 1] = never ? -1 : (deadline / HIGH_UNIT) | 0;
    const state = this.#state;
    if (state.hypervisor) state.timers.reloadSupervisor();
    else state.timers.reloadMachine();
    timersChanged(state);
  }

  // ---- interrupts between harts -------------------------------------------------------------------------

  /** Raises the engine's software interrupt (SSIP for a hypervisor, MSIP for machine-mode software) at `target`. */
  sendIpi(target: HartId): void {
    raiseInterrupt(this.#state.i32, target, this.#state.hypervisor ? RAISED.supervisor : RAISED.machine);
  }

  /** Clears this hart's own. */
  clearIpi(): void {
    clearInterrupt(this.#state.i32, this.id, this.#state.hypervisor ? RAISED.supervisor : RAISED.machine);
  }

  /** One round of waiting for another hart to answer; the engine holds no lock. The machine may pause here, or stop,
   *  in which case this does not return. */
  relax(): void {
    this.#state.relax();
  }

  /** Tells whoever watches the machine where privileged software is, as an instrumentation trace port does: no more. */
  trace(_event: TraceEvent, _subject: PhysicalAddress): void {
    // Nobody watches.
  }

  // ---- fences on behalf of the guest ----------------------------------------------------------------------

  /** fence.i in the guest's address space. */
  fenceInstructions(): void {
    fenceInstructions(this.#state);
  }

  /** What a guest needs that last ran on another hart: the same, unless no fence.i has been executed since. */
  refreshInstructions(): void {
    refreshInstructions(this.#state);
  }

  /** sfence.vma of everything in the guest's address spaces. Loading a context does the same. */
  fenceGuest(): void {
    const state = this.#state;
    state.mmu.forget();
    state.switched = true;
  }

  // ---- which guest --------------------------------------------------------------------------------------

  /** Writes at `address` the context of a guest that starts at `pc` in S-mode with a0 and a1, everything else
   *  zero, its counters readable and no timer armed. CONTEXT says what lies where. */
  resetContext(address: PhysicalAddress, pc: number, a0: number, a1: number): void {
    resetContext(this.#state, address, pc, a0, a1);
  }

  /** Stores the guest that trapped: x1..x31, pc, privilege, and its own CSRs. */
  saveContext(address: PhysicalAddress): void {
    saveContext(this.#state, address);
  }

  /** Makes the guest stored at `address` the one to enter when the engine returns. Takes back idle(). */
  loadContext(address: PhysicalAddress): void {
    const state = this.#state;
    loadContext(state, address);
    state.switched = true;
    state.idling = false;
    if (state.hypervisor) state.timers.reloadVirtual();
    else state.timers.reloadSupervisor();
    timersChanged(state);
  }

  /** Hypervisors only: makes the table at `table` (see writeSecondStage) the second stage. `space` names the
   *  address space: equal numbers must mean equal tables, on all harts and for good, as a table is read but once. */
  setSecondStage(table: PhysicalAddress, space: number): void {
    const state = this.#state;
    if (state.secondStage === table && state.space === space) return;
    loadSecondStage(state, table, space);
    state.secondStage = table;
    state.space = space;
    state.switched = true;
  }

  // ---- programs of the engine's own, in user mode ---------------------------------------------------------

  /** Makes the table at `table` (see writeSecondStage; addresses are physical ones) the address space of user mode, unless
   *  it is. `space` names it, as in setSecondStage(). */
  setUserSpace(table: PhysicalAddress, space: number): void {
    if (this.user.space !== space) this.user.use(table, space);
  }

  /** Loads x1..x31 and pc from `registers` (CONTEXT.x, CONTEXT.pc), and returns to user mode there, without virtualization. */
  enterUser(registers: PhysicalAddress): void {
    const { i32, memory } = this.#state;
    const from = memory.offset(registers) >>> 2;
    this.#block.set(i32.subarray(from + 2, from + REGISTER_WORDS), X + 2);
    this.#block[PC] = i32[from];
    this.#block[PC + 1] = i32[from + 1];
    this.#block[PRIVILEGE_WORD] = PRIVILEGE.user;
  }

  /** The program traps, with an environment call or what else `cause` says: the guest's trap under way is no longer in the
   *  registers. Stores x1..x31 and pc at `registers`. */
  leaveUser(registers: PhysicalAddress, cause: number, value: number): void {
    const { i32, memory } = this.#state;
    const block = this.#block;
    enterSupervisor(this.#state, cause, block[PC], block[PC + 1], value | 0, 0);
    const to = memory.offset(registers) >>> 2;
    i32.set(block.subarray(X + 2, X + REGISTER_WORDS), to + 2);
    i32[to] = block[S_EPC];
    i32[to + 1] = block[S_EPC + 1];
  }

  // ---- devices --------------------------------------------------------------------------------------------

  /** Gives the device in virtio-mmio slot `slot` to a guest: from now on it reaches the memory that the table at `table`
   *  (see writeSecondStage) maps, at that guest's addresses, and nothing else. The device is reset. */
  setDeviceRegions(slot: number, table: PhysicalAddress): void {
    assignDevice(this.#state, slot, table);
  }

  /** Reads the register of a device at `address`, of 1, 2 or 4 bytes; where there is none, 0. */
  readDevice(address: PhysicalAddress, bytes = REGISTER_BYTES): number {
    const number = deviceOf(address);
    if (number < 0) return 0;
    const device = this.#state.devices.byNumber[number];
    return device.read(address - DEVICE_WINDOWS[number].base, bytes, this.id) ? device.low : 0;
  }

  /** Writes it. */
  writeDevice(address: PhysicalAddress, value: number, bytes = REGISTER_BYTES): void {
    const number = deviceOf(address);
    if (number >= 0) this.#state.devices.byNumber[number].write(address - DEVICE_WINDOWS[number].base, bytes, value, 0, this.id);
  }

  /** The engine found nothing to run: on return from trap() the hart waits for an interrupt that the engine has
   *  enabled, and traps again. */
  idle(): void {
    this.#state.idling = true;
  }

  /** On return from trap() this hart leaves for good. */
  halt(): void {
    this.#state.halted = true;
  }

  /** Sends one byte of console output out of the machine; `source` says whose (engines give the VM's number). */
  consoleWrite(byte: number, source: number): void {
    this.#state.console.write(byte, source);
  }

  /** Takes the next byte that was typed on the machine's console; -1 if there is none. For one hart at a time. */
  consoleRead(): number {
    const { typed } = this.#state;
    if (typed.available() === 0) return -1;
    const byte = typed.peek(0);
    typed.drop(1);
    return byte;
  }
}

/** DEVICE number of what lies at `address`, or -1. */
function deviceOf(address: PhysicalAddress): number {
  for (let number = 0; number < DEVICE_WINDOWS.length; number++) {
    const { base, bytes } = DEVICE_WINDOWS[number];
    if (address >= base && address < base + bytes) return number;
  }
  return -1;
}

function unsigned(low: number, high: number): number {
  const top = high >>> 0;
  return top >= EXACT / HIGH_UNIT ? EXACT : top * HIGH_UNIT + (low >>> 0);
}
