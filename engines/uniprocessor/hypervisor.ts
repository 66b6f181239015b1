// The uniprocessor hypervisor: a Type 1 hypervisor for one hart.

import { hartId, physical, type HartId, type PhysicalAddress } from "../machine/address.ts";
import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { CAUSE, INTERRUPT_CAUSE } from "../machine/hart/privileged.ts";
import { RAM_BASE } from "../machine/layout.ts";
import type { PhysicalMemory } from "../machine/memory.ts";
import { plainDoorbells } from "../channels/doorbells.ts";
import { BootError, type Configuration, type Engine, type Platform } from "../engine.ts";
import { isWfi, reflect } from "../hypervisor-mode/reflect.ts";
import { EXTERNAL_INTERRUPT, FIRST_STAGE, setUpHart } from "../hypervisor-mode/setup.ts";
import { checkConfiguration } from "../placement/check.ts";
import { checkSoleOwners, type Networking } from "../placement/devices.ts";
import { loadGuest } from "../placement/load.ts";
import { place, type PlacedVm } from "../placement/placement.ts";
import { writeGuest, writeRegions } from "../placement/records.ts";
import { engineAreaBytes } from "../restart/area.ts";
import type { Restarts } from "../restart/restarts.ts";
import { SbiCalls } from "../sbi/calls.ts";
import { LocalServices } from "../sbi/local-services.ts";
import { BudgetScheduler } from "../scheduler/budget.ts";
import { append } from "../scheduler/queue.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import { TableScheduler } from "../scheduler/table.ts";
import { NONE } from "../state/words.ts";
import { vcpuOf } from "../vcpu/record.ts";
import { VirtualDevices } from "../virtual-devices/devices.ts";
import { unguarded } from "../virtual-devices/guard.ts";
import { takeInventory } from "../virtual-devices/inventory.ts";
import { CAPACITY, Layout } from "./layout.ts";
import { Processor } from "./processor.ts";

export interface UniprocessorOptions {
  /** By name, one of the hypervisor's own. */
  readonly scheduler: "budget" | "table" | Scheduler;
  readonly nic: Networking;
  /** Of guests that fail. Without, they stay as they are. */
  readonly restarts?: Restarts;
}

const TIMER_INTERRUPT = INTERRUPT_CAUSE | 5;

export class Uniprocessor implements Engine {
  readonly processor: Processor;
  readonly #machine: PhysicalMemory;
  readonly #vms: readonly PlacedVm[];
  readonly #layout: Layout;
  /** By index in the configuration. */
  readonly #records: PhysicalAddress[] = [];
  readonly #table: TableScheduler | undefined;
  readonly #services: LocalServices;
  readonly #calls: SbiCalls;
  readonly #networking: Networking;
  readonly #devices: VirtualDevices;
  readonly #restarts: Restarts | undefined;

  /** The hypervisor of a machine with one hart. */
  static of(platform: Platform, configuration: Configuration, options: UniprocessorOptions): Uniprocessor {
    checkConfiguration(platform, configuration, CAPACITY);
    if (options.nic === "passthrough") checkSoleOwners(configuration);
    const { memory } = platform;
    const placed = place(configuration, memory.ramBytes, "translated", engineAreaBytes(configuration, options.restarts));
    return new Uniprocessor(memory, placed, options, physical(RAM_BASE), hartId(0));
  }

  /** Runs `vms`, no more than its CAPACITY, on hart `home`, with its state in the STATE_BYTES from `base`. */
  constructor(machine: PhysicalMemory, vms: readonly PlacedVm[], { scheduler, nic, restarts }: UniprocessorOptions, base: PhysicalAddress, home: HartId) {
    this.#machine = machine;
    this.#vms = vms;
    this.#networking = nic;
    this.#layout = new Layout(base);
    for (const [local, vm] of vms.entries()) this.#records[vm.index] = this.#layout.vm(local);
    this.#table = scheduler === "table" ? new TableScheduler(this.#layout.windows) : undefined;
    this.processor = new Processor(this.#layout.queue, this.#table ?? (typeof scheduler === "object" ? scheduler : new BudgetScheduler()), restarts);
    this.#services = new LocalServices(this.processor, plainDoorbells, restarts);
    this.#restarts = restarts;
    this.#calls = new SbiCalls(this.#services, FIRST_STAGE);
    this.#devices = new VirtualDevices(takeInventory(vms, nic), this.processor, unguarded, (index) => this.recordOf(index), () => home);
  }

  boot(hart: Hart): void {
    const { memory } = hart;
    const recordOf = (index: number): PhysicalAddress => this.recordOf(index);
    let vcpus = 0;
    for (const vm of this.#vms) {
      const record = this.recordOf(vm.index);
      const start = loadGuest(this.#machine, vm, 0);
      writeGuest(hart, vm, start, record, this.#layout.vcpu(vcpus), recordOf);
      this.#restarts?.keep(hart, vm, start);
      writeRegions(memory, vm, record, this.#networking);
      for (let number = 0; number < vm.machine.vcpus; number++) append(memory, this.#layout.queue, vcpuOf(memory, record, number));
      vcpus += vm.machine.vcpus;
    }
    this.#devices.boot(hart);
    const excess = this.#table?.build(memory, this.#layout.queue) ?? 0;
    if (excess >= 1) throw new BootError(`the table's windows exceed its major frame by ${excess} cycles: give the guests smaller shares`);
  }

  start(hart: Hart): void {
    setUpHart(hart);
    this.processor.start(hart);
  }

  trap(hart: Hart): void {
    const cause = hart.trapCause();
    switch (cause) {
      case CAUSE.virtualSupervisorCall: return this.#calls.call(hart);
      case TIMER_INTERRUPT: return this.processor.timerInterrupt(hart);
      case EXTERNAL_INTERRUPT: return this.#devices.externalInterrupt(hart);
      case CAUSE.virtualInstruction:
        if (isWfi(hart)) return this.processor.waitForInterrupt(hart);
        return this.#reflect(hart, cause);
      case CAUSE.loadGuestPage:
      case CAUSE.storeGuestPage:
        if (this.#devices.access(hart, cause)) return;
        return this.#reflect(hart, cause);
      case CAUSE.instructionGuestPage: return this.#reflect(hart, cause);
      default:
        if ((cause & INTERRUPT_CAUSE) === 0) return this.#fail(hart, cause);
        hart.clearIpi();
        this.processor.reschedule(hart, NONE);
    }
  }

  /** The record of a guest, by its index in the configuration; NONE if it is not one of these. */
  recordOf(index: number): PhysicalAddress {
    return this.#records[index] ?? NONE;
  }

  #reflect(hart: Hart, cause: number): void {
    if (!reflect(hart, cause)) this.#fail(hart, cause);
  }

  #fail(hart: Hart, cause: number): void {
    this.#services.fail(hart, cause, CSR.sepc, CSR.stval);
  }
}
