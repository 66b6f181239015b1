// The devices that a VMM emulates: the serial console, and unless the kernel does, the interrupt controller and network devices. Threads of
// the process that are here at the same time keep each other out.

import type { PhysicalAddress } from "../../machine/address.ts";
import { INTERRUPT } from "../../machine/hart/privileged.ts";
import { PLIC_BASE, PLIC_BYTES, UART_BASE, UART_IRQ, VIRTIO_FIRST_IRQ, VIRTIO_STRIDE } from "../../machine/layout.ts";
import { field } from "../../state/words.ts";
import type { VirtualNic } from "../../virtual-devices/nic.ts";
import { isDue, loadPlic, request, setLine, storePlic } from "../../virtual-devices/plic.ts";
import {
  hasRoom, interrupts, loadSerial, receive, SERIAL, SERIAL_DATA, SERIAL_REGISTERS, storeSerial,
} from "../../virtual-devices/serial.ts";
import { REASON, RUN } from "../run.ts";
import { CALL } from "../system-calls.ts";
import { VMM } from "./layout.ts";
import type { Network } from "./network.ts";
import { addressIn, type Program, REGISTER } from "./program.ts";

const NO_BYTE = -1;
const WORD = 4;

/** The guest's access that `run` describes. */
export function serveAccess(program: Program, run: PhysicalAddress, network: Network | undefined): void {
  const { memory } = program;
  const process = addressIn(program, REGISTER.process);
  const address = memory.load(field(run, RUN.address)) >>> 0;
  const bytes = memory.load(field(run, RUN.bytes));
  if (bytes === 1 && address >= UART_BASE && address < UART_BASE + SERIAL_REGISTERS && memory.load(field(process, VMM.hasSerial)) !== 0) {
    return accessSerial(program, process, run, address - UART_BASE);
  }
  if (bytes === WORD && address >= PLIC_BASE && address < PLIC_BASE + PLIC_BYTES && memory.load(field(process, VMM.all)) !== 0) {
    return accessPlic(program, process, run, address - PLIC_BASE);
  }
  const nic = network?.find(address);
  if (network !== undefined && nic !== undefined) return accessNic(program, process, run, network, nic, address & (VIRTIO_STRIDE - 1));
  memory.store(field(run, RUN.refused), 1);
}

/** Devices that are passed through interrupt, frames have come, or the machine's serial console has input: bitmap of the guest's sources. */
export function serveSources(program: Program, sources: number, network: Network | undefined): void {
  const { memory } = program;
  const process = addressIn(program, REGISTER.process);
  const plic = field(process, VMM.plic);
  acquire(program, process);
  for (let left = sources & ~(1 << UART_IRQ); left !== 0; left &= left - 1) {
    const source = 31 - Math.clz32(left & -left);
    const nic = network?.nics[source - VIRTIO_FIRST_IRQ];
    if (network === undefined || nic === undefined) {
      request(memory, plic, source);
    } else {
      nic.begin();
      nic.use(memory);
      network.receive(program, nic);
      moveLine(program, process, nic);
    }
  }
  if ((sources & (1 << UART_IRQ)) !== 0) pull(program, process);
  const due = updateSerial(program, process);
  release(program, process);
  show(program, process, due);
}

function accessSerial(program: Program, process: PhysicalAddress, run: PhysicalAddress, offset: number): void {
  const { memory } = program;
  const serial = field(process, VMM.serial);
  const store = memory.load(field(run, RUN.reason)) === REASON.store;
  acquire(program, process);
  const sent = store ? storeSerial(memory, serial, offset, memory.load(field(run, RUN.data)) & 0xff) : NO_BYTE;
  if (!store) memory.store(field(run, RUN.data), loadSerial(memory, serial, offset));
  // A guest that has never set its console up reads it by SBI calls, if at all.
  if (store && offset !== SERIAL_DATA) program.call(CALL.listen, 0, 0);
  if (memory.load(field(serial, SERIAL.held)) !== 0) pull(program, process);
  const due = updateSerial(program, process);
  release(program, process);
  if (sent !== NO_BYTE) {
    const text = field(run, RUN.text);
    memory.storeByte(text, sent);
    program.call(CALL.write, text, 1);
  }
  show(program, process, due, run);
}

function accessNic(program: Program, process: PhysicalAddress, run: PhysicalAddress, network: Network, nic: VirtualNic, offset: number): void {
  const { memory } = program;
  const bytes = memory.load(field(run, RUN.bytes));
  const twice = bytes > WORD;
  const data = field(run, RUN.data);
  const high = field(run, RUN.dataHigh);
  acquire(program, process);
  nic.begin();
  nic.use(memory);
  if (memory.load(field(run, RUN.reason)) === REASON.store) {
    network.store(program, nic, offset, bytes, memory.load(data), twice ? memory.load(high) : 0);
  } else {
    memory.store(data, nic.transport.read(offset, Math.min(bytes, WORD)));
    if (twice) memory.store(high, nic.transport.read(offset + WORD, WORD));
  }
  const moved = moveLine(program, process, nic);
  const due = moved ? dueVcpus(program, process) : 0;
  release(program, process);
  if (moved) show(program, process, due, run);
}

/** The network device's line is what the device drives. Answers whether it may have moved. */
function moveLine({ memory }: Program, process: PhysicalAddress, nic: VirtualNic): boolean {
  return nic.moved && setLine(memory, field(process, VMM.plic), VIRTIO_FIRST_IRQ + nic.slot, nic.interrupts(memory));
}

function accessPlic(program: Program, process: PhysicalAddress, run: PhysicalAddress, offset: number): void {
  const { memory } = program;
  const plic = field(process, VMM.plic);
  const vcpus = memory.load(field(process, VMM.vcpus));
  const store = memory.load(field(run, RUN.reason)) === REASON.store;
  acquire(program, process);
  const completed = store ? storePlic(memory, plic, vcpus, offset, memory.load(field(run, RUN.data))) : 0;
  if (!store) memory.store(field(run, RUN.data), loadPlic(memory, plic, vcpus, offset));
  const due = dueVcpus(program, process);
  release(program, process);
  if (completed !== 0 && ((memory.load(field(process, VMM.passed)) >>> completed) & 1) !== 0) program.call(CALL.complete, completed, 0);
  show(program, process, due, run);
}

/** Takes what the machine's serial console has, as far as there is room; what there is no room for stays there. */
function pull(program: Program, process: PhysicalAddress): void {
  const { memory } = program;
  const serial = field(process, VMM.serial);
  let held = 1;
  while (held !== 0 && hasRoom(memory, serial)) {
    const byte = program.call(CALL.receive, 0, 0);
    if (byte < 0) held = 0;
    else receive(memory, serial, byte);
  }
  memory.store(field(serial, SERIAL.held), held);
}

/** Moves the serial console's line. Answers a bitmap of the vCPUs whose external interrupt is due, as far as the VMM knows. */
function updateSerial(program: Program, process: PhysicalAddress): number {
  const { memory } = program;
  const high = interrupts(memory, field(process, VMM.serial));
  if (memory.load(field(process, VMM.all)) !== 0) {
    setLine(memory, field(process, VMM.plic), UART_IRQ, high);
    return dueVcpus(program, process);
  }
  const line = field(process, VMM.serialLine);
  if ((memory.load(line) !== 0) !== high) {
    memory.store(line, high ? 1 : 0);
    program.call(CALL.line, UART_IRQ, high ? 1 : 0);
  }
  return 0;
}

function dueVcpus({ memory }: Program, process: PhysicalAddress): number {
  const vcpus = memory.load(field(process, VMM.vcpus));
  let due = 0;
  for (let number = 0; number < vcpus; number++) if (isDue(memory, field(process, VMM.plic), number)) due |= 1 << number;
  return due;
}

/**
 * Makes the vCPUs' external interrupts what the controller says. `run`: of the calling thread's own vCPU, if it has one;
 * another's that is no longer due stays until it has claimed nothing.
 */
function show(program: Program, process: PhysicalAddress, due: number, run?: PhysicalAddress): void {
  const { memory } = program;
  if (memory.load(field(process, VMM.all)) === 0) return;
  const own = run === undefined ? NO_VCPU : memory.load(field(run, RUN.number));
  for (let left = due; left !== 0; left &= left - 1) {
    const number = 31 - Math.clz32(left & -left);
    if (number !== own) program.call(CALL.raise, number, INTERRUPT.VSEI);
  }
  if (run === undefined) return;
  const raised = (due >>> own) & 1;
  if (raised === memory.load(field(run, RUN.external))) return;
  if (raised !== 0) program.call(CALL.raise, own, INTERRUPT.VSEI);
  else program.call(CALL.lower, INTERRUPT.VSEI, 0);
}

const NO_VCPU = -1;

function acquire({ memory }: Program, process: PhysicalAddress): void {
  const lock = field(process, VMM.lock);
  while (memory.exchange(lock, 1) !== 0) memory.awaitEqual(lock, 0);
}

function release({ memory }: Program, process: PhysicalAddress): void {
  memory.atomicStore(field(process, VMM.lock), 0);
}
