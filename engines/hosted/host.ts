// The hosted engine, a Type 2 hypervisor: a host kernel that schedules threads of processes over all harts, with a VMM
// process for each virtual machine.

import type { Hart } from "../machine/hart/hart.ts";
import { CAUSE, INTERRUPT_CAUSE } from "../machine/hart/privileged.ts";
import { physical } from "../machine/address.ts";
import type { PhysicalMemory } from "../machine/memory.ts";
import { plainDoorbells } from "../channels/doorbells.ts";
import type { Configuration, Engine, Platform } from "../engine.ts";
import { isWfi, reflect } from "../hypervisor-mode/reflect.ts";
import { EXTERNAL_INTERRUPT, FIRST_STAGE, setUpHart } from "../hypervisor-mode/setup.ts";
import { enterWorld } from "../hypervisor-mode/world-switch.ts";
import { Exclusion } from "../locks/exclusion.ts";
import { LOCK_KINDS, type LockName } from "../locks/kinds.ts";
import { Locks } from "../locks/locks.ts";
import { checkConfiguration } from "../placement/check.ts";
import { checkSoleOwners, type Networking } from "../placement/devices.ts";
import { loadGuest } from "../placement/load.ts";
import { place, type PlacedVm } from "../placement/placement.ts";
import { writeGuest, writeRegions } from "../placement/records.ts";
import { SbiCalls } from "../sbi/calls.ts";
import { append } from "../scheduler/queue.ts";
import { DeviceLocks } from "../smp/device-locks.ts";
import { IdleHarts } from "../smp/idle-harts.ts";
import { LOCK_AT, LOCK_NODES, queueOf, vcpuAt, vmAt } from "../smp/layout.ts";
import { Processors } from "../smp/processors.ts";
import { SmpServices } from "../smp/services.ts";
import { field } from "../state/words.ts";
import { VCPU_BYTES } from "../vcpu/record.ts";
import { writeHeader } from "../virtual-devices/nic.ts";
import { hasTaps, HostDevices, needsService, type Split } from "./kernel/devices.ts";
import { FairScheduler } from "./kernel/fair.ts";
import { enterThread, HostProcesses, writeHostProcess } from "./kernel/host-processes.ts";
import { type HostProgram, pipesOf } from "./kernel/host-programs.ts";
import { Pipes, writePipeEnds } from "./kernel/pipes.ts";
import { Programs } from "./kernel/programs.ts";
import { SystemCalls } from "./kernel/system-calls.ts";
import { VirtualMachines } from "./kernel/virtual-machines.ts";
import { CAPACITY, hostAreaBytes, HostedLayout } from "./layout.ts";
import { writeProcess, writeService } from "./processes.ts";
import { Network } from "./vmm/network.ts";

const SOFTWARE_INTERRUPT = INTERRUPT_CAUSE | 1;
const TIMER_INTERRUPT = INTERRUPT_CAUSE | 5;
/** Turns of service threads that one trap may begin; then interrupts are looked at. */
const MOST_TURNS = 8;

export interface HostedOptions {
  readonly lock: LockName;
  readonly nic: Networking;
  readonly split: Split;
  /** What runs beside the guests' VMMs. */
  readonly programs: readonly HostProgram[];
}

export class Host implements Engine {
  readonly #machine: PhysicalMemory;
  readonly #vms: readonly PlacedVm[];
  readonly #harts: number;
  readonly #options: HostedOptions;
  readonly #layout: HostedLayout;
  /** By guest: the network devices that its VMM emulates. */
  readonly #networks: readonly (Network | undefined)[];
  readonly #processors: Processors;
  readonly #calls: SbiCalls;
  readonly #devices: HostDevices;
  readonly #machines: VirtualMachines;
  readonly #processes: HostProcesses;
  /** Threads from the one record on are service threads, and from the other host processes. */
  readonly #firstService: number;
  readonly #firstProcess: number;

  constructor(platform: Platform, configuration: Configuration, options: HostedOptions) {
    checkConfiguration(platform, configuration, CAPACITY);
    if (options.nic === "passthrough") checkSoleOwners(configuration);
    const { memory, harts } = platform;
    const taps = hasTaps(options.split, options.nic);
    this.#machine = memory;
    this.#vms = place(configuration, memory.ramBytes, "translated", hostAreaBytes(configuration, taps));
    this.#harts = harts;
    this.#options = options;
    const pipes = pipesOf(options.programs);
    this.#layout = new HostedLayout(configuration, options.programs.length, pipes, taps);
    this.#networks = this.#vms.map((vm) => (taps && vm.devices.nics.length > 0 ? new Network(vm, this.#layout.network(vm.index)) : undefined));
    this.#firstService = vcpuAt(configuration.vms.reduce((sum, { vcpus }) => sum + vcpus, 0));
    this.#firstProcess = field(physical(this.#firstService), VCPU_BYTES * this.#vms.filter((vm) => needsService(vm, options.split)).length);
    const exclusion = new Exclusion(new Locks(LOCK_KINDS[options.lock], LOCK_NODES, false), "fine", LOCK_AT.big);
    this.#processors = new Processors(harts, new FairScheduler(this.#layout), exclusion, new IdleHarts(harts), options.programs.length > 0 ? enterThread(this.#firstProcess) : enterWorld);
    const services = new SmpServices(this.#processors, exclusion, plainDoorbells);
    this.#calls = new SbiCalls(services, FIRST_STAGE);
    this.#devices = new HostDevices(this.#vms, options.nic, options.split, harts, this.#layout, this.#processors, new DeviceLocks(exclusion));
    const calls = new SystemCalls(this.#layout, this.#processors, exclusion, this.#devices);
    const programs = new Programs(harts, (hart, number, first, second) => calls.serve(hart, number, first, second));
    this.#machines = new VirtualMachines(this.#layout, this.#processors, services, this.#devices, programs, options.split, this.#networks);
    this.#processes = new HostProcesses(this.#processors, new Pipes(pipes, this.#layout, this.#processors, exclusion));
  }

  boot(hart: Hart): void {
    const { memory } = hart;
    const { nic, split } = this.#options;
    let threads = 0;
    const addThread = (): void => append(memory, queueOf(threads % this.#harts), vcpuAt(threads++));
    for (const vm of this.#vms) {
      const record = vmAt(vm.index);
      writeGuest(hart, vm, loadGuest(this.#machine, vm, 0), record, vcpuAt(threads), vmAt);
      writeRegions(memory, vm, record, nic);
      writeProcess(memory, this.#layout, vm, vcpuAt(threads), split, this.#devices.passed[vm.index] ?? 0);
      const network = this.#networks[vm.index];
      if (network !== undefined) writeHeader(memory, network.header);
      for (let number = 0; number < vm.machine.vcpus; number++) addThread();
    }
    for (const vm of this.#vms) {
      if (!needsService(vm, split)) continue;
      writeService(hart, this.#layout, vm, vmAt(vm.index), vcpuAt(threads));
      addThread();
    }
    const weight = averageShare(this.#vms);
    for (const [index, program] of this.#options.programs.entries()) {
      const number = this.#vms.length + index;
      writeHostProcess(hart, program, number, weight, vmAt(number), vcpuAt(threads), this.#layout.program(index));
      if (program.pipes !== undefined) writePipeEnds(memory, this.#layout, program.pipes, vcpuAt(threads));
      addThread();
    }
    this.#devices.boot(hart);
  }

  start(hart: Hart): void {
    setUpHart(hart);
    this.#processors.start(hart);
    this.#serve(hart);
  }

  trap(hart: Hart): void {
    const cause = hart.trapCause();
    if ((cause & INTERRUPT_CAUSE) === 0 && this.#options.programs.length > 0 && this.#processors.current(hart) >= this.#firstProcess) {
      this.#processes.exception(hart, cause);
    } else {
      this.#handle(hart, cause);
    }
    this.#serve(hart);
  }

  #handle(hart: Hart, cause: number): void {
    switch (cause) {
      case CAUSE.virtualSupervisorCall: return this.#machines.isForVmm(hart) ? this.#machines.call(hart) : this.#calls.call(hart);
      case TIMER_INTERRUPT: return this.#processors.timerInterrupt(hart);
      case SOFTWARE_INTERRUPT: return this.#processors.softwareInterrupt(hart);
      case EXTERNAL_INTERRUPT: return this.#devices.externalInterrupt(hart);
      case CAUSE.virtualInstruction:
        if (isWfi(hart)) return this.#processors.waitForInterrupt(hart);
        return this.#reflect(hart, cause);
      case CAUSE.loadGuestPage:
      case CAUSE.storeGuestPage: return this.#machines.access(hart, cause);
      case CAUSE.instructionGuestPage: return this.#reflect(hart, cause);
      default: return this.#machines.fail(hart, cause);
    }
  }

  #reflect(hart: Hart, cause: number): void {
    if (!reflect(hart, cause)) this.#machines.fail(hart, cause);
  }

  /** Service threads that this hart has come to run until one sleeps: what runs then is a guest, or nothing. */
  #serve(hart: Hart): void {
    for (let turns = 0; this.#isService(this.#processors.current(hart)); turns++) {
      if (turns === MOST_TURNS) {
        hart.sendIpi(hart.id);
        return hart.idle();
      }
      this.#machines.serve(hart);
    }
  }

  #isService(thread: number): boolean {
    return thread >= this.#firstService && thread < this.#firstProcess;
  }
}

/** Of a vCPU: what a host process weighs beside them. */
function averageShare(vms: readonly PlacedVm[]): number {
  const shares = vms.flatMap(({ machine: { vcpus, share } }) => Array.from({ length: vcpus }, () => share.budget / share.period));
  return shares.length === 0 ? 1 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

