// The SMP hypervisor: one Type 1 hypervisor over all harts.

import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { CAUSE, INTERRUPT_CAUSE } from "../machine/hart/privileged.ts";
import type { PhysicalMemory } from "../machine/memory.ts";
import { type Doorbells, mergingDoorbells } from "../channels/doorbells.ts";
import type { Configuration, Engine, Platform } from "../engine.ts";
import { isWfi, reflect } from "../hypervisor-mode/reflect.ts";
import { EXTERNAL_INTERRUPT, FIRST_STAGE, setUpHart } from "../hypervisor-mode/setup.ts";
import { LOCK_KINDS, type LockName } from "../locks/kinds.ts";
import { Locks } from "../locks/locks.ts";
import { checkConfiguration } from "../placement/check.ts";
import { checkSoleOwners, type Networking } from "../placement/devices.ts";
import { loadGuest } from "../placement/load.ts";
import { place, type PlacedVm } from "../placement/placement.ts";
import { writeGuest, writeRegions } from "../placement/records.ts";
import { engineAreaBytes } from "../restart/area.ts";
import type { Restarts } from "../restart/restarts.ts";
import { SbiCalls } from "../sbi/calls.ts";
import { BudgetScheduler } from "../scheduler/budget.ts";
import { append } from "../scheduler/queue.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import { VirtualDevices } from "../virtual-devices/devices.ts";
import { takeInventory } from "../virtual-devices/inventory.ts";
import { Exclusion, type Granularity } from "../locks/exclusion.ts";
import { DeviceLocks } from "./device-locks.ts";
import { IdleHarts } from "./idle-harts.ts";
import { CAPACITY, LOCK_AT, LOCK_NODES, queueOf, vcpuAt, vmAt } from "./layout.ts";
import { Processors } from "./processors.ts";
import { SmpServices } from "./services.ts";

const SOFTWARE_INTERRUPT = INTERRUPT_CAUSE | 1;
const TIMER_INTERRUPT = INTERRUPT_CAUSE | 5;

export interface SmpOptions {
  readonly granularity: Granularity;
  readonly lock: LockName;
  readonly lockTiming: boolean;
  readonly nic: Networking;
  /** Others than the hypervisor's own. */
  readonly scheduler?: Scheduler;
  readonly doorbells?: Doorbells;
  /** Of guests that fail. Without, they stay as they are. */
  readonly restarts?: Restarts;
}

export class Smp implements Engine {
  readonly #machine: PhysicalMemory;
  readonly #vms: readonly PlacedVm[];
  readonly #harts: number;
  readonly #exclusion: Exclusion;
  readonly #processors: Processors;
  readonly #services: SmpServices;
  readonly #calls: SbiCalls;
  readonly #networking: Networking;
  readonly #devices: VirtualDevices;
  readonly #restarts: Restarts | undefined;

  constructor(platform: Platform, configuration: Configuration, options: SmpOptions) {
    checkConfiguration(platform, configuration, CAPACITY);
    if (options.nic === "passthrough") checkSoleOwners(configuration);
    const { memory, harts } = platform;
    this.#machine = memory;
    this.#vms = place(configuration, memory.ramBytes, "translated", engineAreaBytes(configuration, options.restarts));
    this.#harts = harts;
    this.#exclusion = new Exclusion(new Locks(LOCK_KINDS[options.lock], LOCK_NODES, options.lockTiming), options.granularity, LOCK_AT.big);
    this.#processors = new Processors(harts, options.scheduler ?? new BudgetScheduler(), this.#exclusion, new IdleHarts(harts), undefined, options.restarts);
    this.#services = new SmpServices(this.#processors, this.#exclusion, options.doorbells ?? mergingDoorbells, options.restarts);
    this.#restarts = options.restarts;
    this.#calls = new SbiCalls(this.#services, FIRST_STAGE);
    this.#networking = options.nic;
    // Interrupts of the machine's devices go to its harts in turn, wherever the guests' vCPUs are.
    this.#devices = new VirtualDevices(
      takeInventory(this.#vms, options.nic), this.#processors, new DeviceLocks(this.#exclusion), vmAt, (source) => source % harts,
    );
  }

  boot(hart: Hart): void {
    let vcpus = 0;
    for (const vm of this.#vms) {
      const record = vmAt(vm.index);
      const start = loadGuest(this.#machine, vm, 0);
      writeGuest(hart, vm, start, record, vcpuAt(vcpus), vmAt);
      this.#restarts?.keep(hart, vm, start);
      writeRegions(hart.memory, vm, record, this.#networking);
      for (let number = 0; number < vm.machine.vcpus; number++) {
        append(hart.memory, queueOf(vcpus % this.#harts), vcpuAt(vcpus));
        vcpus++;
      }
    }
    this.#devices.boot(hart);
  }

  start(hart: Hart): void {
    setUpHart(hart);
    this.#exclusion.enter(hart);
    this.#processors.start(hart);
    this.#exclusion.leave(hart);
  }

  trap(hart: Hart): void {
    this.#exclusion.enter(hart);
    this.#handle(hart, hart.trapCause());
    this.#exclusion.leave(hart);
  }

  #handle(hart: Hart, cause: number): void {
    switch (cause) {
      case CAUSE.virtualSupervisorCall: return this.#calls.call(hart);
      case TIMER_INTERRUPT: return this.#processors.timerInterrupt(hart);
      case SOFTWARE_INTERRUPT: return this.#processors.softwareInterrupt(hart);
      case EXTERNAL_INTERRUPT: return this.#devices.externalInterrupt(hart);
      case CAUSE.virtualInstruction:
        if (isWfi(hart)) return this.#processors.waitForInterrupt(hart);
        return this.#reflect(hart, cause);
      case CAUSE.loadGuestPage:
      case CAUSE.storeGuestPage:
        if (this.#devices.access(hart, cause)) return;
        return this.#reflect(hart, cause);
      case CAUSE.instructionGuestPage: return this.#reflect(hart, cause);
      default: return this.#services.fail(hart, cause, CSR.sepc, CSR.stval);
    }
  }

  #reflect(hart: Hart, cause: number): void {
    if (!reflect(hart, cause)) this.#services.fail(hart, cause, CSR.sepc, CSR.stval);
  }
}
