// Firmware that answers SBI for one guest, whose vCPUs are the first harts, and does nothing else: the baseline.

import { hartId, ticks, type PhysicalAddress, type Ticks } from "../machine/address.ts";
import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { CAUSE, INTERRUPT, INTERRUPT_CAUSE } from "../machine/hart/privileged.ts";
import type { PhysicalMemory } from "../machine/memory.ts";
import { atomicDoorbells } from "../channels/doorbells.ts";
import { BootError, type Configuration, type Engine, type Platform } from "../engine.ts";
import { clearSoftware, FIRST_STAGE, setUpHart, SOFTWARE_INTERRUPT, TIMER_INTERRUPT } from "../machine-mode/setup.ts";
import { resume, suspend } from "../machine-mode/suspend.ts";
import { checkConfiguration } from "../placement/check.ts";
import { checkSoleOwners } from "../placement/devices.ts";
import { loadGuest } from "../placement/load.ts";
import { place, type PlacedVm } from "../placement/placement.ts";
import { writeGuest } from "../placement/records.ts";
import { SbiCalls, type Services } from "../sbi/calls.ts";
import { readCharacter, readText, writeCharacter, writeText } from "../sbi/console.ts";
import { ERROR, STATUS, SUCCESS } from "../sbi/numbers.ts";
import { field, NONE } from "../state/words.ts";
import { fenceGoal, fenceHere, lacksFences, requestFences, serveFences } from "../vcpu/fences.ts";
import { isNamed, namesOnly } from "../vcpu/hart-mask.ts";
import { checkStart, findVcpu, resetVcpu, statusOf } from "../vcpu/hart-state.ts";
import { contextOf, VCPU, VCPU_STATE } from "../vcpu/record.ts";
import { recordFailure, recordFinish } from "../virtual-machine/outcome.ts";
import { VM, VM_STATE } from "../virtual-machine/record.ts";
import { registerUnits } from "../virtual-machine/units.ts";
import { CAPACITY, GUEST, vcpuAt } from "./layout.ts";

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
    if (vm.machine.vcpus > platform.harts) throw new BootError(`${vm.machine.name} has ${vm.machine.vcpus} vCPUs: here each is a hart, of ${platform.harts}`);
    this.#machine = platform.memory;
    this.#vm = vm;
  }

  boot(hart: Hart): void {
    writeGuest(hart, this.#vm, loadGuest(this.#machine, this.#vm, 0), GUEST, vcpuAt(0), () => GUEST);
  }

  start(hart: Hart): void {
    setUpHart(hart);
    if (!this.#begins(hart)) hart.idle();
  }

  trap(hart: Hart): void {
    const cause = hart.trapCause();
    const vcpu = vcpuAt(hart.id);
    if (resume(hart, vcpu)) serveFences(hart, vcpu);
    if (cause === CAUSE.supervisorCall) {
      this.#calls.call(hart);
    } else if (cause === TIMER_INTERRUPT) {
      hart.setTimer(NEVER);
      hart.setCsrBits(CSR.mip, INTERRUPT.STI);
    } else if (cause === SOFTWARE_INTERRUPT) {
      this.#softwareInterrupt(hart);
    } else if ((cause & INTERRUPT_CAUSE) === 0) {
      recordFailure(hart, vcpu, cause, CSR.mepc, CSR.mtval);
      hart.saveContext(contextOf(vcpu));
      this.#endOthers(hart);
    }
    // A vCPU that stopped in this trap may be on its way to start again by now: only one that runs is entered.
    if (hart.memory.atomicLoad(field(GUEST, VM.state)) !== VM_STATE.running || stateOf(hart, vcpu) !== VCPU_STATE.running) hart.idle();
  }

  /** Another hart has something for this one. */
  #softwareInterrupt(hart: Hart): void {
    hart.clearIpi();
    const vcpu = vcpuAt(hart.id);
    if (!this.#begins(hart)) serveFences(hart, vcpu);
    const pending = hart.memory.exchange(field(vcpu, VCPU.pending), 0);
    if (pending !== 0) hart.setCsrBits(CSR.mip, pending);
  }

  /** Enters the guest where it has been started on this hart; answers whether it has. */
  #begins(hart: Hart): boolean {
    const vcpu = vcpuAt(hart.id);
    if (stateOf(hart, vcpu) !== VCPU_STATE.ready) return false;
    hart.memory.atomicStore(field(vcpu, VCPU.state), VCPU_STATE.running);
    hart.loadContext(contextOf(vcpu));
    serveFences(hart, vcpu);
    return true;
  }

  /** The machine has ended: all harts look up and see it. */
  #endOthers(hart: Hart): void {
    for (let number = 0; number < this.#vm.machine.vcpus; number++) if (number !== hart.id) hart.sendIpi(hartId(number));
  }

  setTimer(hart: Hart, deadline: Ticks): void {
    hart.clearCsrBits(CSR.mip, INTERRUPT.STI);
    hart.setTimer(deadline);
  }

  machine(): PhysicalAddress {
    return GUEST;
  }

  sendInterrupt(hart: Hart, low: number, high: number, base: number): number {
    const count = this.#vm.machine.vcpus;
    if (!namesOnly(low, high, base, count)) return ERROR.invalidParameter;
    for (let number = 0; number < count; number++) if (isNamed(low, high, base, number)) this.#interrupt(hart, number);
    return SUCCESS;
  }

  #interrupt(hart: Hart, number: number): void {
    if (number === hart.id) {
      hart.setCsrBits(CSR.mip, INTERRUPT.SSI);
    } else {
      hart.memory.or(field(vcpuAt(number), VCPU.pending), INTERRUPT.SSI);
      hart.sendIpi(hartId(number));
    }
  }

  clearInterrupt(hart: Hart): number {
    return clearSoftware(hart);
  }

  fence(hart: Hart, fences: number, low: number, high: number, base: number): number {
    const count = this.#vm.machine.vcpus;
    if (!namesOnly(low, high, base, count)) return ERROR.invalidParameter;
    for (let number = 0; number < count; number++) {
      if (!isNamed(low, high, base, number)) continue;
      if (number === hart.id) {
        fenceHere(hart, fences);
      } else {
        requestFences(hart, vcpuAt(number), fences);
        hart.sendIpi(hartId(number));
      }
    }
    for (let number = 0; number < count; number++) {
      if (isNamed(low, high, base, number) && number !== hart.id) this.#awaitFences(hart, vcpuAt(number));
    }
    return SUCCESS;
  }

  #awaitFences(hart: Hart, vcpu: PhysicalAddress): void {
    const goal = fenceGoal(hart, vcpu);
    while (lacksFences(hart, vcpu, goal)) {
      // Who runs there may be waiting for this one.
      serveFences(hart, vcpuAt(hart.id));
      hart.relax();
    }
  }

  hartStart(hart: Hart, number: number): number {
    const vcpu = findVcpu(hart, GUEST, number);
    if (vcpu === NONE) return ERROR.invalidParameter;
    const error = checkStart(hart, GUEST);
    const state = field(vcpu, VCPU.state);
    if (error !== SUCCESS) return hart.memory.atomicLoad(state) === VCPU_STATE.stopped ? error : ERROR.alreadyAvailable;
    // Of two that start it, one does.
    if (hart.memory.compareExchange(state, VCPU_STATE.stopped, VCPU_STATE.starting) !== VCPU_STATE.stopped) return ERROR.alreadyAvailable;
    resetVcpu(hart, vcpu);
    hart.memory.atomicStore(state, VCPU_STATE.ready);
    hart.sendIpi(hartId(number));
    return SUCCESS;
  }

  hartStop(hart: Hart): void {
    hart.setTimer(NEVER);
    hart.memory.atomicStore(field(vcpuAt(hart.id), VCPU.state), VCPU_STATE.stopped);
  }

  hartStatus(hart: Hart, number: number): number {
    const vcpu = findVcpu(hart, GUEST, number);
    if (vcpu === NONE) return ERROR.invalidParameter;
    const state = stateOf(hart, vcpu);
    return state === VCPU_STATE.starting || state === VCPU_STATE.ready ? STATUS.startPending : statusOf(hart, vcpu);
  }

  hartSuspend(hart: Hart): void {
    suspend(hart, vcpuAt(hart.id));
  }

  reset(hart: Hart, kind: number): void {
    hart.setTimer(NEVER);
    recordFinish(hart, GUEST, kind);
    this.#endOthers(hart);
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
    if (atomicDoorbells.ring(hart.memory, GUEST, id) === NONE) return ERROR.invalidParameter;
    this.#interrupt(hart, 0);
    return SUCCESS;
  }

  channelPending(hart: Hart): number {
    return atomicDoorbells.takeRung(hart.memory, GUEST);
  }

  preempt(): void {
    // There is nobody else.
  }

  yield(): void {
    // There is nobody else.
  }
}

function stateOf(hart: Hart, vcpu: PhysicalAddress): number {
  return hart.memory.atomicLoad(field(vcpu, VCPU.state));
}
