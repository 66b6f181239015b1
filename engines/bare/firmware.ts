// Firmware that answers SBI for one guest on hart 0, and does nothing else: the baseline.

import { ticks, type PhysicalAddress, type Ticks } from "../machine/address.ts";
import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { CAUSE, INTERRUPT, INTERRUPT_CAUSE } from "../machine/hart/privileged.ts";
import type { PhysicalMemory } from "../machine/memory.ts";
import { plainDoorbells } from "../channels/doorbells.ts";
import { BootError, type Configuration, type Engine, type Platform } from "../engine.ts";
import { clearSoftware, FIRST_STAGE, setUpHart, TIMER_INTERRUPT } from "../machine-mode/setup.ts";
import { resume, suspend } from "../machine-mode/suspend.ts";
import { checkConfiguration } from "../placement/check.ts";
import { checkSoleOwners } from "../placement/devices.ts";
import { loadGuest } from "../placement/load.ts";
import { place, type PlacedVm } from "../placement/placement.ts";
import { writeGuest } from "../placement/records.ts";
import { SbiCalls, type Services } from "../sbi/calls.ts";
import { readCharacter, readText, writeCharacter, writeText } from "../sbi/console.ts";
import { ERROR, SUCCESS } from "../sbi/numbers.ts";
import { field, NONE } from "../state/words.ts";
import { fenceHere } from "../vcpu/fences.ts";
import { isNamed, namesOnly } from "../vcpu/hart-mask.ts";
import { findVcpu, statusOf } from "../vcpu/hart-state.ts";
import { contextOf } from "../vcpu/record.ts";
import { recordFailure, recordFinish } from "../virtual-machine/outcome.ts";
import { VM, VM_STATE } from "../virtual-machine/record.ts";
import { registerUnits } from "../virtual-machine/units.ts";
import { CAPACITY, GUEST, GUEST_VCPU } from "./layout.ts";

const NEVER = ticks(Infinity);

export class Firmware implements Engine, Services {
  readonly #machine: PhysicalMemory;
  readonly #vm: PlacedVm;
  readonly #calls = new SbiCalls(this, FIRST_STAGE);

  constructor(platform: Platform, configuration: Configuration) {
    checkConfiguration(platform, configuration, CAPACITY);
    checkSoleOwners(configuration);
    const [vm] = place(configuration, platform.memory.ramBytes, "flat");
    if (vm === undefined) throw new BootError("there is no guest");
    this.#machine = platform.memory;
    this.#vm = vm;
  }

  boot(hart: Hart): void {
    writeGuest(hart, this.#vm, loadGuest(this.#machine, this.#vm, 0), GUEST, GUEST_VCPU, () => GUEST);
  }

  start(hart: Hart): void {
    setUpHart(hart);
    hart.loadContext(contextOf(GUEST_VCPU));
  }

  trap(hart: Hart): void {
    const cause = hart.trapCause();
    resume(hart, GUEST_VCPU);
    if (cause === CAUSE.supervisorCall) {
      this.#calls.call(hart);
    } else if (cause === TIMER_INTERRUPT) {
      hart.setTimer(NEVER);
      hart.setCsrBits(CSR.mip, INTERRUPT.STI);
    } else if ((cause & INTERRUPT_CAUSE) !== 0) {
      hart.clearIpi();
    } else {
      recordFailure(hart, GUEST_VCPU, cause, CSR.mepc, CSR.mtval);
      hart.saveContext(contextOf(GUEST_VCPU));
    }
    if (hart.memory.load(field(GUEST, VM.state)) !== VM_STATE.running) hart.idle();
  }

  setTimer(hart: Hart, deadline: Ticks): void {
    hart.clearCsrBits(CSR.mip, INTERRUPT.STI);
    hart.setTimer(deadline);
  }

  machine(): PhysicalAddress {
    return GUEST;
  }

  sendInterrupt(hart: Hart, low: number, high: number, base: number): number {
    if (!namesOnly(low, high, base, 1)) return ERROR.invalidParameter;
    if (isNamed(low, high, base, 0)) hart.setCsrBits(CSR.mip, INTERRUPT.SSI);
    return SUCCESS;
  }

  clearInterrupt(hart: Hart): number {
    return clearSoftware(hart);
  }

  fence(hart: Hart, fences: number, low: number, high: number, base: number): number {
    if (!namesOnly(low, high, base, 1)) return ERROR.invalidParameter;
    fenceHere(hart, fences);
    return SUCCESS;
  }

  hartStart(_hart: Hart, number: number): number {
    return number === 0 ? ERROR.alreadyAvailable : ERROR.invalidParameter;
  }

  hartStop(hart: Hart): void {
    this.reset(hart, 0);
  }

  hartStatus(hart: Hart, number: number): number {
    return statusOf(hart, findVcpu(hart, GUEST, number));
  }

  hartSuspend(hart: Hart): void {
    suspend(hart, GUEST_VCPU);
  }

  reset(hart: Hart, kind: number): void {
    hart.setTimer(NEVER);
    recordFinish(hart, GUEST, kind);
  }

  consoleWrite(hart: Hart, address: number, bytes: number): number {
    return writeText(hart, GUEST, address, bytes);
  }

  consoleWriteByte(hart: Hart, byte: number): void {
    writeCharacter(hart, GUEST, byte);
  }

  consoleRead(hart: Hart, address: number, bytes: number): number {
    return readText(hart, GUEST, address, bytes);
  }

  consoleReadByte(hart: Hart): number {
    return readCharacter(hart, GUEST);
  }

  registerUnits(hart: Hart, page: number): number {
    return registerUnits(hart.memory, GUEST, page);
  }

  channelNotify(hart: Hart, id: number): number {
    if (plainDoorbells.ring(hart.memory, GUEST, id) === NONE) return ERROR.invalidParameter;
    hart.setCsrBits(CSR.mip, INTERRUPT.SSI);
    return SUCCESS;
  }

  channelPending(hart: Hart): number {
    return plainDoorbells.takeRung(hart.memory, GUEST);
  }

  preempt(): void {
    // There is nobody else.
  }

  yield(): void {
    // There is nobody else.
  }
}
