// What the network ports, the disk and the console do with their queues.

import { describe, expect, test } from "vitest";
import { ConsoleInput } from "../../engines/machine/devices/console-input.ts";
import { ConsoleReader } from "../../engines/machine/devices/console.ts";
import { readDeviceTime } from "../../engines/machine/hart/counters.ts";
import { BLOCK_SLOT, CONSOLE_SLOT, HART } from "../../engines/machine/layout.ts";
import { hartBlock } from "../../engines/machine/memory.ts";
import { NO_NOTIFY, REGISTER, STATUS } from "../../engines/virtio/numbers.ts";
import { bytesAt, equipped, SECTORS } from "./virtio-devices.ts";

const SIZE = 16;
const BUFFERS = 0x8000;
const HEADER = 12;

function network(mode: "hypervisor" | "machine" = "hypervisor") {
  const machine = equipped(mode);
  const port = (slot: number) => {
    const driver = machine.driver(slot);
    driver.negotiate((1 << 5) | (1 << 16));
    const receive = driver.queue(0, SIZE, machine.at(0x1000 + 0x2000 * slot));
    const transmit = driver.queue(1, SIZE, machine.at(0x2000 + 0x2000 * slot));
    driver.start();
    return { driver, receive, transmit };
  };
  return { ...machine, ports: [port(0), port(1)] };
}
const frameOf = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, index) => (index * 7 + bytes) & 0xff);
const healthy = (driver: { get(register: number): number }): boolean => (driver.get(REGISTER.status) & STATUS.needsReset) === 0;

describe("a network port", () => {
  test("has an address, and its link is up", () => {
    const { ports: [, { driver }] } = network();
    expect(Array.from({ length: 10 }, (_, index) => driver.get(REGISTER.config + index, 1))).toEqual([0x52, 0x54, 0, 0x74, 0x63, 1, 1, 0, 0, 0]);
  });
  test.each([["hypervisor", 60], ["machine", 60], ["hypervisor", 61], ["hypervisor", 1514]] as const)("sends and receives, under %s-mode software, frames of %i bytes", (mode, bytes) => {
    const { ports: [first, second], at, host, memory } = network(mode);
    const frame = frameOf(bytes);
    memory.u8.set(frame, host(BUFFERS + HEADER));
    second.receive.add({ at: at(BUFFERS + 0x1000), bytes: 2048, writes: true });
    first.transmit.add({ at: at(BUFFERS), bytes: HEADER + bytes });
    first.transmit.notify();
    expect(first.transmit.take()).toEqual([{ head: 0, bytes: 0 }]);
    second.receive.notify();
    expect(second.receive.take()).toEqual([{ head: 0, bytes: HEADER + bytes }]);
    expect(bytesAt(memory, host(BUFFERS + 0x1000), HEADER + bytes + 1)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, ...frame, 0]);
  });
  test.each([1, 2, 3, 6])("writes its header where a buffer begins, %i bytes behind a multiple of 8", (offset) => {
    const { ports: [first], wire, at, host, memory, poll } = network();
    memory.u8.fill(0xee, host(BUFFERS), host(BUFFERS) + 100);
    first.receive.add({ at: at(BUFFERS + offset), bytes: 80, writes: true });
    wire.waiting[0].push(frameOf(60));
    poll();
    expect(bytesAt(memory, host(BUFFERS), 100)).toEqual([
      ...Array.from({ length: offset }, () => 0xee), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, ...frameOf(60), ...Array.from({ length: 100 - 72 - offset }, () => 0xee),
    ]);
  });
  test("gathers and scatters frames, wherever their pieces lie", () => {
    const { ports: [first, second], at, host, memory } = network();
    const frame = frameOf(301);
    memory.u8.set(frame.subarray(0, 100), host(BUFFERS + 21));
    memory.u8.set(frame.subarray(100), host(BUFFERS + 0x401));
    first.transmit.add({ at: at(BUFFERS), bytes: 5 }, { at: at(BUFFERS + 14), bytes: 107 }, { at: at(BUFFERS + 0x401), bytes: 201 });
    second.receive.add({ at: at(BUFFERS + 0x1001), bytes: 7, writes: true }, { at: at(BUFFERS + 0x1103), bytes: 50, writes: true }, { at: at(BUFFERS + 0x1200), bytes: 500, writes: true });
    first.transmit.notify();
    second.receive.notify();
    expect(second.receive.take()).toEqual([{ head: 0, bytes: HEADER + 301 }]);
    expect(bytesAt(memory, host(BUFFERS + 0x1108), 45)).toEqual([...frame.subarray(0, 45)]);
    expect(bytesAt(memory, host(BUFFERS + 0x1200), 257)).toEqual([...frame.subarray(45), 0]);
  });
  test("takes a header of its own, as Linux sends it", () => {
    const { ports: [first, second], at, host, memory } = network();
    const frame = frameOf(64);
    memory.u8.set(frame, host(BUFFERS + 0x100));
    first.transmit.add({ at: at(BUFFERS), bytes: HEADER }, { at: at(BUFFERS + 0x100), bytes: 64 });
    second.receive.add({ at: at(BUFFERS + 0x1000), bytes: HEADER, writes: true }, { at: at(BUFFERS + 0x1102), bytes: 1514, writes: true });
    first.transmit.notify();
    second.receive.notify();
    expect(second.receive.take()).toEqual([{ head: 0, bytes: HEADER + 64 }]);
    expect(bytesAt(memory, host(BUFFERS + 0x1102), 64)).toEqual([...frame]);
  });
  test("receives by itself when its hart looks after it, and interrupts", () => {
    const { ports: [first], wire, at, poll, interrupts, state, memory } = network();
    expect(state.devices.nextEvent(0)).toBe(Infinity);
    for (let count = 0; count < 3; count++) first.receive.add({ at: at(BUFFERS + 0x800 * count), bytes: 2048, writes: true });
    expect(state.devices.nextEvent(0)).toBe(Infinity);
    wire.waiting[0].push(frameOf(64), frameOf(65));
    expect(state.devices.nextEvent(0)).toBe(0);
    expect(state.devices.nextEvent(1)).toBe(Infinity);
    poll();
    expect([first.receive.take().map(({ bytes }) => bytes), interrupts(), state.devices.nextEvent(0)]).toEqual([[76, 77], true, Infinity]);
    expect(readDeviceTime(memory, 0)).toBeGreaterThanOrEqual(0);
  });
  test("wants no notifications while it has buffers, and wants them when it has none", () => {
    const { ports: [first], wire, at, poll } = network();
    first.receive.notify();
    expect(first.receive.flags()).toBe(0);
    first.receive.add({ at: at(BUFFERS), bytes: 2048, writes: true });
    first.receive.add({ at: at(BUFFERS + 0x800), bytes: 2048, writes: true });
    first.receive.notify();
    expect(first.receive.flags()).toBe(NO_NOTIFY);
    wire.waiting[0].push(frameOf(64), frameOf(64), frameOf(64));
    poll();
    expect([first.receive.take().length, first.receive.flags(), wire.waiting[0].length]).toEqual([2, 0, 1]);
    first.receive.add({ at: at(BUFFERS), bytes: 2048, writes: true });
    first.receive.notify();
    expect(first.receive.take().length).toBe(1);
  });
  test("gets its hart's attention when there is something to receive sooner than that knows", () => {
    const { ports: [first], wire, at, state, memory } = network();
    const attention = (hartBlock(0) + HART.attention) >> 2;
    state.devices.nextEvent(0);
    memory.i32[attention] = 0;
    for (let count = 0; count < 2; count++) first.receive.add({ at: at(BUFFERS + 0x800 * count), bytes: 2048, writes: true });
    first.receive.notify();
    expect(memory.i32[attention]).toBe(0);
    first.transmit.notify();
    wire.waiting[0].push(frameOf(64));
    first.transmit.notify();
    expect(memory.i32[attention]).not.toBe(0);
  });
  test("is broken by a frame without a header, or a buffer that has room for no more than that", () => {
    const { ports: [first, second], wire, at } = network();
    first.transmit.add({ at: at(BUFFERS), bytes: HEADER });
    first.transmit.notify();
    wire.waiting[1].push(frameOf(64));
    second.receive.add({ at: at(BUFFERS), bytes: HEADER, writes: true });
    second.receive.notify();
    expect([healthy(first.driver), healthy(second.driver)]).toEqual([false, false]);
  });
  test("sends no frame that is too long", () => {
    const { ports: [first], wire, at } = network();
    first.transmit.add({ at: at(BUFFERS), bytes: HEADER + 1519 });
    first.transmit.notify();
    expect([first.transmit.take().length, wire.waiting[1].length, healthy(first.driver)]).toEqual([1, 0, true]);
  });
});

describe("the disk", () => {
  const READ = 0;
  const WRITE = 1;
  function disk(readOnly = false) {
    const machine = equipped("hypervisor", readOnly);
    const { at, host, memory, driver: make } = machine;
    const driver = make(BLOCK_SLOT);
    driver.negotiate();
    const queue = driver.queue(0, SIZE, at(0x1000));
    driver.start();
    const request = (type: number, sector: number, data: readonly { at: number; bytes: number; writes?: boolean }[]) => {
      const words = [type, 0, sector % 2 ** 32, Math.floor(sector / 2 ** 32)];
      words.forEach((value, index) => { memory.i32[(host(0x4000) >> 2) + index] = value; });
      memory.u8[host(0x4100)] = 0xff;
      queue.add({ at: at(0x4000), bytes: 16 }, ...data, { at: at(0x4100), bytes: 1, writes: true });
      queue.notify();
      const [used] = queue.take();
      return { status: memory.u8[host(0x4100)], bytes: used?.bytes };
    };
    return { ...machine, driver, queue, request };
  }
  test("says how large it is", () => {
    const { driver } = disk();
    expect([0, 4, 12].map((offset) => driver.get(REGISTER.config + offset))).toEqual([SECTORS, 0, 254]);
    const features = (readOnly: boolean) => disk(readOnly).driver.get(REGISTER.deviceFeatures);
    expect([features(false), features(true)]).toEqual([0x204, 0x224]);
  });
  test("keeps what is written, across requests of any shape", () => {
    const { at, host, memory, request } = disk();
    const data = frameOf(1024);
    memory.u8.set(data, host(BUFFERS));
    expect(request(WRITE, 3, [{ at: at(BUFFERS), bytes: 100 }, { at: at(BUFFERS + 100), bytes: 924 }])).toEqual({ status: 0, bytes: 1 });
    expect(request(READ, 4, [{ at: at(BUFFERS + 0x1000), bytes: 512, writes: true }])).toEqual({ status: 0, bytes: 513 });
    expect(bytesAt(memory, host(BUFFERS + 0x1000), 512)).toEqual([...data.subarray(512)]);
    expect(bytesAt(memory, memory.deviceArea() + 3 * 512, 1024)).toEqual([...data]);
    expect(request(4, 0, [])).toEqual({ status: 0, bytes: 1 });
  });
  test("refuses what lies beyond its end, parts of sectors, and what it does not know", () => {
    const { at, request, driver } = disk();
    const room = (bytes: number) => [{ at: at(BUFFERS), bytes, writes: true }];
    expect(request(READ, SECTORS, room(512)).status).toBe(1);
    expect(request(READ, SECTORS - 1, room(1024)).status).toBe(1);
    expect(request(READ, 2 ** 60, room(512)).status).toBe(1);
    expect(request(WRITE, SECTORS - 1, [{ at: at(BUFFERS), bytes: 1024 }]).status).toBe(1);
    expect(request(READ, 0, room(100)).status).toBe(1);
    expect(request(77, 0, room(512)).status).toBe(2);
    expect(healthy(driver)).toBe(true);
  });
  test("that is read-only writes nothing", () => {
    const { at, request, memory } = disk(true);
    expect(request(WRITE, 0, [{ at: at(BUFFERS), bytes: 512 }]).status).toBe(1);
    expect(request(READ, 0, [{ at: at(BUFFERS), bytes: 512, writes: true }]).status).toBe(0);
    expect(bytesAt(memory, memory.deviceArea(), 4)).toEqual([0, 0, 0, 0]);
  });
  test("has a name", () => {
    const { at, host, memory, request } = disk();
    expect(request(8, 0, [{ at: at(BUFFERS), bytes: 20, writes: true }])).toEqual({ status: 0, bytes: 21 });
    expect(String.fromCharCode(...bytesAt(memory, host(BUFFERS), 8))).toBe("tcbench\0");
  });
  test.each([
    ["no header", [{ at: 0, bytes: 15 }, { at: 64, bytes: 1, writes: true }]], ["no status", [{ at: 0, bytes: 16 }]],
  ])("is broken by a request with %s", (_name, buffers) => {
    const { at, queue, driver } = disk();
    queue.add(...buffers.map((buffer) => ({ ...buffer, at: at(BUFFERS + buffer.at) })));
    queue.notify();
    expect([healthy(driver), queue.take()]).toEqual([false, []]);
  });
});

describe("the console", () => {
  test("writes what it is sent, and receives what is typed", () => {
    const { at, host, memory, driver: make, poll, interrupts } = equipped("hypervisor");
    const driver = make(CONSOLE_SLOT);
    driver.negotiate();
    const receive = driver.queue(0, SIZE, at(0x1000));
    const transmit = driver.queue(1, SIZE, at(0x2000));
    driver.start();
    memory.u8.set(new TextEncoder().encode("hello, world"), host(BUFFERS));
    transmit.add({ at: at(BUFFERS), bytes: 5 }, { at: at(BUFFERS + 5), bytes: 7 });
    transmit.notify();
    let text = "";
    new ConsoleReader(memory).drain((byte) => { text += String.fromCharCode(byte); });
    expect(text).toBe("hello, world");
    driver.set(REGISTER.interruptAck, 1);
    new ConsoleInput(memory).write(new TextEncoder().encode("ok then"));
    receive.add({ at: at(BUFFERS + 0x100), bytes: 3, writes: true });
    receive.add({ at: at(BUFFERS + 0x200), bytes: 64, writes: true });
    poll();
    expect(receive.take().map(({ bytes }) => bytes)).toEqual([3, 4]);
    expect(String.fromCharCode(...bytesAt(memory, host(BUFFERS + 0x200), 4))).toBe("then");
    expect(interrupts()).toBe(true);
  });
});
