// A hart's primitives on the model clock: each done once, recorded, and paid for by what it does. Of a register read in
// two halves, the low half pays.

import { cycles, type Cycles, type HartId, type PhysicalAddress, type Ticks } from "../address.ts";
import { CONTEXT_BYTES, Hart, type TraceEvent } from "../hart/hart.ts";
import { BANK_WORDS, UNBANKED_WORDS } from "../hart/csr-slots.ts";
import type { HartState } from "../hart/state.ts";
import type { CoreTiming } from "./core-timing.ts";
import type { Cost, CostModel } from "./cost-model.ts";
import type { ModelMemory } from "./model-memory.ts";
import type { Recording } from "./recording.ts";

const REGISTER_BYTES = 8;
/** CSRs that a world switch moves: the guest's bank, those without one, and where and how it resumes. */
const SWITCHED_CSRS = BANK_WORDS / 2 + UNBANKED_WORDS / 2 + 2;
const GENERAL_AND_PC_BYTES = REGISTER_BYTES * 32;
const SWITCHED_BYTES = REGISTER_BYTES * (31 + SWITCHED_CSRS);
/** CSRs that a trap to the guest's own handler reads and writes: vsstatus both, vstvec; vsepc, vscause, vstval, sepc, sstatus. */
const INJECTION_CSRS = 8;
/** Pauses in one round of waiting for another hart to answer. */
const PAUSES_IN_A_ROUND = 8;

/** Tells primitives apart in a recording; numbers of registers are added. Addresses of words are far from these. */
const TAG = {
  xLow: 0x1000,
  xHigh: 0x2000,
  xNumber: 0x3000,
  setX: 0x4000,
  csrLow: 0x5000,
  csrHigh: 0x6000,
  csrNumber: 0x7000,
  setCsr: 0x8000,
  setCsrBits: 0x9000,
  clearCsrBits: 0xa000,
  trapCause: 0xb000,
  trapPcLow: 0xc000,
  trapPcHigh: 0xd000,
  trapValueLow: 0xe000,
  trapGuestLow: 0xf000,
  trapGuestHigh: 0x10000,
  setResume: 0x11000,
  advance: 0x12000,
  inject: 0x13000,
  time: 0x14000,
  now: 0x15000,
  setTimer: 0x16000,
  sendIpi: 0x17000,
  clearIpi: 0x18000,
  relax: 0x19000,
  trace: 0x1a000,
  fenceInstructions: 0x1b000,
  refreshInstructions: 0x1c000,
  fenceGuest: 0x1d000,
  resetContext: 0x1e000,
  saveContext: 0x1f000,
  loadContext: 0x20000,
  setSecondStage: 0x21000,
  setDeviceRegions: 0x22000,
  readDevice: 0x23000,
  writeDevice: 0x24000,
  idle: 0x25000,
  halt: 0x26000,
  consoleWrite: 0x27000,
  consoleRead: 0x28000,
  setUserSpace: 0x29000,
  enterUser: 0x2a000,
  leaveUser: 0x2b000,
} as const;

/** What a hart does to the others. */
export interface Signals {
  /** Raises the engine's software interrupt at `target`, as of cycle `at`. */
  interrupt(target: HartId, at: number): void;
  trace(core: number, now: number, event: TraceEvent, subject: PhysicalAddress): void;
}

export class ModelHart extends Hart {
  readonly #state: HartState;
  readonly #timing: CoreTiming;
  readonly #recording: Recording;
  readonly #signals: Signals;
  readonly #costs: Readonly<Record<Cost, number>>;
  /** Cycles from this core to each other. */
  readonly #transfer: Int32Array;
  /** When a program was entered last. */
  #entered = 0;

  constructor(state: HartState, memory: ModelMemory, timing: CoreTiming, recording: Recording, signals: Signals, model: CostModel) {
    super(state, memory);
    this.#state = state;
    this.#timing = timing;
    this.#recording = recording;
    this.#signals = signals;
    this.#costs = model.costs;
    this.#transfer = model.transfer.subarray(state.id * model.cores, (state.id + 1) * model.cores);
  }

  // ---- registers ----------------------------------------------------------------------------------------

  override xLow(n: number): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.xLow + n);
    this.#timing.charge(this.#costs.cacheHit);
    return this.#recording.keep(TAG.xLow + n, super.xLow(n));
  }

  override xHigh(n: number): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.xHigh + n);
    return this.#recording.keep(TAG.xHigh + n, super.xHigh(n));
  }

  override xNumber(n: number): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.xNumber + n);
    this.#timing.charge(this.#costs.cacheHit);
    return this.#recording.keep(TAG.xNumber + n, super.xNumber(n));
  }

  override setX(n: number, low: number, high: number): void {
    if (this.#done(TAG.setX + n, this.#costs.cacheHit)) return;
    super.setX(n, low, high);
  }

  override csrLow(csr: number): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.csrLow + csr);
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(TAG.csrLow + csr, super.csrLow(csr));
  }

  override csrHigh(csr: number): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.csrHigh + csr);
    return this.#recording.keep(TAG.csrHigh + csr, super.csrHigh(csr));
  }

  override csrNumber(csr: number): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.csrNumber + csr);
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(TAG.csrNumber + csr, super.csrNumber(csr));
  }

  override setCsr(csr: number, low: number, high: number): void {
    if (this.#done(TAG.setCsr + csr, this.#costs.csr)) return;
    super.setCsr(csr, low, high);
  }

  override setCsrBits(csr: number, bits: number): void {
    if (this.#done(TAG.setCsrBits + csr, this.#costs.csr)) return;
    super.setCsrBits(csr, bits);
  }

  override clearCsrBits(csr: number, bits: number): void {
    if (this.#done(TAG.clearCsrBits + csr, this.#costs.csr)) return;
    super.clearCsrBits(csr, bits);
  }

  // ---- the trap being handled ---------------------------------------------------------------------------

  override trapCause(): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.trapCause);
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(TAG.trapCause, super.trapCause());
  }

  override trapPcLow(): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.trapPcLow);
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(TAG.trapPcLow, super.trapPcLow());
  }

  override trapPcHigh(): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.trapPcHigh);
    return this.#recording.keep(TAG.trapPcHigh, super.trapPcHigh());
  }

  override trapValueLow(): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.trapValueLow);
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(TAG.trapValueLow, super.trapValueLow());
  }

  override trapGuestLow(): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.trapGuestLow);
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(TAG.trapGuestLow, super.trapGuestLow());
  }

  override trapGuestHigh(): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.trapGuestHigh);
    return this.#recording.keep(TAG.trapGuestHigh, super.trapGuestHigh());
  }

  override setResume(low: number, high: number): void {
    if (this.#done(TAG.setResume, this.#costs.csr)) return;
    super.setResume(low, high);
  }

  override advance(bytes?: number): void {
    if (this.#done(TAG.advance, 2 * this.#costs.csr)) return;
    super.advance(bytes);
  }

  override inject(cause: number, valueLow: number, valueHigh: number): void {
    if (this.#done(TAG.inject, INJECTION_CSRS * this.#costs.csr)) return;
    super.inject(cause, valueLow, valueHigh);
  }

  // ---- time ---------------------------------------------------------------------------------------------

  override time(): Ticks {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.time) as Ticks;
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(TAG.time, super.time()) as Ticks;
  }

  override now(): Cycles {
    if (this.#recording.replaying) return cycles(this.#recording.repeat(TAG.now));
    this.#timing.charge(this.#costs.csr);
    return cycles(this.#recording.keep(TAG.now, super.now()));
  }

  override setTimer(deadline: Ticks): void {
    if (this.#done(TAG.setTimer, this.#costs.csr)) return;
    super.setTimer(deadline);
  }

  // ---- interrupts between harts -------------------------------------------------------------------------

  override sendIpi(target: HartId): void {
    if (this.#done(TAG.sendIpi, this.#costs.interruptSend)) return;
    this.#timing.drain();
    this.#signals.interrupt(target, this.#timing.now + this.#transfer[target] + this.#costs.interruptDelivery);
  }

  override clearIpi(): void {
    if (this.#done(TAG.clearIpi, this.#costs.csr)) return;
    super.clearIpi();
  }

  override relax(): void {
    if (this.#done(TAG.relax, PAUSES_IN_A_ROUND * this.#costs.pause)) return;
    this.#timing.awaitTurn();
  }

  override trace(event: TraceEvent, subject: PhysicalAddress): void {
    if (this.#done(TAG.trace, 0)) return;
    this.#signals.trace(this.id, this.#timing.now, event, subject);
  }

  // ---- fences -------------------------------------------------------------------------------------------

  override fenceInstructions(): void {
    if (this.#done(TAG.fenceInstructions, this.#costs.fence)) return;
    super.fenceInstructions();
  }

  override refreshInstructions(): void {
    if (this.#done(TAG.refreshInstructions, this.#costs.fence)) return;
    super.refreshInstructions();
  }

  override fenceGuest(): void {
    if (this.#done(TAG.fenceGuest, this.#costs.fence)) return;
    super.fenceGuest();
  }

  // ---- which guest --------------------------------------------------------------------------------------

  override resetContext(address: PhysicalAddress, pc: number, a0: number, a1: number): void {
    if (this.#done(TAG.resetContext, 0)) return;
    this.#timing.range(address, CONTEXT_BYTES, true);
    super.resetContext(address, pc, a0, a1);
  }

  override saveContext(address: PhysicalAddress): void {
    if (this.#done(TAG.saveContext, SWITCHED_CSRS * this.#costs.csr)) return;
    this.#timing.range(address, SWITCHED_BYTES, true);
    super.saveContext(address);
  }

  override loadContext(address: PhysicalAddress): void {
    if (this.#done(TAG.loadContext, SWITCHED_CSRS * this.#costs.csr)) return;
    this.#timing.range(address, SWITCHED_BYTES, false);
    super.loadContext(address);
  }

  override setSecondStage(table: PhysicalAddress, space: number): void {
    const { secondStage, space: present } = this.#state;
    if (this.#done(TAG.setSecondStage, this.#costs.csr)) return;
    if (secondStage !== table || present !== space) this.#timing.charge(this.#costs.secondStageWalk);
    super.setSecondStage(table, space);
  }

  // ---- programs in user mode ----------------------------------------------------------------------------

  override setUserSpace(table: PhysicalAddress, space: number): void {
    this.#done(TAG.setUserSpace, this.user.space === space ? 0 : this.#costs.csr);
    // Also when it has been done before: what programs may reach is checked, and not recorded.
    super.setUserSpace(table, space);
  }

  override enterUser(registers: PhysicalAddress): void {
    const before = this.#timing.now;
    if (this.#done(TAG.enterUser, this.#costs.trapReturn)) return;
    this.#timing.range(registers, GENERAL_AND_PC_BYTES, false);
    super.enterUser(registers);
    this.#timing.crossing += this.#timing.now - before;
    this.#entered = this.#timing.now;
  }

  override leaveUser(registers: PhysicalAddress, cause: number, value: number): void {
    const before = this.#timing.now;
    if (this.#done(TAG.leaveUser, this.#costs.trapEntry)) return;
    this.#timing.range(registers, GENERAL_AND_PC_BYTES, true);
    super.leaveUser(registers, cause, value);
    this.#timing.user += before - this.#entered;
    this.#timing.crossing += this.#timing.now - before;
  }

  // ---- devices ------------------------------------------------------------------------------------------

  override setDeviceRegions(slot: number, table: PhysicalAddress): void {
    if (this.#done(TAG.setDeviceRegions, this.#costs.deviceAccess)) return;
    super.setDeviceRegions(slot, table);
  }

  override readDevice(address: PhysicalAddress, bytes?: number): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.readDevice);
    this.#timing.awaitTurn();
    this.#state.model?.deviceAccessed();
    return this.#recording.keep(TAG.readDevice, super.readDevice(address, bytes));
  }

  override writeDevice(address: PhysicalAddress, value: number, bytes?: number): void {
    if (this.#recording.replaying) return void this.#recording.repeat(TAG.writeDevice);
    this.#timing.drain();
    this.#timing.awaitTurn();
    this.#state.model?.deviceAccessed();
    super.writeDevice(address, value, bytes);
    this.#recording.keep(TAG.writeDevice, 0);
  }

  override idle(): void {
    if (this.#done(TAG.idle, 0)) return;
    super.idle();
  }

  override halt(): void {
    if (this.#done(TAG.halt, 0)) return;
    super.halt();
  }

  override consoleWrite(byte: number, source: number): void {
    if (this.#done(TAG.consoleWrite, this.#costs.deviceAccess)) return;
    super.consoleWrite(byte, source);
  }

  override consoleRead(): number {
    if (this.#recording.replaying) return this.#recording.repeat(TAG.consoleRead);
    this.#timing.charge(this.#costs.deviceAccess);
    return this.#recording.keep(TAG.consoleRead, super.consoleRead());
  }

  /** Whether a primitive that answers nothing has been done before; if not, it is paid for and recorded. */
  #done(tag: number, cost: number): boolean {
    if (this.#recording.replaying) {
      this.#recording.repeat(tag);
      return true;
    }
    this.#timing.charge(cost);
    this.#recording.keep(tag, 0);
    return false;
  }
}
