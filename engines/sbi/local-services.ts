// What an engine does for a guest that calls it, where all of a guest's vCPUs share one hart.

import type { PhysicalAddress, Ticks } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import type { Doorbells } from "../channels/doorbells.ts";
import { field, NONE } from "../state/words.ts";
import { findVcpu, isNamed, resetVcpu, statusOf } from "../vcpu/hart-state.ts";
import { machineOf, VCPU, VCPU_STATE, vcpuOf } from "../vcpu/record.ts";
import { recordFinish } from "../virtual-machine/outcome.ts";
import { VM } from "../virtual-machine/record.ts";
import { registerUnits } from "../virtual-machine/units.ts";
import type { Services } from "./calls.ts";
import { writeCharacter, writeText } from "./console.ts";
import { ERROR, SUCCESS } from "./numbers.ts";

/** Shares a hart out among vCPUs. */
export interface VcpuProcessor {
  /** The vCPU on the hart; NONE while it idles. */
  current(hart: Hart): PhysicalAddress;
  /** Raises a guest's software interrupt. If that makes a vCPU ready, preempt() is due. */
  raiseSoftware(hart: Hart, vcpu: PhysicalAddress): void;
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

  constructor(processor: VcpuProcessor, doorbells: Doorbells) {
    this.#processor = processor;
    this.#doorbells = doorbells;
  }

  setTimer(hart: Hart, deadline: Ticks): void {
    this.#processor.setTimer(hart, deadline);
  }

  sendInterrupt(hart: Hart, mask: number, base: number): number {
    const { memory } = hart;
    const vm = this.#caller(hart);
    const count = memory.load(field(vm, VM.vcpuCount));
    for (let number = 0; number < count; number++) {
      if (isNamed(mask, base, number)) this.#processor.raiseSoftware(hart, vcpuOf(memory, vm, number));
    }
    return SUCCESS;
  }

  hartStart(hart: Hart, number: number): number {
    const vcpu = findVcpu(hart, this.#caller(hart), number);
    if (vcpu === NONE) return ERROR.invalidParameter;
    if (hart.memory.load(field(vcpu, VCPU.state)) !== VCPU_STATE.stopped) return ERROR.alreadyAvailable;
    resetVcpu(hart, vcpu);
    this.#processor.makeReady(hart, vcpu);
    return SUCCESS;
  }

  hartStop(hart: Hart): void {
    hart.memory.store(field(this.#processor.current(hart), VCPU.state), VCPU_STATE.stopped);
    this.#processor.reschedule(hart, NONE);
  }

  hartStatus(hart: Hart, number: number): number {
    return statusOf(hart, findVcpu(hart, this.#caller(hart), number));
  }

  reset(hart: Hart, kind: number): void {
    const vm = this.#caller(hart);
    recordFinish(hart, vm, kind);
    this.stop(hart, vm);
  }

  /** Stops a virtual machine for good. */
  stop(hart: Hart, vm: PhysicalAddress): void {
    const { memory } = hart;
    const count = memory.load(field(vm, VM.vcpuCount));
    for (let number = 0; number < count; number++) {
      const vcpu = vcpuOf(memory, vm, number);
      memory.store(field(vcpu, VCPU.state), VCPU_STATE.stopped);
      memory.storeNumber(field(vcpu, VCPU.timer), Infinity);
    }
    this.#processor.reschedule(hart, NONE);
  }

  consoleWrite(hart: Hart, address: number, bytes: number): number {
    return writeText(hart, this.#caller(hart), address, bytes);
  }

  consoleWriteByte(hart: Hart, byte: number): void {
    writeCharacter(hart, this.#caller(hart), byte);
  }

  registerUnits(hart: Hart, page: number): number {
    return registerUnits(hart.memory, this.#caller(hart), page);
  }

  channelNotify(hart: Hart, id: number): number {
    const peer = this.#doorbells.ring(hart.memory, this.#caller(hart), id);
    if (peer === NONE) return ERROR.invalidParameter;
    this.#processor.raiseSoftware(hart, vcpuOf(hart.memory, peer, 0));
    return SUCCESS;
  }

  channelPending(hart: Hart): number {
    return this.#doorbells.takeRung(hart.memory, this.#caller(hart));
  }

  preempt(hart: Hart): void {
    this.#processor.preempt(hart);
  }

  yield(hart: Hart): void {
    this.#processor.reschedule(hart, this.#processor.current(hart));
  }

  #caller(hart: Hart): PhysicalAddress {
    return machineOf(hart.memory, this.#processor.current(hart));
  }
}
