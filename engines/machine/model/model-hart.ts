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
const SWITCHED_BYTES = REGISTER_BYTES * (31 + SWITCHED_CSRS);
/** CSRs that a trap to the guest's own handler reads and writes: vsstatus both, vstvec; vsepc, vscause, vstval, sepc, sstatus. */
const INJECTION_CSRS = 8;
/** Pauses in one round of waiting for another hart to answer. */
const PAUSES_IN_A_ROUND = 8;

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
    if (this.#recording.replaying) return this.#recording.repeat();
    this.#timing.charge(this.#costs.cacheHit);
    return this.#recording.keep(super.xLow(n));
  }

  override xHigh(n: number): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    return this.#recording.keep(super.xHigh(n));
  }

  override xNumber(n: number): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    this.#timing.charge(this.#costs.cacheHit);
    return this.#recording.keep(super.xNumber(n));
  }

  override setX(n: number, low: number, high: number): void {
    if (this.#done(this.#costs.cacheHit)) return;
    super.setX(n, low, high);
  }

  override csrLow(csr: number): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(super.csrLow(csr));
  }

  override csrHigh(csr: number): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    return this.#recording.keep(super.csrHigh(csr));
  }

  override csrNumber(csr: number): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(super.csrNumber(csr));
  }

  override setCsr(csr: number, low: number, high: number): void {
    if (this.#done(this.#costs.csr)) return;
    super.setCsr(csr, low, high);
  }

  override setCsrBits(csr: number, bits: number): void {
    if (this.#done(this.#costs.csr)) return;
    super.setCsrBits(csr, bits);
  }

  override clearCsrBits(csr: number, bits: number): void {
    if (this.#done(this.#costs.csr)) return;
    super.clearCsrBits(csr, bits);
  }

  // ---- the trap being handled ---------------------------------------------------------------------------

  override trapCause(): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(super.trapCause());
  }

  override trapPcLow(): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(super.trapPcLow());
  }

  override trapPcHigh(): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    return this.#recording.keep(super.trapPcHigh());
  }

  override trapValueLow(): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(super.trapValueLow());
  }

  override trapGuestLow(): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(super.trapGuestLow());
  }

  override trapGuestHigh(): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    return this.#recording.keep(super.trapGuestHigh());
  }

  override setResume(low: number, high: number): void {
    if (this.#done(this.#costs.csr)) return;
    super.setResume(low, high);
  }

  override advance(bytes?: number): void {
    if (this.#done(2 * this.#costs.csr)) return;
    super.advance(bytes);
  }

  override inject(cause: number, valueLow: number, valueHigh: number): void {
    if (this.#done(INJECTION_CSRS * this.#costs.csr)) return;
    super.inject(cause, valueLow, valueHigh);
  }

  // ---- time ---------------------------------------------------------------------------------------------

  override time(): Ticks {
    if (this.#recording.replaying) return this.#recording.repeat() as Ticks;
    this.#timing.charge(this.#costs.csr);
    return this.#recording.keep(super.time()) as Ticks;
  }

  override now(): Cycles {
    if (this.#recording.replaying) return cycles(this.#recording.repeat());
    this.#timing.charge(this.#costs.csr);
    return cycles(this.#recording.keep(super.now()));
  }

  override setTimer(deadline: Ticks): void {
    if (this.#done(this.#costs.csr)) return;
    super.setTimer(deadline);
  }

  // ---- interrupts between harts -------------------------------------------------------------------------

  override sendIpi(target: HartId): void {
    if (this.#done(this.#costs.interruptSend)) return;
    this.#signals.interrupt(target, this.#timing.now + this.#transfer[target] + this.#costs.interruptDelivery);
  }

  override clearIpi(): void {
    if (this.#done(this.#costs.csr)) return;
    super.clearIpi();
  }

  override relax(): void {
    if (this.#done(PAUSES_IN_A_ROUND * this.#costs.pause)) return;
    this.#timing.awaitTurn();
  }

  override trace(event: TraceEvent, subject: PhysicalAddress): void {
    if (this.#done(0)) return;
    this.#signals.trace(this.id, this.#timing.now, event, subject);
  }

  // ---- fences -------------------------------------------------------------------------------------------

  override fenceInstructions(): void {
    if (this.#done(this.#costs.fence)) return;
    super.fenceInstructions();
  }

  override refreshInstructions(): void {
    if (this.#done(this.#costs.fence)) return;
    super.refreshInstructions();
  }

  override fenceGuest(): void {
    if (this.#done(this.#costs.fence)) return;
    super.fenceGuest();
  }

  // ---- which guest --------------------------------------------------------------------------------------

  override resetContext(address: PhysicalAddress, pc: number, a0: number, a1: number): void {
    if (this.#done(0)) return;
    this.#timing.range(address, CONTEXT_BYTES, true);
    super.resetContext(address, pc, a0, a1);
  }

  override saveContext(address: PhysicalAddress): void {
    if (this.#done(SWITCHED_CSRS * this.#costs.csr)) return;
    this.#timing.range(address, SWITCHED_BYTES, true);
    super.saveContext(address);
  }

  override loadContext(address: PhysicalAddress): void {
    if (this.#done(SWITCHED_CSRS * this.#costs.csr)) return;
    this.#timing.range(address, SWITCHED_BYTES, false);
    super.loadContext(address);
  }

  override setSecondStage(table: PhysicalAddress, space: number): void {
    const { secondStage, space: present } = this.#state;
    if (this.#done(this.#costs.csr)) return;
    if (secondStage !== table || present !== space) this.#timing.charge(this.#costs.secondStageWalk);
    super.setSecondStage(table, space);
  }

  // ---- devices ------------------------------------------------------------------------------------------

  override setDeviceRegions(slot: number, table: PhysicalAddress): void {
    if (this.#done(this.#costs.deviceAccess)) return;
    super.setDeviceRegions(slot, table);
  }

  override readDevice(address: PhysicalAddress, bytes?: number): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    this.#timing.awaitTurn();
    this.#state.model?.deviceAccessed();
    return this.#recording.keep(super.readDevice(address, bytes));
  }

  override writeDevice(address: PhysicalAddress, value: number, bytes?: number): void {
    if (this.#recording.replaying) return void this.#recording.repeat();
    this.#timing.awaitTurn();
    this.#state.model?.deviceAccessed();
    super.writeDevice(address, value, bytes);
    this.#recording.keep(0);
  }

  override idle(): void {
    if (this.#done(0)) return;
    super.idle();
  }

  override halt(): void {
    if (this.#done(0)) return;
    super.halt();
  }

  override consoleWrite(byte: number, source: number): void {
    if (this.#done(this.#costs.deviceAccess)) return;
    super.consoleWrite(byte, source);
  }

  override consoleRead(): number {
    if (this.#recording.replaying) return this.#recording.repeat();
    this.#timing.charge(this.#costs.deviceAccess);
    return this.#recording.keep(super.consoleRead());
  }

  /** Whether a primitive that answers nothing has been done before; if not, it is paid for and recorded. */
  #done(cost: number): boolean {
    if (this.#recording.replaying) {
      this.#recording.repeat();
      return true;
    }
    this.#timing.charge(cost);
    this.#recording.keep(0);
    return false;
  }
}
