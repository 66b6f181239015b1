import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HEAP_NODES } from "../../engines/channels/growing-doorbells.ts";
import { ENGINES } from "../../engines/engines.ts";
import { physical } from "../../engines/machine/address.ts";
import { CoreMemory } from "../../engines/machine/hart/core-memory.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { ERROR, EXTENSION, SUCCESS, VENDOR } from "../../engines/sbi/numbers.ts";
import { giveNode, HEAP, heapBytes, NODE_BYTES, takeNode } from "../../engines/state/heap.ts";
import { field, NONE } from "../../engines/state/words.ts";
import { EngineBench, guests } from "./fixture.ts";

const HEAP_AT = physical(RAM_BASE);
const NODES = 6;

test("a heap gives every node once, takes it back, and refuses when all are in use", () => {
  fc.assert(fc.property(fc.array(fc.option(fc.nat(NODES)), { maxLength: 60 }), (steps) => {
    const memory = new CoreMemory(PhysicalMemory.create(0x1_0000, 0));
    const used: number[] = [];
    let [peak, refused] = [0, 0];
    for (const step of steps) {
      const full = used.length === NODES;
      const node = step === null ? takeNode(memory, HEAP_AT, NODES) : NONE;
      expect(node === NONE).toBe(step !== null || full);
      if (node !== NONE) used.push(node);
      if (step === null && full) refused++;
      if (step !== null && step < used.length) giveNode(memory, HEAP_AT, physical(used.splice(step, 1)[0]));
      expect(new Set(used).size).toBe(used.length);
      expect(used.filter((at) => at < HEAP_AT + HEAP.nodes || at + NODE_BYTES > HEAP_AT + heapBytes(NODES))).toEqual([]);
      peak = Math.max(peak, used.length);
    }
    expect([HEAP.used, HEAP.peak, HEAP.refused].map((at) => memory.load(field(HEAP_AT, at)))).toEqual([used.length, peak, refused]);
  }));
});

describe("a guest that rings one which never asks", () => {
  const channels = [["prey", 0, 1], ["pair", 2, 0]].map(([name, from, to]) => ({ name: String(name), ends: [Number(from), Number(to)] as const, windowBytes: 0x1000 }));
  const PREY = 0;
  const PAIR = 1;
  const start = (queues: string) => new EngineBench(ENGINES.smp, guests(3), { channels, options: { queues } });
  const ring = (bench: EngineBench, id: number): number => bench.call(0, EXTENSION.vendor, VENDOR.channelNotify, id).error;

  test("fills what grows, and then nobody's doorbell can be kept", () => {
    const bench = start("growing");
    for (let count = 0; count < HEAP_NODES; count++) expect(ring(bench, PREY)).toBe(SUCCESS);
    expect(bench.report().heap).toEqual({ size: HEAP_NODES * NODE_BYTES, inUse: HEAP_NODES * NODE_BYTES, peak: HEAP_NODES * NODE_BYTES, refused: 0 });
    expect([ring(bench, PREY), ring(bench, PAIR)]).toEqual([ERROR.failed, ERROR.failed]);
    expect(bench.report().heap?.refused).toBe(2);
  });

  test("changes nothing where doorbells are bits", () => {
    const bench = start("static");
    const words = () => Int32Array.from(new Int32Array(bench.memory.wasm.buffer, bench.memory.ramOffset, 0x20_0000 / 4));
    ring(bench, PREY);
    const before = words();
    for (let count = 0; count < 2 * HEAP_NODES; count++) ring(bench, PREY);
    expect(ring(bench, PAIR)).toBe(SUCCESS);
    expect(words().filter((word, index) => word !== before[index]).length).toBeLessThan(40);
    expect(bench.report().heap).toBeUndefined();
  });
});

test("queued doorbells answer what bits would, and are given back", () => {
  const bench = new EngineBench(ENGINES.smp, guests(1), { channels: [0, 1].map((id) => ({ name: `own-${id}`, ends: [0, 0] as const, windowBytes: 0x1000 })), options: { queues: "growing" } });
  const call = (operation: number, ...values: number[]) => bench.call(0, EXTENSION.vendor, operation, ...values);
  for (const id of [1, 0, 1, 1]) call(VENDOR.channelNotify, id);
  expect(bench.report().heap?.inUse).toBe(4 * NODE_BYTES);
  expect(call(VENDOR.channelPending).value).toBe(0b11);
  expect(call(VENDOR.channelPending).value).toBe(0);
  expect(bench.report().heap).toMatchObject({ inUse: 0, peak: 4 * NODE_BYTES });
  expect(call(VENDOR.channelNotify, 2).error).toBe(ERROR.invalidParameter);
});
