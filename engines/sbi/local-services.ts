// What an engine does for a guest that calls it, where all of a guest's vCPUs share one hart.

import type { PhysicalAddress, Ticks } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import type { Doorbells } from "../channels/doorbells.ts";
import { asksForMore, type Restarts } from "../restart/restarts.ts";
import { field, NONE } from "../state/words.ts";
import { fenceHere } from "../vcpu/fences.ts";
import { isNamed, namesOnly } from "../vcpu/hart-mask.ts";
import { checkStart, findVcpu, resetVcpu, statusOf } from "../vcpu/hart-state.ts";
import { machineOf, VCPU, VCPU_STATE, vcpuOf } from "../vcpu/record.ts";
import { recordFailure, recordFinish } from "../virtual-machine/outcome.ts";
import { VM } from "../virtual-machine/record.ts";
import { registerUnits } from "../virtual-machine/units.ts";
import type { Services } from "./calls.ts";
import { readCharacter, readText, writeCharacter, writeText } from "./console.ts";
import { ERROR, SUCCESS } from "./numbers.ts";

/** Shares a hart out among vCPUs. */
export interface VcpuProcessor {
  /** The vCPU on the hart; NONE while it idles. */
  current(hart: Hart): PhysicalAddress;
  /** Raises a guest's software interrupt. If that makes a vCPU ready, preempt() is due. */
  raiseSoftware(hart: Hart, vcpu: PhysicalAddress): void;
  /** Clears the current vCPU's own; answers 1 if it was raised, else 0. */
  clearSoftware(hart: Hart): number;
  /** The current vCPU waits until an interrupt that it enables is pending. */
  suspend(hart: Hart): void;
  setTimer(hart: Hart, deadline: Ticks): void;
  /** Makes ready a vCPU that was stopped or blocked; preempt() is due. */
  makeReady(hart: Hart, vcpu: PhysicalAddress): void;
  /** Chooses again who runs, if someone has become ready or nobody runs. */
  preempt(hart: Hart): void;
  /** Chooses again; `yielding` is NONE or the current vCPU, which then runs only if nobody else can. */
  reschedule(hart: Hart, yielding: PhysicalAddress): void;
}

export class LocalServices implements Services {
  readonly #processor: VcpuProcessor;
  readonly #doorbells: Doorbells;
  readonly #restarts: Pick<Restarts, "begin"> | undefined;

  /** `restarts`: of guests that fail; without, they stay as they are. */
  constructor(processor: VcpuProcessor, doorbells: Doorbells, restarts?: Pick<Restarts, "begin">) {
    this.#processor = processor;
    this.#doorbells = doorbells;
    this.#restarts = restarts;
  }

  machine(hart: Hart): PhysicalAddress {
    return machineOf(hart.memory, this.#processor.current(hart));
  }

  setTimer(hart: Hart, deadline: Ticks): void {
    this.#processor.setTimer(hart, deadline);
  }

  sendInterrupt(hart: Hart, low: number, high: number, base: number): number {
    const { memory } = hart;
    const vm = this.machine(hart);
    const count = memory.load(field(vm, VM.vcpuCount));
    if (!namesOnly(low, high, base, count)) return ERROR.invalidParameter;
    for (let number = 0; number < count; number++) {
      if (isNamed(low, high, base, number)) this.#processor.raiseSoftware(hart, vcpuOf(memory, vm, number));
    }
    return SUCCESS;
  }

  clearInterrupt(hart: Hart): number {
    return this.#processor.clearSoftware(hart);
  }

  /** Whoever is named runs on this hart: what it fences is fenced for all of them. */
  fence(hart: Hart, fences: number, low: number, high: number, base: number): number {
    if (!namesOnly(low, high, base, hart.memory.load(field(this.machine(hart), VM.vcpuCount)))) return ERROR.invalidParameter;
    fenceHere(hart, fences);
    return SUCCESS;
  }

  hartStart(hart: Hart, number: number): number {
    const vm = this.machine(hart);
    const vcpu = findVcpu(hart, vm, number);
    if (vcpu === NONE) return ERROR.invalidParameter;
    if (hart.memory.load(field(vcpu, VCPU.state)) !== VCPU_STATE.stopped) return ERROR.alreadyAvailable;
    const error = checkStart(hart, vm);
    if (error !== SUCCESS) return error;
    resetVcpu(hart, vcpu);
    this.#processor.makeReady(hart, vcpu);
    return SUCCESS;
  }

  hartStop(hart: Hart): void {
    const vcpu = this.#processor.current(hart);
    hart.memory.store(field(vcpu, VCPU.state), VCPU_STATE.stopped);
    hart.memory.storeNumber(field(vcpu, VCPU.timer), Infinity);
    this.#processor.reschedule(hart, NONE);
  }

  hartStatus(hart: Hart, number: number): number {
    return statusOf(hart, findVcpu(hart, this.machine(hart), number));
  }

  hartSuspend(hart: Hart): void {
    this.#processor.suspend(hart);
  }

  reset(hart: Hart, kind: number): void {
    const vm = this.machine(hart);
    const again = this.#restarts !== undefined && asksForMore(hart, kind);
    recordFinish(hart, vm, kind);
    this.#stop(hart, vm, again);
  }

  /** The current guest did what nobody can go on from. */
  fail(hart: Hart, cause: number, epc: number, tval: number): void {
    recordFailure(hart, this.#processor.current(hart), cause, epc, tval);
    this.#stop(hart, this.machine(hart), true);
  }

  /** Stops a virtual machine: for good, unless it is to be started `again`, and can be. */
  #stop(hart: Hart, vm: PhysicalAddress, again: boolean): void {
    const { memory } = hart;
    const count = memory.load(field(vm, VM.vcpuCount));
    for (let number = 0; number < count; number++) {
      const vcpu = vcpuOf(memory, vm, number);
      memory.store(field(vcpu, VCPU.state), VCPU_STATE.stopped);
      memory.storeNumber(field(vcpu, VCPU.timer), Infinity);
    }
    if (again && this.#restarts !== undefined) {
      this.#restarts.begin(hart, vm);
      this.#processor.makeReady(hart, vcpuOf(memory, vm, 0));
    }
    this.#processor.reschedule(hart, NONE);
  }

  consoleWrite(hart: Hart, address: number, bytes: number): number {
    return writeText(hart, this.machine(hart), address, bytes);
  }

  consoleWriteByte(hart: Hart, byte: number): void {
    writeCharacter(hart, this.machine(hart), byte);
  }

  consoleRead(hart: Hart, address: number, bytes: number): number {
    return readText(hart, this.machine(hart), address, bytes);
  }

  consoleReadByte(hart: Hart): number {
    return readCharacter(hart, this.machine(hart));
  }

  registerUnits(hart: Hart, page: number): number {
    return registerUnits(hart.memory, this.machine(hart), page);
  }

  channelNotify(hart: Hart, id: number): number {
    const peer = this.#doorbells.ring(hart.memory, this.machine(hart), id);
    if (peer === NONE) return ERROR.invalidParameter;
    this.#processor.raiseSoftware(hart, vcpuOf(hart.memory, peer, 0));
    return SUCCESS;
  }

  channelPending(hart: Hart): number {
    return this.#doorbells.takeRung(hart.memory, this.machine(hart));
  }

  preempt(hart: Hart): void {
    this.#processor.preempt(hart);
  }

  yield(hart: Hart): void {
    this.#processor.reschedule(hart, this.#processor.current(hart));
  }
}
