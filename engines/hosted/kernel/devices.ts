// The devices that the host owns, and the kernel's part of what guests see of them: with `split=kernel` their interrupt
// controllers and network devices (as an in-kernel irqchip and vhost), with `split=user` only the machine's interrupts,
// which it passes on to the VMMs, and the network ports, with taps for the VMMs.

import type { Hart } from "../../machine/hart/hart.ts";
import { INTERRUPT } from "../../machine/hart/privileged.ts";
import { UART_BASE, UART_IRQ } from "../../machine/layout.ts";
import { hasDevices, type Networking } from "../../placement/devices.ts";
import type { PlacedVm } from "../../placement/placement.ts";
import { vmAt } from "../../smp/layout.ts";
import type { Processors } from "../../smp/processors.ts";
import { field, loadAddress, NONE } from "../../state/words.ts";
import { VirtualDevices } from "../../virtual-devices/devices.ts";
import type { DeviceGuard } from "../../virtual-devices/guard.ts";
import { type Inventory, takeInventory } from "../../virtual-devices/inventory.ts";
import { claim, complete, route } from "../../virtual-devices/physical-plic.ts";
import { SERIAL_REGISTERS } from "../../virtual-devices/serial.ts";
import { type HostedLayout, PROCESS } from "../layout.ts";
import { Bridge } from "./bridge.ts";

export type Split = "kernel" | "user";

const MOST_INTERRUPTS = 16;
const NO_GUEST = -1;

export class HostDevices {
  /** The guest whose VMM has the machine's serial console, or -1. */
  readonly consoleOwner: number;
  /** By guest: bitmap of its interrupt sources that are devices passed through. */
  readonly passed: readonly number[];
  readonly #harts: number;
  readonly #split: Split;
  readonly #layout: HostedLayout;
  readonly #processors: Processors;
  readonly #inventory: Inventory;
  readonly #devices: VirtualDevices;
  /** Where the VMMs emulate network devices. */
  readonly bridge: Bridge | undefined;

  constructor(vms: readonly PlacedVm[], networking: Networking, split: Split, harts: number, layout: HostedLayout, processors: Processors, guard: DeviceGuard) {
    this.consoleOwner = vms.find(({ devices }) => devices.console)?.index ?? NO_GUEST;
    this.#harts = harts;
    this.#split = split;
    this.#layout = layout;
    this.#processors = processors;
    // The machine's serial console is the VMM's that has it.
    const bridged = hasTaps(split, networking);
    const inventory = takeInventory(vms.map((vm) => ({ ...vm, devices: { ...vm.devices, console: false, nics: bridged ? [] : vm.devices.nics } })), networking);
    this.#inventory = inventory;
    this.passed = vms.map(({ index }) => inventory.guests[index]?.passed.reduce<number>((bits, from, source) => (from === undefined ? bits : bits | (1 << source)), 0) ?? 0);
    this.bridge = bridged ? new Bridge(vms, layout, guard, (hart, guest, sources) => this.tell(hart, guest, 0, sources)) : undefined;
    this.#devices = new VirtualDevices(inventory, processors, guard, vmAt, (source) => this.homeOf(source), (hart, source) => this.#pass(hart, source));
  }

  boot(hart: Hart): void {
    this.#devices.boot(hart);
    this.bridge?.boot(hart, (source) => this.homeOf(source));
    if (this.consoleOwner !== NO_GUEST) route(hart, UART_IRQ, this.homeOf(UART_IRQ));
  }

  /** The hart that takes the machine's interrupts of a source. */
  homeOf(source: number): number {
    return source % this.#harts;
  }

  /** A guest's access at `address`. Answers false if the kernel has no device there. */
  access(hart: Hart, cause: number, address: number): boolean {
    if (this.#split === "user" || (address >= UART_BASE && address < UART_BASE + SERIAL_REGISTERS)) return false;
    return this.#devices.access(hart, cause, address);
  }

  setLine(hart: Hart, guest: number, source: number, high: boolean): void {
    this.#devices.setLine(hart, guest, source, high);
  }

  /** A guest has completed an interrupt of a device that is passed through to it. */
  complete(hart: Hart, guest: number, source: number): boolean {
    const from = this.#inventory.guests[guest]?.passed[source];
    if (from !== undefined) complete(hart, from, this.homeOf(from));
    return from !== undefined;
  }

  externalInterrupt(hart: Hart): void {
    if (this.#split === "kernel") return this.#devices.externalInterrupt(hart);
    for (let count = 0; count < MOST_INTERRUPTS; count++) {
      const source = claim(hart);
      if (source === 0) break;
      if (this.bridge?.interrupt(hart, source) !== true) this.#pass(hart, source);
    }
    this.#processors.preempt(hart);
  }

  /** Sees to it that a VMM's service thread is told of channel ends that were rung, and of interrupt sources. */
  tell(hart: Hart, guest: number, rung: number, sources: number): void {
    const { memory } = hart;
    const process = this.#layout.process(guest);
    if (rung !== 0) memory.or(field(process, PROCESS.rung), rung);
    if (sources !== 0) memory.or(field(process, PROCESS.sources), sources);
    const service = loadAddress(memory, field(process, PROCESS.service));
    if (service !== NONE) this.#processors.raise(hart, service, WAKE_UP);
  }

  /** To a VMM. */
  #pass(hart: Hart, source: number): void {
    const owner = this.#inventory.owners[source];
    if (owner?.kind === "passed") this.tell(hart, owner.guest.index, 0, 1 << owner.source);
    else if (source === UART_IRQ && this.consoleOwner !== NO_GUEST) this.tell(hart, this.consoleOwner, 0, 1 << UART_IRQ);
  }
}

/** A thread that sleeps in a call is woken as a vCPU is; it takes no interrupt. */
export const WAKE_UP = INTERRUPT.VSSI;

/** Whether VMMs emulate network devices, on taps of the kernel's. */
export function hasTaps(split: Split, networking: Networking): boolean {
  return split === "user" && networking === "switch";
}

/** Whether a guest's VMM has to be told anything, and so has a service thread. */
export function needsService({ devices, ends }: PlacedVm, split: Split): boolean {
  return split === "user" ? hasDevices(devices) || ends.length > 0 : devices.console;
}

