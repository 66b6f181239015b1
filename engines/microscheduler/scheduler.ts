// The microscheduler: machine-mode software that shares harts out among guests in true S-mode, which
// reach all that it reaches but M-mode's registers. It checks, masks and traps nothing of theirs.

import { hartId, type HartId, type PhysicalAddress } from "../machine/address.ts";
import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { CAUSE, INTERRUPT_CAUSE } from "../machine/hart/privileged.ts";
import type { PhysicalMemory } from "../machine/memory.ts";
import { atomicDoorbells } from "../channels/doorbells.ts";
import type { Configuration, Engine, Platform } from "../engine.ts";
import { FIRST_STAGE, setUpHart, SOFTWARE_INTERRUPT, TIMER_INTERRUPT } from "../machine-mode/setup.ts";
import { resume } from "../machine-mode/suspend.ts";
import { checkConfiguration } from "../placement/check.ts";
import { checkSoleOwners } from "../placement/devices.ts";
import { loadGuest } from "../placement/load.ts";
import { place, type PlacedVm } from "../placement/placement.ts";
import { writeGuest } from "../placement/records.ts";
import { SbiCalls } from "../sbi/calls.ts";
import { LocalServices } from "../sbi/local-services.ts";
import { CAPACITY, vcpuAt, vmAt } from "./layout.ts";
import { MicroschedulerProcessor } from "./processor.ts";

export class Microscheduler implements Engine {
  readonly #machine: PhysicalMemory;
  readonly #harts: number;
  readonly #vms: readonly PlacedVm[];
  readonly #processor: MicroschedulerProcessor;
  readonly #services: LocalServices;
  readonly #calls: SbiCalls;

  constructor(platform: Platform, configuration: Configuration) {
    checkConfiguration(platform, configuration, CAPACITY);
    const { memory, harts } = platform;
    this.#machine = memory;
    this.#harts = harts;
    checkSoleOwners(configuration);
    this.#vms = place(configuration, memory.ramBytes, "flat");
    const members: PhysicalAddress[][] = Array.from({ length: harts }, () => []);
    const placement = new Map<PhysicalAddress, HartId>();
    for (const { hart, vcpus } of configuration.vms) {
      const home = hartId(hart % harts);
      for (let number = 0; number < vcpus; number++) {
        const vcpu = vcpuAt(placement.size);
        members[home].push(vcpu);
        placement.set(vcpu, home);
      }
    }
    this.#processor = new MicroschedulerProcessor(members, placement);
    this.#services = new LocalServices(this.#processor, atomicDoorbells);
    this.#calls = new SbiCalls(this.#services, FIRST_STAGE);
  }

  boot(hart: Hart): void {
    let vcpus = 0;
    for (const vm of this.#vms) {
      writeGuest(hart, vm, loadGuest(this.#machine, vm, vm.machine.hart % this.#harts), vmAt(vm.index), vcpuAt(vcpus), vmAt);
      vcpus += vm.machine.vcpus;
    }
  }

  start(hart: Hart): void {
    setUpHart(hart);
    this.#processor.start(hart);
  }

  trap(hart: Hart): void {
    const cause = hart.trapCause();
    resume(hart, this.#processor.current(hart));
    switch (cause) {
      case CAUSE.supervisorCall: return this.#calls.call(hart);
      case TIMER_INTERRUPT: return this.#processor.timerInterrupt(hart);
      case SOFTWARE_INTERRUPT: return this.#processor.softwareInterrupt(hart);
      default:
        // What a guest that was suspended waited for is its own.
        if ((cause & INTERRUPT_CAUSE) === 0) this.#fail(hart, cause);
    }
  }

  #fail(hart: Hart, cause: number): void {
    this.#services.fail(hart, cause, CSR.mepc, CSR.mtval);
  }
}
