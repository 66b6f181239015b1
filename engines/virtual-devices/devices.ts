// The devices that an engine's guests see: their accesses that trap, and the machine's external interrupts.

import type { PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { CAUSE } from "../machine/hart/privileged.ts";
import { PLIC_BASE, UART_BASE, UART_IRQ, VIRTIO_FIRST_IRQ, VIRTIO_STRIDE } from "../machine/layout.ts";
import { ELSEWHERE, faultAddress } from "../hypervisor-mode/fault-address.ts";
import { fetchTrapped } from "../hypervisor-mode/guest-fetch.ts";
import { field } from "../state/words.ts";
import { machineOf } from "../vcpu/record.ts";
import { VM } from "../virtual-machine/record.ts";
import { REGISTER } from "../virtio/numbers.ts";
import { ACCESS, decodeAccess, NO_ACCESS } from "./decode.ts";
import { FOUND, type GuestDevices } from "./guest-devices.ts";
import type { DeviceGuard } from "./guard.ts";
import { dueVcpus, type Vcpus, VirtualInterrupts } from "./interrupts.ts";
import type { Inventory } from "./inventory.ts";
import type { VirtualNic } from "./nic.ts";
import { claim, complete, route } from "./physical-plic.ts";
import { loadPlic, setLine, storePlic } from "./plic.ts";
import type { Segment } from "./segment.ts";
import { interrupts, loadSerial, SERIAL, SERIAL_DATA, storeSerial } from "./serial.ts";
import { enableInput, pullInput } from "./serial-input.ts";

/** Interrupts that one trap serves; what is left traps again. */
const MOST_INTERRUPTS = 16;
const NO_BYTE = -1;
const WORD = 4;

export class VirtualDevices {
  readonly #inventory: Inventory;
  readonly #vcpus: Vcpus;
  readonly #guard: DeviceGuard;
  readonly #interrupts: VirtualInterrupts;
  readonly #recordOf: (guest: number) => PhysicalAddress;
  readonly #homeOf: (source: number) => number;
  readonly #other: (hart: Hart, source: number) => void;

  /** `recordOf`: of a guest. `homeOf`: the hart that takes the machine's interrupts of a source. `other`: takes those that are
   *  nobody's here. */
  constructor(
    inventory: Inventory, vcpus: Vcpus, guard: DeviceGuard,
    recordOf: (guest: number) => PhysicalAddress, homeOf: (source: number) => number, other: (hart: Hart, source: number) => void = () => {},
  ) {
    this.#inventory = inventory;
    this.#vcpus = vcpus;
    this.#guard = guard;
    this.#interrupts = new VirtualInterrupts(inventory.guests, vcpus, guard, recordOf);
    this.#recordOf = recordOf;
    this.#homeOf = homeOf;
    this.#other = other;
  }

  /** Once, at boot, after the guests' records: gives devices to whom they belong, and interrupts to their harts. */
  boot(hart: Hart): void {
    for (const [source, owner] of this.#inventory.owners.entries()) {
      if (owner === undefined) continue;
      route(hart, source, this.#homeOf(source));
      if (owner.kind === "passed") {
        hart.setDeviceRegions(source - VIRTIO_FIRST_IRQ, field(this.#recordOf(owner.guest.index), VM.secondStage));
      } else if (owner.kind === "segment") {
        owner.segment.start(hart);
      }
    }
  }

  /** The current vCPU's load or store left its second stage. Answers false, with nothing done, if no device of its takes that. */
  access(hart: Hart, cause: number, address = faultAddress(hart)): boolean {
    const { memory } = hart;
    const vm = machineOf(memory, this.#vcpus.current(hart));
    const guest = this.#inventory.guests[memory.load(field(vm, VM.number))];
    if (guest === undefined) return false;
    const found = address === ELSEWHERE ? FOUND.nothing : guest.find(address);
    if (found === FOUND.nothing) return false;
    const access = decodeAccess(fetchTrapped(hart, vm));
    const store = cause === CAUSE.storeGuestPage;
    // The guest may have changed the instruction since.
    if (access === NO_ACCESS || ((access & ACCESS.store) !== 0) !== store) return false;
    const bytes = 1 << (access & ACCESS.size);
    if ((address & (bytes - 1)) !== 0) return false;
    switch (found) {
      case FOUND.plic:
        if (bytes !== WORD) return false;
        this.#accessPlic(hart, guest, address - PLIC_BASE, access);
        break;
      case FOUND.serial:
        if (bytes !== 1) return false;
        this.#accessSerial(hart, guest, address - UART_BASE, access);
        break;
      default: this.#accessNic(hart, guest, found - FOUND.slots, address & (VIRTIO_STRIDE - 1), access);
    }
    hart.advance(access >> ACCESS.lengthShift);
    this.#vcpus.preempt(hart);
    return true;
  }

  /** The engine's external interrupt: serves what the machine's PLIC has for this hart. */
  externalInterrupt(hart: Hart): void {
    const { segments } = this.#inventory;
    for (let port = 0; port < segments.length; port++) segments[port]?.begin();
    for (let count = 0; count < MOST_INTERRUPTS; count++) {
      const source = claim(hart);
      if (source === 0) break;
      const owner = this.#inventory.owners[source];
      // One that is passed through is completed by its guest: until then its device drives the line.
      if (owner?.kind === "passed") this.#interrupts.request(hart, owner.guest, owner.source);
      else if (owner?.kind === "segment") this.#receive(hart, owner.segment, source);
      else if (owner?.kind === "serial") this.#input(hart, owner.guest);
      else this.#other(hart, source);
    }
    this.#vcpus.preempt(hart);
  }

  /** A device that someone else emulates for the guest moves its line. */
  setLine(hart: Hart, index: number, source: number, high: boolean): void {
    const guest = this.#inventory.guests[index];
    if (guest === undefined) return;
    this.#guard.enterGuest(hart, index);
    setLine(hart.memory, guest.plic, source, high);
    const due = dueVcpus(hart, guest);
    this.#guard.leaveGuest(hart, index);
    this.#interrupts.show(hart, guest, due);
  }

  #accessPlic(hart: Hart, guest: GuestDevices, offset: number, access: number): void {
    const { memory } = hart;
    const store = (access & ACCESS.store) !== 0;
    const register = registerOf(access);
    this.#guard.enterGuest(hart, guest.index);
    const completed = store ? storePlic(memory, guest.plic, guest.vcpus, offset, hart.xLow(register)) : 0;
    const value = store ? 0 : loadPlic(memory, guest.plic, guest.vcpus, offset);
    const due = dueVcpus(hart, guest);
    this.#guard.leaveGuest(hart, guest.index);
    if (!store) setLoaded(hart, access, value, 0);
    const passed = guest.passed[completed];
    if (passed !== undefined) complete(hart, passed, this.#homeOf(passed));
    this.#interrupts.show(hart, guest, due);
  }

  #accessSerial(hart: Hart, guest: GuestDevices, offset: number, access: number): void {
    const { memory } = hart;
    const store = (access & ACCESS.store) !== 0;
    const { serial } = guest;
    this.#guard.enterGuest(hart, guest.index);
    const sent = store ? storeSerial(memory, serial, offset, hart.xLow(registerOf(access)) & 0xff) : NO_BYTE;
    const value = store ? 0 : loadSerial(memory, serial, offset);
    // A guest that has never set its console up reads it by SBI calls, if at all.
    if (store && offset !== SERIAL_DATA) enableInput(hart);
    const emptied = memory.load(field(serial, SERIAL.held)) !== 0 && pullInput(hart, serial);
    setLine(memory, guest.plic, UART_IRQ, interrupts(memory, serial));
    const due = dueVcpus(hart, guest);
    this.#guard.leaveGuest(hart, guest.index);
    if (!store) setLoaded(hart, access, value, 0);
    if (sent !== NO_BYTE) hart.consoleWrite(sent, guest.index);
    if (emptied) complete(hart, UART_IRQ, this.#homeOf(UART_IRQ));
    this.#interrupts.show(hart, guest, due);
  }

  #accessNic(hart: Hart, guest: GuestDevices, slot: number, offset: number, access: number): void {
    const nic = guest.nics[slot] as VirtualNic;
    const segment = this.#inventory.segments[guest.ports[slot]] as Segment;
    const { transport } = nic;
    const bytes = Math.min(1 << (access & ACCESS.size), WORD);
    // The bus is 32 bits wide: a doubleword is two accesses.
    const twice = (access & ACCESS.size) > 2;
    const register = registerOf(access);
    this.#guard.enterSegment(hart, segment.port);
    segment.begin();
    nic.use(hart.memory);
    if ((access & ACCESS.store) !== 0) {
      transport.write(offset, bytes, hart.xLow(register));
      if (twice) transport.write(offset + WORD, bytes, hart.xHigh(register));
      if (nic.waiting) segment.transmit(hart, nic);
      if (nic.refilled || offset === REGISTER.status) segment.resume(hart);
    } else {
      setLoaded(hart, access, transport.read(offset, bytes), twice ? transport.read(offset + WORD, bytes) : 0);
    }
    this.#guard.leaveSegment(hart, segment.port);
    this.#interrupts.settle(hart, segment);
  }

  #receive(hart: Hart, segment: Segment, source: number): void {
    this.#guard.enterSegment(hart, segment.port);
    segment.receive(hart);
    this.#guard.leaveSegment(hart, segment.port);
    complete(hart, source, hart.id);
    this.#interrupts.settle(hart, segment);
  }

  /** The machine's serial console has input. */
  #input(hart: Hart, guest: GuestDevices): void {
    this.#guard.enterGuest(hart, guest.index);
    const emptied = pullInput(hart, guest.serial);
    setLine(hart.memory, guest.plic, UART_IRQ, interrupts(hart.memory, guest.serial));
    const due = dueVcpus(hart, guest);
    this.#guard.leaveGuest(hart, guest.index);
    if (emptied) complete(hart, UART_IRQ, hart.id);
    this.#interrupts.show(hart, guest, due);
  }
}

function registerOf(access: number): number {
  return (access >> ACCESS.registerShift) & ACCESS.registerMask;
}

/** What a load writes to its register: what was read, extended. */
export function setLoaded(hart: Hart, access: number, low: number, high: number): void {
  const size = access & ACCESS.size;
  const unsigned = (access & ACCESS.unsigned) !== 0;
  const unused = size < 2 ? 32 - (8 << size) : 0;
  const value = unsigned ? (low << unused) >>> unused : (low << unused) >> unused;
  hart.setX(registerOf(access), value, size === 3 ? high : unsigned ? 0 : value >> 31);
}
