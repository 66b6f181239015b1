// The kernel's part in virtualization: what needs the VMM goes up to it as a return from its call of `run`, and comes
// back as the next. While the VMM is at work, its guest's registers are in the vCPU's context.

import type { PhysicalAddress } from "../../machine/address.ts";
import { CSR } from "../../machine/hart/csr-numbers.ts";
import type { Hart } from "../../machine/hart/hart.ts";
import { CAUSE, INTERRUPT } from "../../machine/hart/privileged.ts";
import { ELSEWHERE, faultAddress } from "../../hypervisor-mode/fault-address.ts";
import { fetchTrapped } from "../../hypervisor-mode/guest-fetch.ts";
import { reflect } from "../../hypervisor-mode/reflect.ts";
import { A0, A1, A2, A6, A7, EXTENSION, VENDOR } from "../../sbi/numbers.ts";
import type { Processors } from "../../smp/processors.ts";
import type { SmpServices } from "../../smp/services.ts";
import { field, loadAddress, NONE } from "../../state/words.ts";
import { contextOf, machineOf, VCPU } from "../../vcpu/record.ts";
import { ACCESS, decodeAccess, NO_ACCESS } from "../../virtual-devices/decode.ts";
import { setLoaded } from "../../virtual-devices/devices.ts";
import { VM } from "../../virtual-machine/record.ts";
import { type HostedLayout, PROCESS, THREAD } from "../layout.ts";
import { argument, REASON, RUN } from "../run.ts";
import { CALL } from "../system-calls.ts";
import type { Network } from "../vmm/network.ts";
import { guestLeft, told } from "../vmm/vmm.ts";
import type { HostDevices, Split } from "./devices.ts";
import { FAULTED, type Programs, registerAt } from "./programs.ts";

const WORD = 4;

export class VirtualMachines {
  readonly #layout: HostedLayout;
  readonly #processors: Processors;
  readonly #services: SmpServices;
  readonly #devices: HostDevices;
  readonly #programs: Programs;
  readonly #split: Split;
  /** By guest: the network devices that its VMM emulates. */
  readonly #networks: readonly (Network | undefined)[];

  constructor(
    layout: HostedLayout, processors: Processors, services: SmpServices, devices: HostDevices, programs: Programs, split: Split, networks: readonly (Network | undefined)[],
  ) {
    this.#layout = layout;
    this.#processors = processors;
    this.#services = services;
    this.#devices = devices;
    this.#programs = programs;
    this.#split = split;
    this.#networks = networks;
  }

  /** Whether the SBI call that the guest has trapped on is the VMM's. */
  isForVmm(hart: Hart): boolean {
    switch (hart.xLow(A7)) {
      case EXTENSION.console:
      case EXTENSION.reset:
      case EXTENSION.legacyPutCharacter:
      case EXTENSION.legacyGetCharacter:
      case EXTENSION.legacyShutdown: return true;
      case EXTENSION.vendor: return this.#split === "user" || !isDoorbell(hart.xLow(A6));
      default: return false;
    }
  }

  /** Has the VMM serve that call. */
  call(hart: Hart): void {
    const { memory } = hart;
    const vcpu = this.#processors.current(hart);
    const run = this.#runOf(hart, vcpu);
    memory.store(field(run, RUN.reason), REASON.call);
    memory.store(field(run, RUN.extension), hart.xLow(A7));
    memory.store(field(run, RUN.operation), hart.xLow(A6));
    for (let register = A0; register <= A2; register++) {
      const at = field(run, argument(register));
      memory.store(at, hart.xLow(register));
      memory.store(field(at, 4), hart.xHigh(register));
    }
    if (!this.#leave(hart, vcpu)) return;
    hart.advance();
    const answers = memory.load(field(run, RUN.answers));
    if (answers > 0) setAnswer(hart, A0, memory.load(field(run, RUN.error)));
    if (answers > 1) setAnswer(hart, A1, memory.load(field(run, RUN.value)));
    this.#goOn(hart, vcpu);
  }

  /** The guest's load or store left its second stage: what is there is a device of the kernel's, of the VMM's, or nothing. */
  access(hart: Hart, cause: number): void {
    const { memory } = hart;
    const address = faultAddress(hart);
    if (address === ELSEWHERE) return void reflect(hart, cause);
    if (this.#devices.access(hart, cause, address)) return;
    const vcpu = this.#processors.current(hart);
    const access = decodeAccess(fetchTrapped(hart, machineOf(memory, vcpu)));
    const store = cause === CAUSE.storeGuestPage;
    const bytes = 1 << (access & ACCESS.size);
    // Of what a VMM may emulate, network devices alone take eight bytes.
    const twice = bytes > WORD && this.#devices.bridge !== undefined;
    // The guest may have changed the instruction since.
    if (access === NO_ACCESS || ((access & ACCESS.store) !== 0) !== store || (address & (bytes - 1)) !== 0) return void reflect(hart, cause);
    const run = this.#runOf(hart, vcpu);
    const thread = this.#layout.thread(vcpu);
    const register = (access >> ACCESS.registerShift) & ACCESS.registerMask;
    memory.store(field(run, RUN.reason), store ? REASON.store : REASON.load);
    memory.store(field(run, RUN.address), address);
    memory.store(field(run, RUN.bytes), bytes);
    memory.store(field(run, RUN.data), store ? hart.xLow(register) : 0);
    if (twice) memory.store(field(run, RUN.dataHigh), store ? hart.xHigh(register) : 0);
    memory.store(field(run, RUN.refused), 0);
    memory.store(field(run, RUN.external), (hart.csrLow(CSR.hvip) & INTERRUPT.VSEI) !== 0 ? 1 : 0);
    // Not in what the VMM can write: which instruction is to be completed.
    memory.store(field(thread, THREAD.access), access);
    memory.store(field(thread, THREAD.value), hart.csrLow(CSR.stval));
    memory.store(field(thread, THREAD.value + 4), hart.csrHigh(CSR.stval));
    if (!this.#leave(hart, vcpu)) return;
    if (memory.load(field(run, RUN.refused)) !== 0) {
      const value = field(thread, THREAD.value);
      hart.inject(store ? CAUSE.storeAccess : CAUSE.loadAccess, memory.load(value), memory.load(field(value, 4)));
    } else {
      if (!store) setLoaded(hart, memory.load(field(thread, THREAD.access)), memory.load(field(run, RUN.data)), twice ? memory.load(field(run, RUN.dataHigh)) : 0);
      hart.advance(memory.load(field(thread, THREAD.access)) >> ACCESS.lengthShift);
    }
    this.#goOn(hart, vcpu);
  }

  /** A turn of the service thread that is on this hart: it is told what there is, or sleeps. */
  serve(hart: Hart): void {
    const { memory } = hart;
    const service = this.#processors.current(hart);
    const guest = this.#guestOf(hart, service);
    const process = this.#layout.process(guest);
    const rung = memory.exchange(field(process, PROCESS.rung), 0);
    const sources = memory.exchange(field(process, PROCESS.sources), 0);
    if ((rung | sources) === 0) return this.#processors.suspend(hart);
    const thread = this.#layout.thread(service);
    memory.store(registerAt(thread, A0), rung);
    memory.store(registerAt(thread, A1), sources);
    const last = this.#programs.run(hart, thread, process, guest, told, this.#networks[guest]);
    if (last === CALL.wait) this.#processors.preempt(hart);
    else this.#fail(hart, last);
  }

  /** Ends the virtual machine on this hart: it did what nobody can go on from. */
  fail(hart: Hart, cause: number): void {
    this.#stopService(hart, machineOf(hart.memory, this.#processors.current(hart)));
    this.#services.fail(hart, cause, CSR.sepc, CSR.stval);
  }

  /** To the VMM and back. Answers false if the machine has ended; else the guest's registers are on the hart again. */
  #leave(hart: Hart, vcpu: PhysicalAddress): boolean {
    const guest = this.#guestOf(hart, vcpu);
    const thread = this.#layout.thread(vcpu);
    hart.saveContext(contextOf(vcpu));
    const last = this.#programs.run(hart, thread, this.#layout.process(guest), guest, guestLeft, this.#networks[guest]);
    if (last === CALL.run) {
      hart.loadContext(contextOf(vcpu));
      return true;
    }
    if (last === CALL.exit) {
      const kind = hart.xLow(A0);
      hart.loadContext(contextOf(vcpu));
      this.#stopService(hart, machineOf(hart.memory, vcpu));
      this.#services.reset(hart, kind);
    } else {
      this.#fail(hart, last);
    }
    return false;
  }

  /** Back in the guest, unless the hart is another's now. */
  #goOn(hart: Hart, vcpu: PhysicalAddress): void {
    const yields = field(this.#layout.thread(vcpu), THREAD.yields);
    if (hart.memory.load(yields) === 0) return this.#processors.preempt(hart);
    hart.memory.store(yields, 0);
    this.#processors.reschedule(hart, vcpu);
  }

  /** A VMM has faulted, or has ended a burst with a call that its thread may not make: that is its end. */
  #fail(hart: Hart, last: number): void {
    this.fail(hart, last === FAULTED ? hart.trapCause() : CAUSE.userCall);
  }

  #stopService(hart: Hart, vm: PhysicalAddress): void {
    const { memory } = hart;
    const service = loadAddress(memory, field(this.#layout.process(memory.load(field(vm, VM.number))), PROCESS.service));
    if (service !== NONE) this.#processors.stopVcpu(hart, service);
  }

  #guestOf(hart: Hart, vcpu: PhysicalAddress): number {
    return hart.memory.load(field(machineOf(hart.memory, vcpu), VM.number));
  }

  #runOf(hart: Hart, vcpu: PhysicalAddress): PhysicalAddress {
    return this.#layout.run(this.#guestOf(hart, vcpu), hart.memory.load(field(vcpu, VCPU.number)));
  }
}

function isDoorbell(operation: number): boolean {
  return operation === VENDOR.channelNotify || operation === VENDOR.channelPending;
}

/** A 32-bit number, sign-extended. */
function setAnswer(hart: Hart, register: number, value: number): void {
  hart.setX(register, value, value >> 31);
}
