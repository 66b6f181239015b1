// Emulated network devices, and the engine's side of the ports behind them: queues lie where their owners may have them.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { ENTRY, TABLE } from "../machine/hart/second-stage.ts";
import type { PlacedVm } from "../placement/placement.ts";
import type { StateView } from "../report/state-view.ts";
import { NIC_QUEUES, nicOf, portAt } from "../virtual-devices/layout.ts";
import { BUFFER_BYTES, DRIVER_QUEUE, PORT, PORT_BUFFERS, PORT_BYTES } from "../virtual-devices/port-record.ts";
import {
  AVAILABLE, AVAILABLE_ENTRY_BYTES, DESCRIPTOR, DESCRIPTOR_BYTES, INTERRUPT, NO_NOTIFY, STATUS, USED, USED_ENTRY_BYTES,
} from "../virtio/numbers.ts";
import { QUEUE, QUEUE_BYTES, RECORD } from "../virtio/record.ts";
import { QUEUE_SIZE } from "../virtual-devices/nic.ts";
import { type Broken, hasOnly, hex, isFixed, isWithin } from "./words.ts";

const INDEX = 0xffff;
const STATUS_BITS = STATUS.acknowledge | STATUS.driver | STATUS.driverOk | STATUS.featuresOk | STATUS.needsReset | STATUS.failed;

/** Of guest `vm`, at its slot. `record`: where who emulates it keeps its state. */
export function* nicInvariants(view: StateView, vm: PlacedVm, slot: number, record = nicOf(vm.index, slot)): Broken {
  const of = (what: string): string => `${vm.machine.name}, network device ${slot}: ${what}`;
  yield* hasOnly(of("its status"), view.word(record, RECORD.status), STATUS_BITS);
  yield* hasOnly(of("why it interrupts"), view.word(record, RECORD.interruptStatus), INTERRUPT.used | INTERRUPT.configuration);
  for (let number = 0; number < NIC_QUEUES; number++) {
    yield* queueInvariants((what) => of(`queue ${number}: ${what}`), view, vm, physical(record + RECORD.queues + number * QUEUE_BYTES));
  }
}

function* queueInvariants(of: (what: string) => string, view: StateView, vm: PlacedVm, queue: PhysicalAddress): Broken {
  const ready = view.word(queue, QUEUE.ready);
  yield* isWithin(of("whether it is ready"), ready, 0, 1);
  if (ready !== 1) return;
  const size = view.word(queue, QUEUE.size);
  yield* isWithin(of("its size"), size, 1, QUEUE_SIZE);
  if ((size & (size - 1)) !== 0) yield of(`its size is ${size}: no power of two`);
  yield* isWithin(of("chains taken"), view.word(queue, QUEUE.taken), 0, INDEX);
  yield* isWithin(of("chains put"), view.word(queue, QUEUE.put), 0, INDEX);
  yield* hasOnly(of("its flags"), view.word(queue, QUEUE.flags), NO_NOTIFY);
  const areas = [
    ["its descriptors", QUEUE.descriptorsAt, DESCRIPTOR_BYTES * size],
    ["its available ring", QUEUE.availableAt, AVAILABLE.ring + AVAILABLE_ENTRY_BYTES * size],
    ["its used ring", QUEUE.usedAt, USED.ring + USED_ENTRY_BYTES * size],
  ] as const;
  const memory = [vm.slot, ...vm.ends.map(({ window }) => window)];
  for (const [what, field, bytes] of areas) {
    const at = view.address(queue, field);
    const owned = memory.some((part) => at >= part.physical && at + bytes <= part.physical + part.bytes);
    if (!owned) yield of(`${what} at ${hex(at)}: not in its guest's memory`);
  }
}

/** Of a port that the engine drives. */
export function* portInvariants(view: StateView, port: number): Broken {
  const record = portAt(port);
  const of = (what: string): string => `port ${port}: ${what}`;
  const table = physical(record + PORT.regions);
  const entry = physical(table + TABLE.regions);
  yield* isFixed(of("how many regions it reaches"), view.word(table, TABLE.count), 1);
  yield* isFixed(of("where the region begins that it reaches"), Number(view.integer64(entry, ENTRY.physical)), record);
  yield* isFixed(of("the size of the region that it reaches"), Number(view.integer64(entry, ENTRY.bytes)), PORT_BYTES);
  const free = view.word(record, PORT.free);
  yield* isWithin(of("how many buffers are free"), free, 0, PORT_BUFFERS);
  const buffers = Array.from({ length: Math.min(Math.max(free, 0), PORT_BUFFERS) }, (_, index) => view.word(record, PORT.free + 4 + 4 * index));
  for (const buffer of buffers) yield* isWithin(of("a free buffer"), buffer, 0, PORT_BUFFERS - 1);
  if (new Set(buffers).size < buffers.length) yield of("a buffer is free twice");
  for (const [name, field, first] of QUEUES) {
    const queue = physical(record + field);
    const offered = view.word(queue, DRIVER_QUEUE.offered);
    const seen = view.word(queue, DRIVER_QUEUE.seen);
    yield* isWithin(of(`buffers offered for ${name}`), (offered - seen) & INDEX, 0, PORT_BUFFERS);
    for (let index = 0; index < PORT_BUFFERS; index++) {
      const descriptor = physical(queue + DRIVER_QUEUE.descriptors + index * DESCRIPTOR_BYTES);
      const at = view.address(descriptor, DESCRIPTOR.address);
      const buffer = record + first + index * BUFFER_BYTES;
      if (at !== buffer && at !== 0) yield of(`the buffer ${index} for ${name} is said to lie at ${hex(at)}: it lies at ${hex(buffer)}`);
      yield* isWithin(of(`bytes of the buffer ${index} for ${name}`), view.word(descriptor, DESCRIPTOR.bytes), 0, BUFFER_BYTES);
    }
  }
}

const QUEUES = [["receiving", PORT.receiving, PORT.receiveBuffers], ["transmitting", PORT.transmitting, PORT.transmitBuffers]] as const;
