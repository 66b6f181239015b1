// What the SMP hypervisor does for a guest that calls it.

import type { PhysicalAddress, Ticks } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { INTERRUPT } from "../machine/hart/privileged.ts";
import { type Doorbells, REFUSED, RUNG } from "../channels/doorbells.ts";
import type { Services } from "../sbi/calls.ts";
import { readCharacter, readText, writeCharacter, writeText } from "../sbi/console.ts";
import { ERROR, STATUS, SUCCESS } from "../sbi/numbers.ts";
import { asksForMore, type Restarts } from "../restart/restarts.ts";
import { field, NONE } from "../state/words.ts";
import { isNamed, namesOnly } from "../vcpu/hart-mask.ts";
import { checkStart, findVcpu, statusOf } from "../vcpu/hart-state.ts";
import { machineOf, vcpuOf } from "../vcpu/record.ts";
import { recordFailure, recordFinish } from "../virtual-machine/outcome.ts";
import { VM } from "../virtual-machine/record.ts";
import { registerUnits } from "../virtual-machine/units.ts";
import type { Exclusion } from "../locks/exclusion.ts";
import { LOCK_AT } from "./layout.ts";
import type { Processors } from "./processors.ts";

export class SmpServices implements Services {
  readonly #processors: Processors;
  readonly #exclusion: Exclusion;
  readonly #doorbells: Doorbells;
  readonly #restarts: Restarts | undefined;

  constructor(processors: Processors, exclusion: Exclusion, doorbells: Doorbells, restarts?: Restarts) {
    this.#processors = processors;
    this.#restarts = restarts;
    this.#doorbells = doorbells;
    this.#exclusion = exclusion;
  }

  setTimer(hart: Hart, deadline: Ticks): void {
    this.#processors.setTimer(hart, deadline);
  }

  machine(hart: Hart): PhysicalAddress {
    return machineOf(hart.memory, this.#processors.current(hart));
  }

  sendInterrupt(hart: Hart, low: number, high: number, base: number): number {
    const vm = this.machine(hart);
    const count = hart.memory.load(field(vm, VM.vcpuCount));
    if (!namesOnly(low, high, base, count)) return ERROR.invalidParameter;
    for (let number = 0; number < count; number++) {
      if (isNamed(low, high, base, number)) this.#processors.raise(hart, vcpuOf(hart.memory, vm, number), INTERRUPT.VSSI);
    }
    return SUCCESS;
  }

  clearInterrupt(hart: Hart): number {
    return this.#processors.clearSoftware(hart);
  }

  fence(hart: Hart, fences: number, low: number, high: number, base: number): number {
    const vm = this.machine(hart);
    const count = hart.memory.load(field(vm, VM.vcpuCount));
    if (!namesOnly(low, high, base, count)) return ERROR.invalidParameter;
    for (let number = 0; number < count; number++) {
      if (isNamed(low, high, base, number)) this.#processors.requestFences(hart, vcpuOf(hart.memory, vm, number), fences);
    }
    // Others may need the hypervisor before they can answer.
    this.#exclusion.leave(hart);
    for (let number = 0; number < count; number++) {
      if (isNamed(low, high, base, number)) this.#processors.awaitFences(hart, vcpuOf(hart.memory, vm, number));
    }
    this.#exclusion.enter(hart);
    return SUCCESS;
  }

  hartStart(hart: Hart, number: number): number {
    const vm = this.machine(hart);
    const vcpu = findVcpu(hart, vm, number);
    if (vcpu === NONE) return ERROR.invalidParameter;
    const error = checkStart(hart, vm);
    // Who is running already says so first.
    if (error !== SUCCESS) return statusOf(hart, vcpu) === STATUS.stopped ? error : ERROR.alreadyAvailable;
    return this.#processors.startVcpu(hart, vcpu) ? SUCCESS : ERROR.alreadyAvailable;
  }

  hartStop(hart: Hart): void {
    this.#processors.stopCurrent(hart);
  }

  hartStatus(hart: Hart, number: number): number {
    return statusOf(hart, findVcpu(hart, this.machine(hart), number));
  }

  hartSuspend(hart: Hart): void {
    this.#processors.suspend(hart);
  }

  reset(hart: Hart, kind: number): void {
    const vm = this.machine(hart);
    const again = this.#restarts !== undefined && asksForMore(hart, kind);
    this.#exclusion.acquire(hart, LOCK_AT.vmTable);
    recordFinish(hart, vm, kind);
    if (again) this.#restarts?.begin(hart, vm);
    this.#exclusion.release(hart, LOCK_AT.vmTable);
    this.#stop(hart, vm, again);
  }

  /** The current guest did what nobody can go on from. */
  fail(hart: Hart, cause: number, epc: number, tval: number): void {
    const vm = this.machine(hart);
    this.#exclusion.acquire(hart, LOCK_AT.vmTable);
    recordFailure(hart, this.#processors.current(hart), cause, epc, tval);
    this.#restarts?.begin(hart, vm);
    this.#exclusion.release(hart, LOCK_AT.vmTable);
    this.#stop(hart, vm, this.#restarts !== undefined);
  }

  consoleWrite(hart: Hart, address: number, bytes: number): number {
    this.#exclusion.acquire(hart, LOCK_AT.console);
    const error = writeText(hart, this.machine(hart), address, bytes);
    this.#exclusion.release(hart, LOCK_AT.console);
    return error;
  }

  consoleWriteByte(hart: Hart, byte: number): void {
    this.#exclusion.acquire(hart, LOCK_AT.console);
    writeCharacter(hart, this.machine(hart), byte);
    this.#exclusion.release(hart, LOCK_AT.console);
  }

  consoleRead(hart: Hart, address: number, bytes: number): number {
    this.#exclusion.acquire(hart, LOCK_AT.console);
    const read = readText(hart, this.machine(hart), address, bytes);
    this.#exclusion.release(hart, LOCK_AT.console);
    return read;
  }

  consoleReadByte(hart: Hart): number {
    this.#exclusion.acquire(hart, LOCK_AT.console);
    const byte = readCharacter(hart, this.machine(hart));
    this.#exclusion.release(hart, LOCK_AT.console);
    return byte;
  }

  registerUnits(hart: Hart, page: number): number {
    this.#exclusion.acquire(hart, LOCK_AT.vmTable);
    const error = registerUnits(hart.memory, this.machine(hart), page);
    this.#exclusion.release(hart, LOCK_AT.vmTable);
    return error;
  }

  channelNotify(hart: Hart, id: number): number {
    this.#exclusion.acquire(hart, LOCK_AT.channels);
    const peer = this.#doorbells.ring(hart.memory, this.machine(hart), id);
    this.#exclusion.release(hart, LOCK_AT.channels);
    if (peer === NONE) return ERROR.invalidParameter;
    if (peer === REFUSED) return ERROR.failed;
    if (peer === RUNG) return SUCCESS;
    this.#processors.raise(hart, vcpuOf(hart.memory, peer, 0), INTERRUPT.VSSI);
    return SUCCESS;
  }

  channelPending(hart: Hart): number {
    this.#exclusion.acquire(hart, LOCK_AT.channels);
    const rung = this.#doorbells.takeRung(hart.memory, this.machine(hart));
    this.#exclusion.release(hart, LOCK_AT.channels);
    return rung;
  }

  preempt(hart: Hart): void {
    this.#processors.preempt(hart);
  }

  yield(hart: Hart): void {
    this.#processors.reschedule(hart, this.#processors.current(hart));
  }

  /** `again`: its first vCPU is to restore it. */
  #stop(hart: Hart, vm: PhysicalAddress, again: boolean): void {
    const count = hart.memory.load(field(vm, VM.vcpuCount));
    for (let number = 0; number < count; number++) this.#processors.stopVcpu(hart, vcpuOf(hart.memory, vm, number));
    if (again) this.#processors.readyAgain(hart, vcpuOf(hart.memory, vm, 0));
    this.#processors.reschedule(hart, NONE);
  }
}
