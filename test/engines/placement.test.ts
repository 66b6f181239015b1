import { expect, test } from "vitest";
import { BootError, type Configuration } from "../../engines/engine.ts";
import { FIRMWARE_BYTES, RAM_BASE } from "../../engines/machine/layout.ts";
import { place } from "../../engines/placement/placement.ts";
import { buildElf, SEGMENT_LOAD, TYPE_EXECUTABLE } from "../loader/elf-builder.ts";
import { guest, guests, MEMORY_BYTES } from "./fixture.ts";

const RAM_BYTES = 0x200_0000;
const FIRST = RAM_BASE + FIRMWARE_BYTES;

function fixedImage(address: number): Uint8Array {
  const segment = { type: SEGMENT_LOAD, rights: 5, address, bytes: new Uint8Array(16), memoryBytes: 16, alignment: 4096 };
  return buildElf({ type: TYPE_EXECUTABLE, entry: address, segments: [segment] });
}

const only = (vms: Configuration["vms"]): Configuration => ({ vms, channels: [] });

test("guests' memories follow one another above the engine, and windows behind them", () => {
  const channels = [{ name: "c", ends: [0, 1] as const, windowBytes: 0x2000 }, { name: "d", ends: [1, 0] as const, windowBytes: 0x1000 }];
  for (const view of ["translated", "flat"] as const) {
    const [first, second] = place({ vms: guests(2), channels }, RAM_BYTES, view);
    expect([first.slot.physical, second.slot.physical]).toEqual([FIRST, FIRST + MEMORY_BYTES]);
    const windows = [FIRST + 2 * MEMORY_BYTES, FIRST + 2 * MEMORY_BYTES + 0x2000];
    expect(first.ends.map(({ window }) => window.physical)).toEqual(windows);
    expect(second.ends.map(({ window }) => window.physical)).toEqual(windows);
    expect(second.ends.map(({ window }) => window.guest)).toEqual(view === "flat" ? windows : [0xc000_0000, 0xc010_0000]);
    expect(first.ends.map(({ end, peer, peerId }) => [end, peer, peerId])).toEqual([[0, 1, 0], [1, 1, 1]]);
    expect(second.ends.map(({ end, peer, peerId }) => [end, peer, peerId])).toEqual([[1, 0, 0], [0, 0, 1]]);
    expect([first.slot.guest, second.slot.guest]).toEqual(view === "flat" ? [FIRST, FIRST + MEMORY_BYTES] : [RAM_BASE, RAM_BASE]);
  }
});

test("a loopback is one end", () => {
  const [vm] = place({ vms: guests(1), channels: [{ name: "self", ends: [0, 0], windowBytes: 0x1000 }] }, RAM_BYTES, "translated");
  expect(vm.ends.map(({ end, peer, peerId }) => [end, peer, peerId])).toEqual([[0, 0, 0]]);
});

test("without a second stage an image that cannot be moved has its own address; two that want the same one are refused", () => {
  const fixed = fixedImage(FIRST);
  const placed = place(only([guest("a"), guest("b"), guest("fixed", { image: fixed })]), RAM_BYTES, "flat");
  expect(placed.map(({ slot }) => slot.physical)).toEqual([FIRST + MEMORY_BYTES, FIRST + 2 * MEMORY_BYTES, FIRST]);
  const twice = only([guest("one", { image: fixed }), guest("two", { image: fixed })]);
  expect(() => place(twice, RAM_BYTES, "flat")).toThrow(BootError);
  expect(() => place(twice, RAM_BYTES, "flat")).toThrow(/two can only be at 0x8020_0000, where one is: .* once in a machine/);
  expect(place(twice, RAM_BYTES, "translated").map(({ slot }) => slot.guest)).toEqual([RAM_BASE, RAM_BASE]);
});

test("what does not fit is refused", () => {
  expect(() => place(only(guests(2)), FIRMWARE_BYTES + MEMORY_BYTES, "translated")).toThrow(/guest-1 needs memory from .* the machine's ends at/);
  expect(() => place(only([guest("odd", { memoryBytes: 100 })]), RAM_BYTES, "flat")).toThrow(BootError);
  expect(() => place({ vms: guests(1), channels: [{ name: "c", ends: [0, 1], windowBytes: 0x1000 }] }, RAM_BYTES, "flat"))
    .toThrow(/channel c ends at guest 1, of 1/);
  for (const windowBytes of [0, 0x800, 0x20_0000]) {
    expect(() => place({ vms: guests(1), channels: [{ name: "c", ends: [0, 0], windowBytes }] }, RAM_BYTES, "flat")).toThrow(BootError);
  }
  const many = Array.from({ length: 9 }, (_, index) => ({ name: `c${index}`, ends: [0, 0] as const, windowBytes: 0x1000 }));
  expect(() => place({ vms: guests(1), channels: many }, RAM_BYTES, "translated")).toThrow(/guest-0 has 9 channels: a guest may have 8/);
});
