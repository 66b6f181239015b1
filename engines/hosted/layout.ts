// The host's tables. Run queues, locks, threads and machines lie where smp has them; behind those, what the kernel knows of
// each thread and each process, then page by page the memory of every VMM process.

import { guestPhysical, physical, type PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { type Region, writeSecondStage } from "../machine/hart/second-stage.ts";
import { FIRMWARE_BYTES, RAM_BASE, RIGHT } from "../machine/layout.ts";
import { BootError, type Configuration } from "../engine.ts";
import type { PlacedVm } from "../placement/placement.ts";
import { CAPACITY as TABLES, STATE_END, vcpuAt } from "../smp/layout.ts";
import { field } from "../state/words.ts";
import { VCPU_BYTES } from "../vcpu/record.ts";
import { DEVICE_AREA, deviceAreaBytes } from "../virtual-devices/layout.ts";
import { MAXIMUM_CHANNELS } from "../virtual-machine/record.ts";
import { HOST_PROGRAM_BYTES } from "./kernel/host-programs.ts";
import { PIPE_BYTES } from "./kernel/pipe-record.ts";
import { TAP_BYTES } from "./kernel/tap-record.ts";
import { RUN_BYTES } from "./run.ts";
import { VMM } from "./vmm/layout.ts";
import { NETWORK_BYTES } from "./vmm/network-layout.ts";

/** Of guests. A guest has a thread for each vCPU and one more; host processes have one each. */
export const CAPACITY = { ...TABLES, vms: 240, vcpus: 256 } as const;
/** Threads that there may be. */
const THREADS = TABLES.vcpus;

const PAGE = 0x1000;
const pages = (bytes: number): number => Math.ceil(bytes / PAGE) * PAGE;

/** What the kernel keeps of a thread in user mode: its registers, as CONTEXT has them from `pc` to x31, and why it is there. */
export const THREAD = {
  registers: 0x000,
  /** Of ACCESS (virtual-devices/decode.ts): what a guest's load or store is to be completed with. */
  access: 0x100,
  /** 1: it gives up the rest of its turn. */
  yields: 0x104,
  /** Halves of the address of that load or store, for the guest's fault if nothing is there. */
  value: 0x108,
  /** Address of the run queue that its virtual runtime is measured in; NONE before its first turn. */
  measuredIn: 0x110,
  /** number: when it was last chosen to run. */
  since: 0x118,
} as const;
const THREAD_BYTES = 0x140;

/** A VMM process. */
export const PROCESS = {
  /** Bitmaps of what its service thread is to be told: ends of channels that have been rung, interrupt sources. */
  rung: 0x00,
  sources: 0x04,
  /** Address of its service thread, or NONE. */
  service: 0x08,
  /** Its address space, see writeSecondStage(). */
  space: 0x40,
} as const;
const REGIONS = 2 + MAXIMUM_CHANNELS;
const REGIONS_BYTES = 8 + 32 * REGIONS;
const PROCESS_BYTES = PROCESS.space + REGIONS_BYTES;

const PROCESSES = STATE_END + THREADS * THREAD_BYTES;
const VMMS = pages(PROCESSES + CAPACITY.vms * PROCESS_BYTES);

/** Bytes of devices' state below the guests, and of the taps behind it if there are any. */
export function hostAreaBytes(configuration: Configuration, taps: boolean): number {
  return deviceAreaBytes(configuration) + (taps ? (configuration.nics ?? []).length * TAP_BYTES : 0);
}

export class HostedLayout {
  /** Where each VMM's memory begins, by guest, and its bytes. */
  readonly #vmms: PhysicalAddress[] = [];
  readonly #bytes: number[] = [];

  /** Where each host process's memory begins, by its number. */
  readonly #programs: PhysicalAddress;
  /** Where pipes lie, behind those. */
  readonly #pipes: PhysicalAddress;

  /** Where taps lie, in the area of devices, and how many those of guests before one are. */
  readonly #taps: PhysicalAddress;
  readonly #tapsBefore: readonly number[];
  /** By guest: bytes of its VMM's memory up to the end of its run structures. */
  readonly #runsEnds: readonly number[];

  /** `processes`: host processes beside the VMMs; `pipes`: between those; `taps`: whether VMMs emulate network devices. */
  constructor(configuration: Configuration, processes: number, pipes = 0, taps = false) {
    const { vms, nics = [] } = configuration;
    this.#taps = field(DEVICE_AREA, deviceAreaBytes(configuration));
    this.#tapsBefore = vms.map((_, index) => nics.filter(({ owner }) => owner < index).length);
    this.#runsEnds = vms.map(({ vcpus }) => VMM.runs + vcpus * RUN_BYTES);
    let at = VMMS;
    for (const [index, end] of this.#runsEnds.entries()) {
      const bytes = pages(end + (taps && nics.some(({ owner }) => owner === index) ? NETWORK_BYTES : 0));
      this.#vmms.push(physical(at));
      this.#bytes.push(bytes);
      at += bytes;
    }
    this.#programs = physical(at);
    this.#pipes = physical(at + processes * HOST_PROGRAM_BYTES);
    if (this.#pipes + pipes * PIPE_BYTES > RAM_BASE + FIRMWARE_BYTES) {
      throw new BootError(`${vms.length} VMMs and ${processes} other processes need more memory than the host has for them: give it fewer`);
    }
  }

  thread(vcpu: PhysicalAddress): PhysicalAddress {
    return field(STATE_END, ((vcpu - vcpuAt(0)) / VCPU_BYTES) * THREAD_BYTES);
  }

  process(guest: number): PhysicalAddress {
    return physical(PROCESSES + guest * PROCESS_BYTES);
  }

  program(process: number): PhysicalAddress {
    return field(this.#programs, process * HOST_PROGRAM_BYTES);
  }

  pipe(number: number): PhysicalAddress {
    return field(this.#pipes, number * PIPE_BYTES);
  }

  /** The memory of a VMM. */
  vmm(guest: number): PhysicalAddress {
    return this.#vmms[guest];
  }

  /** Where a VMM has what it emulates of network devices. */
  network(guest: number): PhysicalAddress {
    return field(this.vmm(guest), this.#runsEnds[guest]);
  }

  /** The kernel's side of the network device that a guest sees at `slot`. */
  tap(guest: number, slot: number): PhysicalAddress {
    return field(this.#taps, (this.#tapsBefore[guest] + slot) * TAP_BYTES);
  }

  /** What the kernel and a VMM share of a vCPU. */
  run(guest: number, vcpu: number): PhysicalAddress {
    return field(this.vmm(guest), VMM.runs + vcpu * RUN_BYTES);
  }

  /** Writes a VMM's address space: its own memory, its guest's, and its ends of channels. */
  writeSpace(memory: CoreMemory, { index, slot, ends }: PlacedVm): void {
    const rights = RIGHT.read | RIGHT.write;
    const region = (base: PhysicalAddress, bytes: number): Region => ({ base: guestPhysical(base), bytes, physical: base, rights });
    writeSecondStage(memory, field(this.process(index), PROCESS.space), [
      region(this.vmm(index), this.#bytes[index]),
      region(slot.physical, slot.bytes),
      ...ends.map(({ window }) => region(window.physical, window.bytes)),
    ]);
  }
}
