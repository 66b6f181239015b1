// Devices that an engine emulates: their registers hold what a driver can have written, their lines are what the devices drive.

import { type PhysicalAddress } from "../machine/address.ts";
import { PLIC_SOURCES, UART_IRQ, VIRTIO_FIRST_IRQ } from "../machine/layout.ts";
import { hasDevices, type Networking, slotsOf } from "../placement/devices.ts";
import type { PlacedVm } from "../placement/placement.ts";
import type { StateView } from "../report/state-view.ts";
import { nicOf, plicOf, serialOf } from "../virtual-devices/layout.ts";
import { HIGHEST_PRIORITY, PLIC, PLIC_STATE_BYTES, PLIC_VCPUS } from "../virtual-devices/plic.ts";
import { FIFO_BYTES, SERIAL, SERIAL_STATE_BYTES } from "../virtual-devices/serial.ts";
import { RECORD } from "../virtio/record.ts";
import { nicInvariants } from "./nic.ts";
import { type Broken, hasOnly, isUnused, isWithin } from "./words.ts";

const BYTE = 0xff;
/** Of the emulated registers, IER, LCR, MCR, SCR and FCR; by number. */
const SERIAL_BITS = [0, 0xf, BYTE, BYTE, 0x1f, 0, 0, BYTE] as const;

export function* deviceInvariants(view: StateView, vm: PlacedVm, networking: Networking): Broken {
  const { index, machine, devices } = vm;
  const of = (what: string): string => `${machine.name}: ${what}`;
  if (!hasDevices(devices)) {
    yield* isUnused(of("the interrupt controller that it does not have"), view, plicOf(index), PLIC_STATE_BYTES);
    return;
  }
  yield* plicInvariants(of, view, vm);
  if (devices.serial) yield* serialInvariants(of, view, serialOf(index));
  else yield* isUnused(of("the serial console that it does not have"), view, serialOf(index), SERIAL_STATE_BYTES);
  yield* lineInvariants(of, view, vm, networking);
  if (networking === "passthrough") return;
  for (const { slot } of devices.nics) yield* nicInvariants(view, vm, slot);
}

function* plicInvariants(of: (what: string) => string, view: StateView, { index, machine, devices }: PlacedVm): Broken {
  const plic = plicOf(index);
  const sources = slotsOf(devices).reduce((bits, slot) => bits | (1 << (VIRTIO_FIRST_IRQ + slot)), devices.serial ? 1 << UART_IRQ : 0);
  const lines = view.word(plic, PLIC.lines);
  const pending = view.word(plic, PLIC.pending);
  const serviced = view.word(plic, PLIC.serviced);
  yield* hasOnly(of("lines that devices drive"), lines, sources);
  yield* hasOnly(of("sources that are pending"), pending, sources);
  yield* hasOnly(of("sources that are serviced"), serviced, sources);
  if ((pending & serviced) !== 0) yield of("a source is pending and serviced at once");
  if ((lines & ~pending & ~serviced) !== 0) yield of("a line is high, and its source neither pending nor serviced");
  yield* isWithin(of("priority of source 0"), view.word(plic, PLIC.priorities), 0, 0);
  for (let source = 1; source <= PLIC_SOURCES; source++) {
    yield* isWithin(of(`priority of source ${source}`), view.word(plic, PLIC.priorities + 4 * source), 0, HIGHEST_PRIORITY);
  }
  for (let vcpu = 0; vcpu < PLIC_VCPUS; vcpu++) {
    const there = vcpu < machine.vcpus;
    yield* hasOnly(of(`sources that vCPU ${vcpu} enables`), view.word(plic, PLIC.enables + 4 * vcpu), there ? ~1 : 0);
    yield* isWithin(of(`threshold of vCPU ${vcpu}`), view.word(plic, PLIC.thresholds + 4 * vcpu), 0, there ? HIGHEST_PRIORITY : 0);
  }
}

function* serialInvariants(of: (what: string) => string, view: StateView, serial: PhysicalAddress): Broken {
  for (const [number, bits] of SERIAL_BITS.entries()) {
    yield* hasOnly(of(`register ${number} of its serial console`), view.word(serial, SERIAL.registers + 4 * number), bits);
  }
  for (const half of [0, 4]) yield* hasOnly(of("the divisor of its serial console"), view.word(serial, SERIAL.divisor + half), BYTE);
  for (const [what, field] of FLAGS) yield* isWithin(of(what), view.word(serial, field), 0, 1);
  yield* isWithin(of("where its serial console's oldest byte is"), view.word(serial, SERIAL.first), 0, FIFO_BYTES - 1);
  yield* isWithin(of("bytes that its serial console has received"), view.word(serial, SERIAL.received), 0, FIFO_BYTES);
}

const FLAGS = [
  ["whether its serial console has sent", SERIAL.emptied], ["whether its serial console has lost a byte", SERIAL.overrun],
  ["whether more waits for its serial console", SERIAL.held],
] as const;

/** Devices that are passed through have no lines: they ask once. */
function* lineInvariants(of: (what: string) => string, view: StateView, { index, devices }: PlacedVm, networking: Networking): Broken {
  const lines = view.word(plicOf(index), PLIC.lines);
  for (const { slot } of devices.nics) {
    const high = networking === "switch" && view.word(nicOf(index, slot), RECORD.interruptStatus) !== 0;
    if (high !== ((lines & (1 << (VIRTIO_FIRST_IRQ + slot))) !== 0)) yield of(`network device ${slot} ${high ? "interrupts, and its line is low" : "does not interrupt, and its line is high"}`);
  }
}
