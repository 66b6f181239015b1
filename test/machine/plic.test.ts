// The interrupt controller against the rules of its specification, and claims by several threads.

import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { physical } from "../../engines/machine/address.ts";
import { Plic } from "../../engines/machine/devices/plic.ts";
import { CSR } from "../../engines/machine/hart/csr-numbers.ts";
import { deliverable } from "../../engines/machine/hart/interrupts.ts";
import { STATUS } from "../../engines/machine/hart/privileged.ts";
import { HART, PLIC_BASE, PLIC_SOURCES, RAISED } from "../../engines/machine/layout.ts";
import { hartBlock, PhysicalMemory } from "../../engines/machine/memory.ts";
import { prepareMachine } from "../../engines/machine/machine.ts";
import { bench } from "./fixture.ts";
import type { ClaimWork } from "./plic-worker.ts";

const HARTS = 2;
const CONTEXTS = 2 * HARTS;
const enables = (context: number): number => 0x2000 + 0x80 * context;
const threshold = (context: number): number => 0x20_0000 + 0x1000 * context;
const claim = (context: number): number => threshold(context) + 4;

function controller(harts = HARTS): { plic: Plic; memory: PhysicalMemory; load: (at: number) => number; store: (at: number, value: number) => void } {
  const memory = PhysicalMemory.create(0x1_0000, 1);
  prepareMachine(memory, harts);
  const plic = new Plic(memory);
  return {
    plic, memory,
    load: (at) => { if (!plic.read(at, 4)) throw new Error("no register"); return plic.low; },
    store: (at, value) => { if (!plic.write(at, 4, value)) throw new Error("no register"); },
  };
}
const external = (memory: PhysicalMemory, context: number): boolean =>
  (memory.i32[(hartBlock(context >> 1) + HART.raised) >> 2] & ((context & 1) === 0 ? RAISED.machineExternal : RAISED.supervisorExternal)) !== 0;

describe("a source", () => {
  test("interrupts the contexts that it is enabled for, at once, and no others", () => {
    const { plic, memory, store, load } = controller();
    store(4 * 3, 1);
    store(enables(1), 1 << 3);
    store(enables(2), 1 << 3);
    plic.setLine(3, true);
    expect([0, 1, 2, 3].map((context) => external(memory, context))).toEqual([false, true, true, false]);
    expect(memory.i32[(hartBlock(1) + HART.attention) >> 2]).not.toBe(0);
    expect(load(0x1000)).toBe(1 << 3);
    expect(load(claim(2))).toBe(3);
    expect([0, 1, 2, 3].map((context) => external(memory, context))).toEqual([false, false, false, false]);
    expect([load(claim(1)), load(0x1000)]).toEqual([0, 0]);
  });
  test("asks again after completion while its line is high, and stays asked for when its line falls", () => {
    const { plic, memory, store, load } = controller();
    store(4 * 5, 7);
    store(enables(3), 1 << 5);
    plic.setLine(5, true);
    expect(load(claim(3))).toBe(5);
    expect(external(memory, 3)).toBe(false);
    store(claim(3), 5);
    expect(external(memory, 3)).toBe(true);
    plic.setLine(5, false);
    expect([external(memory, 3), load(claim(3))]).toEqual([true, 5]);
    store(claim(3), 5);
    expect(external(memory, 3)).toBe(false);
  });
  test("does not ask again while it is serviced, whatever its line does", () => {
    const { plic, store, load } = controller();
    store(4 * 1, 1);
    store(enables(1), 2);
    plic.setLine(1, true);
    load(claim(1));
    plic.setLine(1, false);
    plic.setLine(1, true);
    expect([load(0x1000), load(claim(1))]).toEqual([0, 0]);
    // A completion by a context that the source is not enabled for is ignored.
    store(claim(3), 1);
    expect(load(0x1000)).toBe(0);
    store(claim(1), 1);
    expect(load(claim(1))).toBe(1);
  });
});

test("priorities decide, then numbers; thresholds mask interrupts but not claims; priority 0 never interrupts", () => {
  const { plic, memory, store, load } = controller();
  for (const [source, priority] of [[1, 2], [2, 5], [3, 5], [4, 0]]) {
    store(4 * source, priority);
    plic.setLine(source, true);
  }
  store(enables(1), 0x1e);
  store(threshold(1), 5);
  expect(external(memory, 1)).toBe(false);
  store(threshold(1), 4);
  expect(external(memory, 1)).toBe(true);
  expect([load(claim(1)), load(claim(1))]).toEqual([2, 3]);
  expect(external(memory, 1)).toBe(false);
  expect([load(claim(1)), load(claim(1))]).toEqual([1, 0]);
});

test("registers have the bits that exist, and there is no source 0 and no context of a hart that is not there", () => {
  const { store, load, plic } = controller();
  store(0, 7);
  store(4 * PLIC_SOURCES, -1);
  store(4 * (PLIC_SOURCES + 1), -1);
  store(enables(1), -1);
  store(enables(CONTEXTS), -1);
  store(threshold(1), -1);
  store(threshold(CONTEXTS), -1);
  store(0x1000, -1);
  expect([0, 4 * PLIC_SOURCES, 4 * (PLIC_SOURCES + 1), enables(1), enables(CONTEXTS), threshold(1), threshold(CONTEXTS), 0x1000, claim(0)].map(load))
    .toEqual([0, 7, 0, -2, 0, 7, 0, 0, 0]);
  expect([plic.read(0, 1), plic.read(0, 8), plic.write(4, 2, 0)]).toEqual([false, false, false]);
});

test("SEIP of sip cannot be written, and that of mip is M-mode's own bit beside the controller's", () => {
  const { hart, memory, state } = bench("machine");
  const plic = new Plic(memory);
  hart.writeDevice(physical(PLIC_BASE + 4), 1);
  hart.writeDevice(physical(PLIC_BASE + enables(1)), 2);
  hart.setCsr(CSR.mideleg, 0x222, 0);
  hart.setCsr(CSR.mie, 0x200, 0);
  plic.setLine(1, true);
  expect([hart.csrLow(CSR.sip), hart.csrLow(CSR.mip)]).toEqual([0x200, 0x200]);
  hart.setCsr(CSR.sip, 0, 0);
  expect(hart.csrLow(CSR.sip)).toBe(0x200);
  expect(deliverable(state)).toBe(0);
  hart.setCsrBits(CSR.sstatus, STATUS.SIE);
  expect(deliverable(state)).toBe(9);
  // What csrrs reads of the controller does not become M-mode's bit.
  hart.setCsrBits(CSR.mip, 0x20);
  hart.clearCsrBits(CSR.mip, 0x20);
  plic.setLine(1, false);
  expect(hart.readDevice(physical(PLIC_BASE + claim(1)))).toBe(1);
  expect([hart.csrLow(CSR.sip), deliverable(state)]).toEqual([0, 0]);
});

/** The specification's rules, with sets. */
class Model {
  readonly lines = new Set<number>();
  readonly pending = new Set<number>();
  readonly serviced = new Set<number>();
  readonly priority = new Map<number, number>();
  readonly enabled = new Map<number, number>();
  readonly threshold = new Map<number, number>();
  best(context: number, above: number): number {
    const candidates = [...this.pending].filter((source) => ((this.enabled.get(context) ?? 0) >> source) & 1 && (this.priority.get(source) ?? 0) > above);
    return candidates.sort((a, b) => (this.priority.get(b)! - this.priority.get(a)!) || a - b)[0] ?? 0;
  }
  forward(source: number): void {
    if (this.lines.has(source) && !this.serviced.has(source)) this.pending.add(source);
  }
  claim(context: number): number {
    const source = this.best(context, 0);
    if (source !== 0) { this.pending.delete(source); this.serviced.add(source); }
    return source;
  }
  complete(context: number, source: number): void {
    if (((this.enabled.get(context) ?? 0) >> source) & 1) { this.serviced.delete(source); this.forward(source); }
  }
}

test("any sequence of lines, registers, claims and completions goes as the rules say", () => {
  const source = fc.integer({ min: 1, max: 6 });
  const context = fc.integer({ min: 0, max: CONTEXTS - 1 });
  const step = fc.oneof(
    fc.tuple(fc.constant("line" as const), source, fc.boolean()),
    fc.tuple(fc.constant("priority" as const), source, fc.nat(7)),
    fc.tuple(fc.constant("enable" as const), context, fc.nat(0x7f)),
    fc.tuple(fc.constant("threshold" as const), context, fc.nat(7)),
    fc.tuple(fc.constant("claim" as const), context, fc.constant(0)),
    fc.tuple(fc.constant("complete" as const), context, source),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const { plic, memory, store, load } = controller();
    const model = new Model();
    const claims: [number, number][] = [];
    for (const [kind, which, value] of steps) {
      if (kind === "line") {
        plic.setLine(which, value);
        if (value) { if (!model.lines.has(which)) { model.lines.add(which); model.forward(which); } } else model.lines.delete(which);
      } else if (kind === "priority") { store(4 * which, value); model.priority.set(which, value); }
      else if (kind === "enable") { store(enables(which), value); model.enabled.set(which, value & ~1); }
      else if (kind === "threshold") { store(threshold(which), value); model.threshold.set(which, value); }
      else if (kind === "claim") claims.push([load(claim(which)), model.claim(which)]);
      else { store(claim(which), value); model.complete(which, value); }
      for (let each = 0; each < CONTEXTS; each++) {
        expect(external(memory, each)).toBe(model.best(each, model.threshold.get(each) ?? 0) !== 0);
      }
    }
    expect(claims.map(([claimed]) => claimed)).toEqual(claims.map(([, due]) => due));
  }), { numRuns: 300 });
});

test("of two threads that claim, one gets each interrupt", async () => {
  const rounds = 1000;
  const { plic, memory, store } = controller();
  for (let source = 1; source <= 8; source++) store(4 * source, 1);
  store(enables(1), 0x1fe);
  store(enables(3), 0x1fe);
  const started = new Int32Array(new SharedArrayBuffer(8));
  const claims = [1, 3].map(() => new Int32Array(new SharedArrayBuffer(36)));
  const ends = claims.map((own, index) => new Promise<void>((resolve, reject) => {
    const worker = new Worker(new URL("./plic-worker.ts", import.meta.url), {
      workerData: { handle: memory.handle(), context: 1 + 2 * index, started, claims: own } satisfies ClaimWork,
    });
    worker.on("exit", () => resolve());
    worker.on("error", reject);
  }));
  while (Atomics.load(started, 0) < 2) await new Promise((resolve) => { setTimeout(resolve, 1); });
  const counted = Array.from({ length: 9 }, () => 0);
  for (let round = 0; round < rounds; round++) {
    const source = 1 + (round % 8);
    counted[source]++;
    plic.setLine(source, true);
    // One more than are done; all are before a source comes again, as its line may not have been lowered yet.
    const due = source === 8 ? round + 1 : round;
    while (Atomics.load(started, 1) < due) Atomics.pause();
  }
  Atomics.store(started, 0, -1);
  await Promise.all(ends);
  expect(counted.map((_, source) => claims[0][source] + claims[1][source])).toEqual(counted);
}, 30_000);
