// The virtual switch: who gets which frame, and what a guest can do to it with a broken queue.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cycles, type Cycles, type HostOffset } from "../../../engines/machine/address.ts";
import { ENGINES } from "../../../engines/engines.ts";
import { Bridge } from "../../../engines/hosted/kernel/bridge.ts";
import { TAP_FRAMES } from "../../../engines/hosted/kernel/tap-record.ts";
import { hostAreaBytes, HostedLayout, PROCESS } from "../../../engines/hosted/layout.ts";
import { nicIn } from "../../../engines/hosted/vmm/network-layout.ts";
import { CAUSE } from "../../../engines/machine/hart/privileged.ts";
import { RAM_BASE, VIRTIO_BASE } from "../../../engines/machine/layout.ts";
import type { WirePort } from "../../../engines/machine/network/wire.ts";
import { place } from "../../../engines/placement/placement.ts";
import { queueOf } from "../../../engines/smp/layout.ts";
import { field } from "../../../engines/state/words.ts";
import { unguarded } from "../../../engines/virtual-devices/guard.ts";
import { DESCRIPTOR_FLAG, MAGIC, REGISTER, STATUS, VERSION } from "../../../engines/virtio/numbers.ts";
import { QUEUE, QUEUE_BYTES, RECORD } from "../../../engines/virtio/record.ts";
import { guests, MEMORY_BYTES } from "../fixture.ts";
import { Accessor, claimOf, enableOf, load, priorityOf, store } from "./accessor.ts";
import { GuestNic, HEADER_BYTES, QUEUE_SIZE } from "./guest-nic.ts";

const SLOT_IRQ = 1;
const BROADCAST = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
const STRANGER = [0x02, 0, 0, 0, 0, 9];

/** A port that the test feeds and empties. */
class Port implements WirePort {
  readonly left: Buffer[] = [];
  readonly #arriving: Uint8Array[] = [];
  memory!: Uint8Array;

  arrive(frame: Uint8Array): void { this.#arriving.push(frame); }
  nextArrival(): Cycles { return cycles(this.#arriving.length > 0 ? 0 : Infinity); }
  receive(_now: Cycles, target: HostOffset, capacity: number): number {
    const frame = this.#arriving.shift();
    if (frame === undefined || frame.length > capacity) return 0;
    this.memory.set(frame, target);
    return frame.length;
  }
  pass(): void {}
  transmit(_now: Cycles, source: HostOffset, bytes: number): void { this.left.push(Buffer.from(this.memory.slice(source, source + bytes))); }
}

interface Segment { readonly accessor: Accessor; readonly nics: readonly GuestNic[]; readonly port: Port; readonly harts: number }

const SLICE = 750_000;
const IN_THE_ENGINE = { engine: "smp", options: {} } as const;
/** Its devices are a process's, and between them is the engine's bridge. */
const IN_A_VMM = { engine: "hosted", options: { split: "user" } } as const;
type Where = typeof IN_THE_ENGINE | typeof IN_A_VMM;

/** As many guests on the segment of port 0, each on a hart of its own. */
function segment(count: number, { engine, options }: Where = IN_THE_ENGINE): Segment {
  const port = new Port();
  const nics = Array.from({ length: count }, (_, owner) => ({ port: 0, owner }));
  const accessor = new Accessor(engine, guests(count), { harts: count, options: { nic: "switch", ...options }, nics, wire: [port] });
  port.memory = accessor.bench.memory.u8;
  // A VMM's thread that is woken may have to wait for the end of a slice.
  const settle = (): void => { if (engine === "hosted") accessor.bench.pass(2 * SLICE, SLICE / 2); };
  return { accessor, nics: nics.map((_, id) => new GuestNic(accessor, id, settle)), port, harts: count };
}

/** The port's device works, and the engine serves its interrupts. */
function work({ accessor, harts }: Segment): void {
  for (let id = 0; id < harts; id++) accessor.bench.state(id).devices.poll(id, accessor.bench.clock.now());
  for (let id = 0; id < harts; id++) accessor.bench.deliver(id);
}

const frameTo = (to: readonly number[], from: readonly number[], bytes: number): Buffer =>
  Buffer.from([...to, ...from, 0x08, 0x00, ...Array.from({ length: bytes - 14 }, (_, index) => index & 0xff)]);
const counts = (all: Segment): number[] => [...all.nics.map((nic) => nic.received().length), all.port.left.splice(0).length];

describe.each([["in the engine", IN_THE_ENGINE], ["in a VMM", IN_A_VMM]] as const)("frames of devices %s", (_, where) => {
  test("go to whom they are addressed, or to all", () => {
    const all = segment(3, where);
    for (const nic of all.nics) nic.start();
    const [a, b] = all.nics;
    expect(a.mac()).toEqual([0x52, 0x54, 0x00, 0x74, 0x63, 0]);
    expect(new Set(all.nics.map((nic) => nic.mac().join(":"))).size).toBe(3);
    const frame = frameTo(b.mac(), a.mac(), 60);
    a.send(frame);
    expect(b.received()).toEqual([frame]);
    expect(counts(all)).toEqual([0, 0, 0, 0]);
    a.send(frameTo(BROADCAST, a.mac(), 60));
    expect(counts(all)).toEqual([0, 1, 1, 1]);
    b.send(frameTo(STRANGER, b.mac(), 60));
    expect(counts(all)).toEqual([1, 0, 1, 1]);
    a.send(frameTo(a.mac(), a.mac(), 60));
    expect(counts(all)).toEqual([0, 0, 0, 0]);
    all.port.arrive(frameTo(b.mac(), STRANGER, 1514));
    work(all);
    expect(counts(all)).toEqual([0, 1, 0, 0]);
    all.port.arrive(frameTo(STRANGER, STRANGER, 60));
    work(all);
    expect(counts(all)).toEqual([1, 1, 1, 0]);
    expect(all.accessor.bench.report().network).toMatchObject({ frames: 6, dropped: 0 });
  });

  test("come from and go to registers that are accessed one by one or two at a time", () => {
    const { accessor, nics: [a] } = segment(1, where);
    const magic = a.get(REGISTER.magicValue);
    expect(magic).toBe(MAGIC);
    expect(accessor.execute(load("ld"), VIRTIO_BASE + REGISTER.magicValue)).toBe((BigInt(VERSION) << 32n) | BigInt(magic));
    a.negotiate();
    a.set(REGISTER.queueSel, 0);
    expect(a.get(REGISTER.queueNumMax)).toBeGreaterThan(0);
    accessor.execute(store("sd"), VIRTIO_BASE + REGISTER.queueSel, 99n);
    expect(a.get(REGISTER.queueNumMax)).toBe(0);
    expect(accessor.execute(load("lhu"), VIRTIO_BASE + REGISTER.magicValue)).toBe(0n);
  });

  test("are put together from pieces, and dropped when too short or too long", () => {
    const all = segment(2, where);
    for (const nic of all.nics) nic.start();
    const [a] = all.nics;
    const frame = frameTo(STRANGER, a.mac(), 100);
    for (const pieces of [[112], [12, 100], [20, 92], [12, 40, 60], [4, 8, 100]]) {
      a.send(frame, pieces);
      expect(all.port.left.splice(0)).toEqual([frame]);
    }
    for (const bytes of [13, 1515]) a.send(frameTo(STRANGER, a.mac(), 1600).subarray(0, bytes));
    expect(all.port.left).toEqual([]);
    expect(a.used).toBe(7);
    expect(a.get(REGISTER.status) & STATUS.needsReset).toBe(0);
  });

  test("go out, more of them than the port's queue holds", () => {
    const all = segment(1, where);
    const [a] = all.nics;
    a.start();
    for (let count = 0; count < 200; count++) a.send(frameTo(STRANGER, a.mac(), 60));
    expect(all.port.left.length).toBe(200);
  });
});

describe("frames", () => {
  test("wait at the port while no guest can take them, and come when one begins or gives buffers", () => {
    const all = segment(2);
    const [a] = all.nics;
    for (let count = 0; count < QUEUE_SIZE + 5; count++) all.port.arrive(frameTo(a.mac(), STRANGER, 60));
    work(all);
    expect(all.accessor.bench.report().network).toMatchObject({ frames: 0, dropped: 0 });
    a.start();
    work(all);
    expect(a.received().length).toBe(QUEUE_SIZE);
    a.refill(3);
    expect(a.received().length).toBe(3);
    a.refill(QUEUE_SIZE);
    expect(a.received().length).toBe(2);
    expect(all.accessor.bench.report().network?.dropped).toBe(0);
  });

  test("are dropped, and counted, where a guest has no buffers left", () => {
    const all = segment(2);
    for (const nic of all.nics) nic.start();
    const [a, b] = all.nics;
    for (let count = 0; count < QUEUE_SIZE + 3; count++) a.send(frameTo(b.mac(), a.mac(), 60));
    expect(b.received().length).toBe(QUEUE_SIZE);
    expect(all.accessor.bench.report().network?.dropped).toBe(3);
  });
});

describe("frames for a VMM", () => {
  test("wait in its tap, then at the port, and come in order when the guest begins and gives buffers", () => {
    const all = segment(1, IN_A_VMM);
    const [a] = all.nics;
    const count = TAP_FRAMES + QUEUE_SIZE + 5;
    const sent = Array.from({ length: count }, (_, number) => frameTo(a.mac(), STRANGER, 60 + number));
    for (const frame of sent) all.port.arrive(frame);
    for (let round = 0; round < 3; round++) work(all);
    expect(all.accessor.bench.report().network).toMatchObject({ frames: TAP_FRAMES, dropped: 0 });
    a.start();
    const received: Buffer[] = [];
    for (let round = 0; round < 2 * Math.ceil(count / QUEUE_SIZE); round++) {
      work(all);
      received.push(...a.received());
      a.refill(Math.min(QUEUE_SIZE, received.length));
    }
    expect(received).toEqual(sent);
    expect(all.accessor.bench.report().network).toMatchObject({ frames: count, dropped: 0 });
  });

  test("are dropped, and counted, where its tap is full", () => {
    const all = segment(2, IN_A_VMM);
    for (const nic of all.nics) nic.start();
    const [a, b] = all.nics;
    // The VMM of b has had no turn yet.
    for (let count = 0; count < TAP_FRAMES + 3; count++) a.send(frameTo(b.mac(), a.mac(), 60));
    expect(b.received().length).toBe(QUEUE_SIZE);
    expect(all.accessor.bench.report().network?.dropped).toBe(3);
  });

  test("are not read or written where its process has no memory, nor by a tap that is not its own", () => {
    const { accessor: { bench } } = segment(2, IN_A_VMM);
    const configuration = { vms: guests(2), channels: [], nics: [{ port: 0, owner: 0 }, { port: 0, owner: 1 }] };
    const layout = new HostedLayout(configuration, 0, 0, true);
    const vms = place(configuration, bench.memory.ramBytes, "translated", hostAreaBytes(configuration, true));
    const bridge = new Bridge(vms, layout, unguarded, () => {});
    const hart = bench.hart(0);
    hart.setUserSpace(field(layout.process(0), PROCESS.space), 0);
    const [own, other] = vms.map(({ slot }) => slot.physical);
    for (const slot of [1, -1, 4, 0x7fff_ffff]) {
      expect([bridge.write(hart, 0, slot, own, 60), bridge.read(hart, 0, slot, own, 1514), bridge.poll(hart, 0, slot)]).toEqual([-9, -9, -9]);
    }
    for (const bytes of [0, 13, 1515, -1, 0x7fff_ffff]) expect(bridge.write(hart, 0, 0, own, bytes)).toBe(-22);
    for (const room of [0, 1515, -1]) expect(bridge.read(hart, 0, 0, own, room)).toBe(-22);
    for (const at of [queueOf(0), layout.tap(0, 0), layout.vmm(1), other, own + MEMORY_BYTES - 59, 0, -1]) {
      expect([bridge.write(hart, 0, 0, at, 60), bridge.read(hart, 0, 0, at, 60)]).toEqual([-14, -14]);
    }
    expect([bridge.read(hart, 0, 0, own, 60), bridge.write(hart, 0, 0, own, 60)]).toEqual([0, 60]);
  });

  test("end the VMM that was made to look for a queue in the kernel, and nobody else", () => {
    const all = segment(2, IN_A_VMM);
    for (const nic of all.nics) nic.start();
    const [a, b] = all.nics;
    const layout = new HostedLayout({ vms: guests(2), channels: [], nics: [{ port: 0, owner: 0 }, { port: 0, owner: 1 }] }, 0, 0, true);
    const queue = field(nicIn(layout.network(0), 0), RECORD.queues + QUEUE_BYTES);
    all.accessor.bench.hart(0).memory.store(field(queue, QUEUE.availableAt), queueOf(0));
    a.offer(0);
    const { engine, options } = IN_A_VMM;
    const { bench } = all.accessor;
    const { vms } = ENGINES[engine].inspect({ memory: bench.memory, harts: 2 }, { vms: guests(2), channels: [] }, options);
    expect(vms.map(({ state }) => state)).toEqual(["failed", "running"]);
    expect(vms[0].reason).toContain(`exception ${CAUSE.loadPage}`);
    b.send(frameTo(STRANGER, b.mac(), 60));
    expect(all.port.left.length).toBe(1);
  });
});

test("a device's interrupt reaches its guest, also one that waits on another hart", () => {
  const all = segment(2);
  const { accessor, nics: [a, b] } = all;
  for (const nic of [a, b]) nic.start();
  accessor.write(priorityOf(SLOT_IRQ), 1, 1);
  accessor.write(enableOf(0), 1 << SLOT_IRQ, 1);
  const enabled = 1 << 9;
  accessor.bench.hart(1).setCsr(0x204, enabled, 0); // vsie.SEIE
  accessor.bench.mark(1, 77);
  accessor.bench.wait(1);
  accessor.bench.deliver(1);
  expect(accessor.bench.idles(1)).toBe(true);
  a.send(frameTo(b.mac(), a.mac(), 60));
  accessor.bench.deliver(1);
  expect([accessor.bench.idles(1), accessor.bench.marked(1), accessor.external(1)]).toEqual([false, 77, true]);
  expect(accessor.read(claimOf(0), 1)).toBe(SLOT_IRQ);
  expect(accessor.external(1)).toBe(false);
  expect(b.get(REGISTER.interruptStatus)).toBe(1);
  // Completed with its line still high, it interrupts again; acknowledged first, it does not.
  accessor.write(claimOf(0), SLOT_IRQ, 1);
  expect(accessor.external(1)).toBe(true);
  expect(accessor.read(claimOf(0), 1)).toBe(SLOT_IRQ);
  b.set(REGISTER.interruptAck, 1);
  accessor.write(claimOf(0), SLOT_IRQ, 1);
  expect(accessor.external(1)).toBe(false);
});

const EDGES = [0, 1, RAM_BASE - 1, RAM_BASE, RAM_BASE + 0x2000, RAM_BASE + MEMORY_BYTES - 16, RAM_BASE + MEMORY_BYTES - 1, RAM_BASE + MEMORY_BYTES, 0x1000_0000, 2 ** 32 + 1, 2 ** 53, -1, -4096];
const address = fc.oneof(fc.constantFrom(...EDGES), fc.integer({ min: 0, max: MEMORY_BYTES }).map((offset) => RAM_BASE + offset));
const length = fc.oneof(fc.constantFrom(0, 1, HEADER_BYTES, 100, MEMORY_BYTES, 0x7fff_ffff, 0xffff_ffff), fc.nat({ max: 3000 }));
const descriptor = fc.record({
  address, length, next: fc.oneof(fc.nat({ max: QUEUE_SIZE }), fc.constant(0xffff)),
  flags: fc.oneof(fc.constantFrom(0, DESCRIPTOR_FLAG.next, DESCRIPTOR_FLAG.write, DESCRIPTOR_FLAG.indirect, DESCRIPTOR_FLAG.next | DESCRIPTOR_FLAG.write), fc.nat({ max: 0xffff })),
});
const rings = fc.record({ queue: fc.nat({ max: 2 }), size: fc.oneof(fc.constantFrom(0, 1, 3, 8, 256, 257, 512, 0x1_0000, -1)), at: fc.tuple(address, address, address) });
const access = fc.record({ register: fc.oneof(fc.constantFrom(...Object.values(REGISTER)), fc.nat({ max: 0x3ff }).map((word) => 4 * word)), value: fc.oneof(fc.nat({ max: 8 }), fc.integer()) });

describe.each([["the engine", IN_THE_ENGINE], ["a VMM", IN_A_VMM]] as const)("a hostile guest of %s", (_who, where) => {
  test("reaches nobody's memory with its queues, and breaks no device but its own", () => {
    fc.assert(fc.property(
      fc.array(descriptor, { minLength: QUEUE_SIZE, maxLength: QUEUE_SIZE }), fc.array(rings, { maxLength: 3 }), fc.array(access, { maxLength: 12 }), fc.nat({ max: 40 }),
      (descriptors, queues, accesses, jump) => {
        const all = segment(2, where);
        const [hostile, honest] = all.nics;
        const { memory } = all.accessor.bench;
        honest.ram.setUint32(0x10_0000, 0x1234, true);
        const before = memory.u8.slice(all.accessor.ram(1), all.accessor.ram(1) + MEMORY_BYTES);
        hostile.start();
        for (const queue of queues) hostile.setUpQueue(queue.queue, queue.size, ...queue.at);
        for (const queue of [0, 1]) {
          for (const [index, each] of descriptors.entries()) hostile.describe(queue, index, each.address, each.length, each.flags, each.next);
        }
        for (let index = 0; index < jump; index++) hostile.offer(index % (QUEUE_SIZE + 1));
        for (const { register, value } of accesses) hostile.set(register, value);
        all.port.arrive(frameTo(hostile.mac(), STRANGER, 60));
        work(all);
        expect(Buffer.compare(before, memory.u8.slice(all.accessor.ram(1), all.accessor.ram(1) + MEMORY_BYTES))).toBe(0);
        expect(all.accessor.bench.report().vms.map(({ state }) => state)).toEqual(["running", "running"]);
        all.port.left.splice(0);
        honest.start();
        const frame = frameTo(STRANGER, honest.mac(), 77);
        honest.send(frame);
        expect(all.port.left).toEqual([frame]);
        hostile.start();
        expect(hostile.get(REGISTER.status) & STATUS.needsReset).toBe(0);
      }), { numRuns: 60 });
  });

  test.each([
    ["a chain that loops", { address: RAM_BASE + 0x2000, length: 12, flags: DESCRIPTOR_FLAG.next, next: 0 }],
    ["a buffer outside its memory", { address: RAM_BASE + MEMORY_BYTES - 8, length: 100, flags: 0, next: 0 }],
    ["a buffer in the engine's memory", { address: RAM_BASE - 0x1000, length: 100, flags: 0, next: 0 }],
    ["an indirect table", { address: RAM_BASE + 0x2000, length: 32, flags: DESCRIPTOR_FLAG.indirect, next: 0 }],
    ["a buffer to be written that it transmits", { address: RAM_BASE + 0x2000, length: 100, flags: DESCRIPTOR_FLAG.write, next: 0 }],
    ["no room for a header", { address: RAM_BASE + 0x2000, length: 11, flags: 0, next: 0 }],
  ] as const)("%s: its device needs a reset, and works after it", (_, { address: at, length: bytes, flags, next }) => {
    const all = segment(2, where);
    const [hostile] = all.nics;
    hostile.start();
    hostile.describe(1, 0, at, bytes, flags, next);
    hostile.offer(0);
    expect(hostile.get(REGISTER.status) & STATUS.needsReset).toBe(STATUS.needsReset);
    expect(hostile.used).toBe(0);
    expect(all.port.left).toEqual([]);
    hostile.start();
    const frame = frameTo(STRANGER, hostile.mac(), 60);
    hostile.send(frame);
    expect(all.port.left).toEqual([frame]);
  });

  test("receive buffers too small for any frame break its device", () => {
    const all = segment(2, where);
    const [a, b] = all.nics;
    for (const nic of all.nics) nic.start();
    b.describe(0, 0, RAM_BASE + 0x2000, 100, DESCRIPTOR_FLAG.write, 0);
    a.send(frameTo(b.mac(), a.mac(), 200));
    expect(b.get(REGISTER.status) & STATUS.needsReset).toBe(STATUS.needsReset);
    a.send(frameTo(STRANGER, a.mac(), 60));
    expect(all.port.left.length).toBe(1);
  });
});
