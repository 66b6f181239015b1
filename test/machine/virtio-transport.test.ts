// The registers and queues of virtio devices (VIRTIO 1.2), and drivers that break the rules.

import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { physical } from "../../engines/machine/address.ts";
import { ConsoleInput } from "../../engines/machine/devices/console-input.ts";
import { BLOCK_SLOT, CONSOLE_SLOT, RAM_BASE } from "../../engines/machine/layout.ts";
import { DESCRIPTOR_FLAG, INTERRUPT, REGISTER, STATUS } from "../../engines/virtio/numbers.ts";
import { GUEST_AT, GUEST_BYTES, RAM_BYTES } from "./fixture.ts";
import type { DescriptorWork } from "./descriptor-worker.ts";
import { equipped } from "./virtio-devices.ts";
import { LIVE } from "./virtio-driver.ts";

const SIZE = 8;
const RINGS = 0x1000;
const OTHER_RINGS = 0x2000;
const BUFFERS = 0x8000;

/** A live console whose transmit queue is ready. */
function live() {
  const machine = equipped("hypervisor");
  const driver = machine.driver(CONSOLE_SLOT);
  driver.negotiate();
  const receive = driver.queue(0, SIZE, machine.at(RINGS));
  const transmit = driver.queue(1, SIZE, machine.at(OTHER_RINGS));
  driver.start();
  return { ...machine, driver, receive, transmit };
}
const needsReset = (status: number): boolean => (status & STATUS.needsReset) !== 0;

describe("registers", () => {
  test("say what is there", () => {
    const { driver } = equipped("machine");
    const identity = (slot: number) => [REGISTER.magicValue, REGISTER.version, REGISTER.deviceId].map((register) => driver(slot).get(register));
    expect(identity(0)).toEqual([0x7472_6976, 2, 1]);
    expect(identity(BLOCK_SLOT)).toEqual([0x7472_6976, 2, 2]);
    expect(identity(CONSOLE_SLOT)).toEqual([0x7472_6976, 2, 3]);
    for (const slot of [2, 3, 6, 7]) expect(identity(slot)).toEqual([0x7472_6976, 2, 0]);
    expect([driver(2).get(REGISTER.queueNumMax), driver(0).get(REGISTER.status)]).toEqual([0, 0]);
  });
  test("answer to words alone, and the configuration to every width", () => {
    const driver = equipped("machine").driver(0);
    expect([driver.get(REGISTER.magicValue, 1), driver.get(REGISTER.magicValue, 2)]).toEqual([0, 0]);
    driver.set(REGISTER.status, 1, 1);
    expect(driver.get(REGISTER.status)).toBe(0);
    expect([1, 2, 4].map((bytes) => driver.get(REGISTER.config, bytes))).toEqual([0x52, 0x5452, 0x7400_5452]);
  });
  test("offer features by words of 32", () => {
    const driver = equipped("machine").driver(0);
    const features = [0, 1, 2, -1].map((word) => { driver.set(REGISTER.deviceFeaturesSel, word); return driver.get(REGISTER.deviceFeatures); });
    expect(features).toEqual([(1 << 5) | (1 << 16), 1, 0, 0]);
  });
  test("know queues that exist, and no shared memory", () => {
    const driver = equipped("machine").driver(0);
    const sizes = [0, 1, 2, -1].map((queue) => { driver.set(REGISTER.queueSel, queue); return driver.get(REGISTER.queueNumMax); });
    expect(sizes).toEqual([1024, 1024, 0, 0]);
    expect([REGISTER.shmLenLow, REGISTER.shmLenHigh].map((register) => driver.get(register))).toEqual([-1, -1]);
  });
});

describe("negotiation", () => {
  test("refuses features that were not offered, and a driver that does not know the standard", () => {
    const driver = equipped("machine").driver(0);
    const accepted = (features: number, high: number) => (driver.negotiate(features, high) & STATUS.featuresOk) !== 0;
    expect([accepted(0, 1), accepted(1 << 5, 1), accepted(1 << 5, 0), accepted(1, 1), accepted(0, 3), accepted(-1, 1)])
      .toEqual([true, true, false, false, false, false]);
  });
  test("is over once it has succeeded", () => {
    const driver = equipped("machine").driver(0);
    driver.negotiate();
    driver.set(REGISTER.driverFeaturesSel, 0);
    driver.set(REGISTER.driverFeatures, 1);
    driver.start();
    expect(driver.get(REGISTER.status)).toBe(LIVE);
    driver.set(REGISTER.status, STATUS.failed);
    expect(driver.get(REGISTER.status)).toBe(LIVE | STATUS.failed);
  });
});

test("a reset forgets queues, features and interrupts", () => {
  const { driver, transmit, at, interrupts } = live();
  transmit.add({ at: at(BUFFERS), bytes: 1 });
  transmit.notify();
  expect([driver.get(REGISTER.interruptStatus), interrupts()]).toEqual([INTERRUPT.used, true]);
  driver.set(REGISTER.status, 0);
  driver.set(REGISTER.queueSel, 1);
  expect([REGISTER.status, REGISTER.interruptStatus, REGISTER.queueReady].map((register) => driver.get(register))).toEqual([0, 0, 0]);
  driver.set(REGISTER.status, STATUS.featuresOk);
  expect(driver.get(REGISTER.status)).toBe(0);
});

test("an interrupt is raised when buffers are used, until acknowledged, unless the driver wants none", () => {
  const { driver, transmit, at, hart, interrupts } = live();
  const claim = physical(0x0c20_1004);
  transmit.add({ at: at(BUFFERS), bytes: 1 });
  transmit.notify();
  expect(hart.readDevice(claim)).toBe(1 + CONSOLE_SLOT);
  driver.set(REGISTER.interruptAck, INTERRUPT.used);
  hart.writeDevice(claim, 1 + CONSOLE_SLOT);
  expect([driver.get(REGISTER.interruptStatus), interrupts()]).toEqual([0, false]);
  transmit.suppressInterrupts(true);
  transmit.add({ at: at(BUFFERS), bytes: 1 });
  transmit.notify();
  expect([transmit.take().length, driver.get(REGISTER.interruptStatus), interrupts()]).toEqual([2, 0, false]);
});

test("nothing is done before DRIVER_OK, nor for a queue that is not there or not ready", () => {
  const { driver: make, at } = equipped("hypervisor");
  const driver = make(CONSOLE_SLOT);
  driver.negotiate();
  const transmit = driver.queue(1, SIZE, at(RINGS));
  transmit.add({ at: at(BUFFERS), bytes: 1 });
  transmit.notify();
  expect(transmit.take()).toEqual([]);
  driver.start();
  for (const queue of [0, 2, 3, -1, 0x7fff_ffff]) driver.set(REGISTER.queueNotify, queue);
  expect([transmit.take(), needsReset(driver.get(REGISTER.status))]).toEqual([[], false]);
  transmit.notify();
  expect(transmit.take()).toEqual([{ head: 0, bytes: 0 }]);
});

describe("queues that cannot be", () => {
  test.each([["of size zero", 0], ["of a size that is no power of two", 6], ["beyond the limit", 128], ["of a negative size", -8]])("%s", (_name, size) => {
    const { driver: make, at } = equipped("hypervisor");
    const driver = make(CONSOLE_SLOT);
    driver.negotiate();
    driver.queue(0, size, at(RINGS));
    expect([driver.get(REGISTER.queueReady), driver.get(REGISTER.interruptStatus)]).toEqual([0, 0]);
    expect(needsReset(driver.get(REGISTER.status))).toBe(true);
    driver.start();
    driver.set(REGISTER.queueNotify, 0);
    driver.negotiate();
    driver.queue(0, SIZE, at(RINGS));
    expect(driver.get(REGISTER.queueReady)).toBe(1);
  });
  test.each([
    ["outside the driver's memory", RAM_BASE + GUEST_BYTES], ["across its end", RAM_BASE + GUEST_BYTES - 64],
    ["beyond 4 GiB", 2 ** 32 + RAM_BASE], ["at the end of all addresses", 2 ** 53 - 4096], ["not aligned", RAM_BASE + 0x1008],
    ["in the engine's memory", RAM_BASE - 0x10_0000],
  ])("%s", (_name, address) => {
    const { driver: make } = equipped("hypervisor");
    const driver = make(CONSOLE_SLOT);
    driver.negotiate();
    driver.queue(0, SIZE, address);
    expect([driver.get(REGISTER.queueReady), needsReset(driver.get(REGISTER.status))]).toEqual([0, true]);
  });
});

describe("a chain breaks the device, which says so and stops,", () => {
  type Made = ReturnType<typeof live>;
  const NEXT = DESCRIPTOR_FLAG.next;
  const chains: Readonly<Record<string, (made: Made) => void>> = {
    "that loops": ({ transmit, at }) => { transmit.describe(0, { at: at(BUFFERS), bytes: 1 }, NEXT, 1); transmit.describe(1, { at: at(BUFFERS), bytes: 1 }, NEXT, 0); transmit.offer(0); },
    "that is its own next": ({ transmit, at }) => { transmit.describe(3, { at: at(BUFFERS), bytes: 1 }, NEXT, 3); transmit.offer(3); },
    "that goes on outside the table": ({ transmit, at }) => { transmit.describe(0, { at: at(BUFFERS), bytes: 1 }, NEXT, SIZE); transmit.offer(0); },
    "that begins outside the table": ({ transmit }) => transmit.offer(SIZE),
    "of an indirect table": ({ transmit, at }) => { transmit.describe(0, { at: at(BUFFERS), bytes: 16 }, DESCRIPTOR_FLAG.indirect, 0); transmit.offer(0); },
    "with an empty buffer": ({ transmit, at }) => transmit.add({ at: at(BUFFERS), bytes: 0 }),
    "with a buffer outside": ({ transmit }) => transmit.add({ at: RAM_BASE + GUEST_BYTES, bytes: 1 }),
    "with a buffer across the end": ({ transmit }) => transmit.add({ at: RAM_BASE + GUEST_BYTES - 1, bytes: 2 }),
    "with a buffer at no address": ({ transmit }) => transmit.add({ at: 2 ** 52, bytes: 1 }),
    "with a buffer of 4 GiB": ({ transmit, at }) => transmit.add({ at: at(0), bytes: -1 }),
    "with a buffer of the wrong kind": ({ transmit, at }) => transmit.add({ at: at(BUFFERS), bytes: 1, writes: true }),
    "that reads after it writes": ({ transmit, at }) => transmit.add({ at: at(BUFFERS), bytes: 1, writes: true }, { at: at(BUFFERS), bytes: 1 }),
    "of a ring further ahead than the queue is long": ({ transmit }) => transmit.setIndex(SIZE + 1),
  };
  test.each(Object.entries(chains))("%s", (_name, make) => {
    const made = live();
    const { driver, transmit, interrupts, at } = made;
    make(made);
    transmit.notify();
    expect(needsReset(driver.get(REGISTER.status))).toBe(true);
    expect([driver.get(REGISTER.interruptStatus), interrupts()]).toEqual([INTERRUPT.configuration, true]);
    made.receive.add({ at: at(BUFFERS), bytes: 16, writes: true });
    made.receive.notify();
    made.poll();
    expect([transmit.take(), made.receive.take()]).toEqual([[], []]);
  });
  test("and returns what it used before", () => {
    const { driver, transmit, at } = live();
    transmit.add({ at: at(BUFFERS), bytes: 1 });
    transmit.offer(SIZE);
    transmit.notify();
    expect([transmit.take(), driver.get(REGISTER.interruptStatus)]).toEqual([[{ head: 0, bytes: 0 }], INTERRUPT.used | INTERRUPT.configuration]);
  });
  test("but not as long as the queue", () => {
    const { driver, transmit, at } = live();
    transmit.add(...Array.from({ length: SIZE }, (_, index) => ({ at: at(BUFFERS + index), bytes: 1 })));
    transmit.notify();
    expect([transmit.take(), driver.get(REGISTER.status)]).toEqual([[{ head: 0, bytes: 0 }], LIVE]);
  });
});

test("a device that was assigned nothing reaches nothing, and assigning one resets it", () => {
  const { driver, transmit, at, hart } = live();
  hart.setDeviceRegions(CONSOLE_SLOT, physical(RAM_BASE + 0x8000)); // a table of no regions
  expect(driver.get(REGISTER.status)).toBe(0);
  driver.negotiate();
  driver.queue(1, SIZE, at(OTHER_RINGS));
  expect(needsReset(driver.get(REGISTER.status))).toBe(true);
  expect(transmit.take()).toEqual([]);
});

/** Small numbers and those at which something changes. */
const word = fc.oneof(
  fc.nat(20), fc.constantFrom(-1, 0x7fff_ffff, -0x8000_0000, 0xffff, 0x1_0000, 64, 128, 1024, 2048), fc.nat(0xf_ffff).map((offset) => (RAM_BASE + offset) | 0), fc.integer(),
);

test("whatever a driver writes, nothing but its own memory is touched, and every access comes to an end", () => {
  const register = fc.constantFrom(...Object.values(REGISTER));
  const write = fc.tuple(fc.constantFrom(0, 1, BLOCK_SLOT, CONSOLE_SLOT), register, word, fc.constantFrom(1, 2, 4, 4, 4, 4));
  const ring = fc.record({ at: fc.nat(0x3ff), value: word });
  const edge = fc.nat(0x3000).map((offset) => RAM_BASE + GUEST_BYTES - 0x1800 + offset);
  const descriptors = fc.array(fc.record({ at: fc.oneof(edge, word), bytes: fc.oneof(fc.nat(2000), word), flags: fc.oneof(fc.constant(DESCRIPTOR_FLAG.write), fc.nat(7)), next: fc.nat(SIZE) }), { maxLength: SIZE });
  fc.assert(fc.property(fc.array(write, { maxLength: 30 }), fc.array(ring, { maxLength: 20 }), descriptors, fc.nat(SIZE + 1), fc.constantFrom(0, 0, 1, undefined), (writes, rings, chain, index, used) => {
    const machine = equipped("hypervisor");
    const { memory, at, hart } = machine;
    const drivers = [0, 1, BLOCK_SLOT, CONSOLE_SLOT].map((slot) => ({ slot, driver: machine.driver(slot) }));
    const own = memory.offset(GUEST_AT);
    const queues = drivers.flatMap(({ slot, driver }) => {
      if (used === undefined) return [];
      driver.negotiate();
      const made = [0, 1].map((queue) => driver.queue(queue, SIZE, at(RINGS + 0x1000 * queue + 0x2000 * slot)));
      driver.start();
      return [made[used]];
    });
    memory.u8.fill(0x5a, memory.ramOffset + RAM_BYTES - 0x1_0000, memory.ramOffset + RAM_BYTES);
    const before = memory.u8.slice(memory.ramOffset, memory.ramOffset + RAM_BYTES);
    for (const queue of queues) {
      chain.forEach(({ at: address, bytes, flags, next }, number) => queue.describe(number, { at: address >>> 0, bytes }, flags, next));
      for (let entry = 0; entry < SIZE; entry++) queue.offer(entry);
      queue.setIndex(index);
    }
    for (const { at: offset, value } of rings) hart.memory.store(physical(GUEST_AT + RINGS + 4 * offset), value);
    for (const queue of queues) queue.notify();
    for (const [slot, at, value, bytes] of writes) {
      machine.driver(slot).set(at, value, bytes);
      machine.driver(slot).get(at, bytes);
    }
    for (const frames of machine.wire.waiting) frames.push(new Uint8Array(64).fill(1), new Uint8Array(1500).fill(2));
    new ConsoleInput(memory).write(new Uint8Array(300).fill(3));
    for (const queue of queues) queue.notify();
    machine.poll();
    const after = memory.u8.slice(memory.ramOffset, memory.ramOffset + RAM_BYTES);
    const guest = own - memory.ramOffset;
    expect(Buffer.compare(after.subarray(0, guest), before.subarray(0, guest))).toBe(0);
    expect(Buffer.compare(after.subarray(guest + GUEST_BYTES), before.subarray(guest + GUEST_BYTES))).toBe(0);
  }), { numRuns: 200 });
}, 60_000);

const PATIENCE_MS = 20_000;

test("descriptors that another processor changes meanwhile are read once: no change makes a device reach outside", async () => {
  const machine = equipped("hypervisor");
  const { memory, at, host, poll, wire } = machine;
  const driver = machine.driver(0);
  const state = new Int32Array(new SharedArrayBuffer(4));
  const end = RAM_BASE + GUEST_BYTES;
  const worker = new Worker(new URL("./descriptor-worker.ts", import.meta.url), {
    workerData: {
      handle: memory.handle(), table: host(RINGS), size: SIZE, state,
      addresses: [at(BUFFERS), end, end - 100, at(BUFFERS + 64), RAM_BASE - 4096].map((address) => address | 0), lengths: [100, 2000, 300, 5000],
    } satisfies DescriptorWork,
  });
  const left = new Promise<void>((resolve, reject) => { worker.on("exit", () => resolve()); worker.on("error", reject); });
  while (Atomics.load(state, 0) === 0) await new Promise((resolve) => { setTimeout(resolve, 1); });
  const before = memory.u8.slice(memory.ramOffset, memory.ramOffset + RAM_BYTES);
  const outcomes = { received: 0, broken: 0 };
  // The other thread may not have had a core all the while, where tests fill all there are.
  const seenBoth = () => outcomes.received > 0 && outcomes.broken > 0;
  for (let round = 0, deadline = Date.now() + PATIENCE_MS; round < 3000 || (!seenBoth() && Date.now() < deadline); round++) {
    driver.negotiate();
    const receive = driver.queue(0, SIZE, at(RINGS));
    driver.queue(1, SIZE, at(OTHER_RINGS));
    receive.write16(receive.used + 2, 0);
    driver.start();
    for (let head = 0; head < SIZE; head++) receive.offer(head);
    wire.waiting[0].splice(0, Infinity, new Uint8Array(1000).fill(7), new Uint8Array(60).fill(7));
    poll();
    outcomes.received += receive.take().length;
    if (needsReset(driver.get(REGISTER.status))) outcomes.broken++;
  }
  Atomics.store(state, 0, 2);
  await left;
  const after = memory.u8.slice(memory.ramOffset, memory.ramOffset + RAM_BYTES);
  const guest = memory.offset(GUEST_AT) - memory.ramOffset;
  expect(Buffer.compare(after.subarray(0, guest), before.subarray(0, guest))).toBe(0);
  expect(Buffer.compare(after.subarray(guest + GUEST_BYTES), before.subarray(guest + GUEST_BYTES))).toBe(0);
  expect(outcomes.received).toBeGreaterThan(0);
  expect(outcomes.broken).toBeGreaterThan(0);
}, 30_000);
