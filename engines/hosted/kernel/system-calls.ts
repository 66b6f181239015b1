// What the kernel does for a VMM that calls it. A VMM names what it means by numbers and by addresses of its own process;
// it gets nothing that its process does not have.

import { physical, type PhysicalAddress } from "../../machine/address.ts";
import { CSR } from "../../machine/hart/csr-numbers.ts";
import { CONTEXT, type Hart } from "../../machine/hart/hart.ts";
import { VIRTUAL_INTERRUPTS } from "../../machine/hart/privileged.ts";
import { RIGHT, UART_BASE, UART_IRQ } from "../../machine/layout.ts";
import type { Exclusion } from "../../locks/exclusion.ts";
import { LONGEST_TEXT } from "../../sbi/console.ts";
import { A2 } from "../../sbi/numbers.ts";
import { LOCK_AT } from "../../smp/layout.ts";
import type { Processors } from "../../smp/processors.ts";
import { field, loadAddress, NONE } from "../../state/words.ts";
import { findVcpu } from "../../vcpu/hart-state.ts";
import { contextOf, machineOf } from "../../vcpu/record.ts";
import { complete } from "../../virtual-devices/physical-plic.ts";
import { enableInput } from "../../virtual-devices/serial-input.ts";
import { CHANNEL_END, channelEnd, VM } from "../../virtual-machine/record.ts";
import { registerUnits } from "../../virtual-machine/units.ts";
import type { HostedLayout } from "../layout.ts";
import { THREAD } from "../layout.ts";
import { CALL, ERROR } from "../system-calls.ts";
import type { HostDevices } from "./devices.ts";

const DATA = physical(UART_BASE);
const LINE_STATUS = physical(UART_BASE + 5);
const RECEIVED = 1;
const BYTE = 1;
const NO_BYTE = -1;

export class SystemCalls {
  readonly #layout: HostedLayout;
  readonly #processors: Processors;
  readonly #exclusion: Exclusion;
  readonly #devices: HostDevices;

  constructor(layout: HostedLayout, processors: Processors, exclusion: Exclusion, devices: HostDevices) {
    this.#layout = layout;
    this.#processors = processors;
    this.#exclusion = exclusion;
    this.#devices = devices;
  }

  /** Answers what the calling thread, the one on this hart, finds in a0. */
  serve(hart: Hart, number: number, first: number, second: number): number {
    const { memory } = hart;
    const thread = this.#processors.current(hart);
    const vm = machineOf(memory, thread);
    const guest = memory.load(field(vm, VM.number));
    switch (number) {
      case CALL.yield:
        memory.store(field(this.#layout.thread(thread), THREAD.yields), 1);
        return 0;
      case CALL.write: return this.#write(hart, guest, physical(first >>> 0), second);
      case CALL.read: return this.#read(hart, guest, physical(first >>> 0), second);
      case CALL.units: return this.#registerUnits(hart, vm, first >>> 0);
      case CALL.notify: return this.#notify(hart, vm, first);
      case CALL.raise: return this.#raise(hart, vm, thread, first, second & VIRTUAL_INTERRUPTS);
      case CALL.lower:
        hart.clearCsrBits(CSR.hvip, first & VIRTUAL_INTERRUPTS);
        return keepPending(hart, thread);
      case CALL.line:
        if (first !== UART_IRQ) return ERROR.notPermitted;
        this.#devices.setLine(hart, guest, first, second !== 0);
        return keepPending(hart, thread);
      case CALL.complete: return this.#devices.complete(hart, guest, first) ? 0 : ERROR.notPermitted;
      case CALL.listen:
        if (guest !== this.#devices.consoleOwner) return ERROR.notPermitted;
        enableInput(hart);
        return 0;
      case CALL.receive: return this.#receive(hart, guest);
      case CALL.tapWrite: return this.#devices.bridge?.write(hart, guest, first, second, hart.xLow(A2)) ?? ERROR.notPermitted;
      case CALL.tapRead: return this.#devices.bridge?.read(hart, guest, first, second, hart.xLow(A2)) ?? ERROR.notPermitted;
      case CALL.tapPoll: return this.#devices.bridge?.poll(hart, guest, first) ?? ERROR.notPermitted;
      default: return ERROR.noCall;
    }
  }

  #write(hart: Hart, guest: number, text: PhysicalAddress, bytes: number): number {
    if (bytes < 0 || bytes > LONGEST_TEXT || !hart.user.memory.reaches(text, bytes, RIGHT.read)) return ERROR.fault;
    this.#exclusion.acquire(hart, LOCK_AT.console);
    for (let index = 0; index < bytes; index++) hart.consoleWrite(hart.memory.loadByte(field(text, index)), guest);
    this.#exclusion.release(hart, LOCK_AT.console);
    return bytes;
  }

  /** What is typed is for the first guest. */
  #read(hart: Hart, guest: number, text: PhysicalAddress, bytes: number): number {
    if (bytes < 0 || bytes > LONGEST_TEXT || !hart.user.memory.reaches(text, bytes, RIGHT.write)) return ERROR.fault;
    if (guest !== 0) return 0;
    this.#exclusion.acquire(hart, LOCK_AT.console);
    let count = 0;
    for (let byte = 0; count < bytes; count++) {
      byte = hart.consoleRead();
      if (byte === NO_BYTE) break;
      hart.memory.storeByte(field(text, count), byte);
    }
    this.#exclusion.release(hart, LOCK_AT.console);
    return count;
  }

  #registerUnits(hart: Hart, vm: PhysicalAddress, page: number): number {
    this.#exclusion.acquire(hart, LOCK_AT.vmTable);
    const error = registerUnits(hart.memory, vm, page);
    this.#exclusion.release(hart, LOCK_AT.vmTable);
    return error === 0 ? 0 : ERROR.fault;
  }

  #notify(hart: Hart, vm: PhysicalAddress, id: number): number {
    const { memory } = hart;
    if (id < 0 || id >= memory.load(field(vm, VM.channelCount))) return ERROR.notPermitted;
    const end = channelEnd(vm, id);
    const peer = memory.load(field(loadAddress(memory, field(end, CHANNEL_END.peer)), VM.number));
    this.#devices.tell(hart, peer, memory.load(field(end, CHANNEL_END.bit)), 0);
    return 0;
  }

  #raise(hart: Hart, vm: PhysicalAddress, thread: PhysicalAddress, number: number, interrupts: number): number {
    const vcpu = findVcpu(hart, vm, number >>> 0);
    if (vcpu === NONE) return ERROR.notPermitted;
    this.#processors.raise(hart, vcpu, interrupts);
    return vcpu === thread ? keepPending(hart, thread) : 0;
  }

  /** The interrupt of the machine's serial console ends when nothing is left there. */
  #receive(hart: Hart, guest: number): number {
    if (guest !== this.#devices.consoleOwner) return ERROR.notPermitted;
    if ((hart.readDevice(LINE_STATUS, BYTE) & RECEIVED) !== 0) return hart.readDevice(DATA, BYTE);
    complete(hart, UART_IRQ, this.#devices.homeOf(UART_IRQ));
    return NO_BYTE;
  }
}

/** The guest's registers are in its context while its VMM runs: what is raised at it must be there, too. */
function keepPending(hart: Hart, thread: PhysicalAddress): number {
  hart.memory.store(field(contextOf(thread), CONTEXT.pending), hart.csrLow(CSR.hvip));
  return 0;
}
