// What the engines say that their harts share, against what the harts are seen to reach.

import { expect, test } from "vitest";
import { RING, RING_BYTES } from "../../engines/channels/ring.ts";
import { ENGINES } from "../../engines/engines.ts";
import { LOCK, LOCK_BYTES, LOCK_NODE, LOCK_NODE_BYTES } from "../../engines/locks/record.ts";
import { physical, type PhysicalAddress } from "../../engines/machine/address.ts";
import { CoreMemory } from "../../engines/machine/hart/core-memory.ts";
import { CSR } from "../../engines/machine/hart/hart.ts";
import { CAUSE } from "../../engines/machine/hart/privileged.ts";
import { FIRMWARE_BYTES, HART, RAM_BASE } from "../../engines/machine/layout.ts";
import { turnOf, vcpuAt as peerVcpuAt, vmAt as peerVmAt } from "../../engines/microscheduler/layout.ts";
import { instanceState, ringAt } from "../../engines/per-core/layout.ts";
import {
  LOCK_NODE_SHARING, LOCK_SHARING, QUEUE_SHARING, RING_SHARING, sharedWords, VCPU_SHARING, VM_SHARING, type RecordSharing,
} from "../../engines/report/sharing.ts";
import { QUEUE, QUEUE_BYTES } from "../../engines/scheduler/queue.ts";
import { IDLE_HARTS, LOCK_AT, LOCK_NODES, queueOf, vcpuAt, vmAt } from "../../engines/smp/layout.ts";
import { VCPU, VCPU_BYTES } from "../../engines/vcpu/record.ts";
import { VM, VM_BYTES } from "../../engines/virtual-machine/record.ts";
import { EngineBench, guest, guests } from "./fixture.ts";
import { Smp, type Step } from "./smp-model.ts";

const HARTS = 3;
const VMS = 6;
const MILLISECOND = 1_000_000;
const TIMER = 0x5449_4d45;
const HART_STATE = 0x48_534d;
const REMOTE_FENCE = 0x5246_4e43;
const VENDOR = 0x0854_4342;
const WORD_BYTES = 4;

interface RecordKind {
  readonly name: string;
  readonly offsets: Readonly<Record<string, number>>;
  readonly sharing: RecordSharing;
  readonly bytes: number;
}
const kind = (name: string, offsets: Readonly<Record<string, number>>, sharing: RecordSharing, bytes: number): RecordKind => ({ name, offsets, sharing, bytes });
const KINDS = {
  vm: kind("vm", VM, VM_SHARING, VM_BYTES),
  vcpu: kind("vcpu", VCPU, VCPU_SHARING, VCPU_BYTES),
  queue: kind("queue", QUEUE, QUEUE_SHARING, QUEUE_BYTES),
  lock: kind("lock", LOCK, LOCK_SHARING, LOCK_BYTES),
  node: kind("node", LOCK_NODE, LOCK_NODE_SHARING, LOCK_NODE_BYTES),
  ring: kind("ring", RING, RING_SHARING, RING_BYTES),
};

interface Placed {
  readonly record: RecordKind;
  readonly at: (index: number) => PhysicalAddress;
  readonly count: number;
}

/** Which harts have written and read each word of engine state since it was made. */
class Watch {
  readonly #reads = new Map<number, Set<number>>();
  readonly #writes = new Map<number, Set<number>>();

  constructor(bench: EngineBench, harts: number) {
    for (let id = 0; id < harts; id++) this.#follow(bench.hart(id).memory, id);
  }

  /** Fields that were written, by any hart. */
  written(records: readonly Placed[]): Set<string> {
    return new Set([...this.#writes.keys()].map((address) => fieldAt(records, address)));
  }

  /** Fields that one hart wrote and another reached. */
  shared(records: readonly Placed[]): Set<string> {
    const names = new Set<string>();
    for (const [address, writers] of this.#writes) {
      if (writers.union(this.#reads.get(address) ?? new Set()).size > 1) names.add(fieldAt(records, address));
    }
    return names;
  }

  #follow(memory: CoreMemory, hart: number): void {
    const note = (map: Map<number, Set<number>>, address: number): void => {
      if (address < RAM_BASE + FIRMWARE_BYTES) map.set(address, (map.get(address) ?? new Set()).add(hart));
    };
    for (const [names, bytes, writes] of [
      [["load", "atomicLoad"], 4, false], [["loadNumber"], 8, false],
      [["store", "atomicStore", "add", "exchange", "compareExchange", "and", "or"], 4, true], [["storeNumber"], 8, true],
    ] as const) {
      for (const name of names) {
        const primitive = CoreMemory.prototype[name] as (address: PhysicalAddress, ...values: number[]) => number;
        const watched = (address: PhysicalAddress, ...values: number[]): number => {
          for (let at = 0; at < bytes; at += WORD_BYTES) note(writes ? this.#writes : this.#reads, address + at);
          return primitive.call(memory, address, ...values);
        };
        Object.defineProperty(memory, name, { value: watched });
      }
    }
  }
}

/** `record.field` of the field that holds the word at `address`. */
function fieldAt(records: readonly Placed[], address: number): string {
  for (const { record, at, count } of records) {
    for (let index = 0; index < count; index++) {
      const offset = address - at(index);
      if (offset < 0 || offset >= record.bytes) continue;
      for (const [name, { words }] of Object.entries(record.sharing)) {
        if (offset >= record.offsets[name] && offset < record.offsets[name] + 4 * words) return `${record.name}.${name}`;
      }
    }
  }
  return `no field at 0x${address.toString(16)}`;
}

function declared(kinds: readonly RecordKind[], ...which: readonly string[]): Set<string> {
  return new Set(kinds.flatMap(({ name, sharing }) => Object.keys(sharing)
    .filter((field) => which.includes(sharing[field].sharing)).map((field) => `${name}.${field}`)));
}

test.each(Object.values(KINDS))("the fields of a $name do not overlap, and lie within it", ({ offsets, sharing, bytes }) => {
  const ends = Object.keys(offsets).map((name) => [offsets[name], offsets[name] + 4 * sharing[name].words]).toSorted(([a], [b]) => a - b);
  expect(ends.every(([, end], index) => end <= (ends[index + 1]?.[0] ?? bytes))).toBe(true);
});

/** A small generator of steps, always the same. */
function* steps(count: number): Generator<Step> {
  let state = 12345;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12345) & 0x7fff_ffff;
    return (state >> 8) % limit;
  };
  const hart = (): number => below(HARTS);
  const makers: readonly (() => Step)[] = [
    () => ({ kind: "wait", hart: hart() }), () => ({ kind: "take", hart: hart() }), () => ({ kind: "yield", hart: hart() }),
    () => ({ kind: "notify", hart: hart(), id: below(2) }), () => ({ kind: "deliver", hart: hart() }),
    () => ({ kind: "timer", hart: hart(), ahead: below(20_000) }), () => ({ kind: "pass", cycles: below(MILLISECOND) }), () => ({ kind: "settle" }),
  ];
  for (let step = 0; step < count; step++) yield makers[below(makers.length)]();
}

/** A guest on some hart registers its units, and then cannot fetch its trap vector. */
function failSomeone(bench: EngineBench): void {
  const hart = Array.from({ length: HARTS }, (_, id) => id).find((id) => !bench.idles(id));
  if (hart === undefined) throw new Error("nobody runs");
  bench.call(hart, VENDOR, 0, RAM_BASE);
  bench.hart(hart).setCsr(CSR.vstvec, 0, 0);
  bench.state(hart).block[HART.pc >> 2] = 0;
  bench.raise(hart, CAUSE.instructionAccess, 0);
  expect(bench.report().vms.some(({ state }) => state === "failed")).toBe(true);
}

/** The vCPUs of one guest on two harts: one fences both, which the other hears while it runs, and then suspends. */
function fenceBoth(options: Readonly<Record<string, string>>): Watch {
  const bench = new EngineBench(ENGINES.smp, [guest("two", { vcpus: 2 })], { harts: 2, options });
  const watch = new Watch(bench, 2);
  bench.call(0, HART_STATE, 0, 1, RAM_BASE, 0);
  bench.deliver(1);
  bench.call(0, REMOTE_FENCE, 0, 3, 0);
  bench.call(1, HART_STATE, 3, 0, 0, 0);
  return watch;
}

test("smp: its harts write what it says they write, and share no more than it says they share", () => {
  const records: readonly Placed[] = [
    { record: KINDS.vm, at: vmAt, count: VMS }, { record: KINDS.vcpu, at: vcpuAt, count: VMS }, { record: KINDS.queue, at: queueOf, count: HARTS },
    { record: KINDS.lock, at: (index) => physical(LOCK_AT.big + index * LOCK_BYTES), count: 4 + HARTS },
    { record: KINDS.node, at: (index) => physical(LOCK_NODES + index * LOCK_NODE_BYTES), count: HARTS },
    { record: kind("idle", { harts: 0 }, { harts: { sharing: "shared", words: 1 } }, 4), at: () => IDLE_HARTS, count: 1 },
  ];
  const written = new Set<string>();
  const shared = new Set<string>();
  for (const lock of ["ticket", "mcs"]) {
    const smp = new Smp(HARTS, VMS, { lock, "lock-timing": "on" });
    const watch = new Watch(smp.bench, HARTS);
    for (const step of steps(600)) smp.step(step);
    smp.settle();
    failSomeone(smp.bench);
    for (const each of [watch, fenceBoth({ lock, "lock-timing": "on" })]) {
      for (const name of each.written(records)) written.add(name);
      for (const name of each.shared(records)) shared.add(name);
    }
  }
  const kinds = [...new Set(records.map(({ record }) => record))];
  const unseen = new Set([
    "lock.contended", "lock.waiting", "lock.waitingMax", "node.waits", // on one thread nobody waits for a lock
    "lock.holdingMax", // nor does time pass in the engine
    "queue.frameStart", // the table scheduler's
    "queue.nextTick", "queue.sliceEnd", // the credit scheduler's
    "vm.restored", "vm.restarts", "vm.failedAt", "vm.restartedAt", // of restart=on
  ]);
  expect(declared(kinds, "own", "shared").difference(written)).toEqual(unseen);
  expect(written.difference(declared(kinds, "own", "shared"))).toEqual(new Set());
  expect(shared.difference(declared(kinds, "shared"))).toEqual(new Set());
});

const pairs = [0, 1].map((index) => ({ name: `pair-${index}`, ends: [index, index + 2] as const, windowBytes: 0x1000 }));

/** Guests of two harts, two on each, that ring each other, wait and take turns. */
function exercise(bench: EngineBench): void {
  for (let round = 0; round < 20; round++) {
    for (const hart of [0, 1]) {
      bench.call(hart, VENDOR, 1, 0);
      bench.call(hart, VENDOR, 2);
      bench.call(hart, TIMER, 0, bench.clock.time() + 500);
      bench.call(hart, VENDOR, 3);
    }
    bench.pass(MILLISECOND, MILLISECOND / 4);
  }
}

test("microscheduler: harts share the doorbells and pending interrupts of guests, and nothing else", () => {
  const bench = new EngineBench(ENGINES.microscheduler, guests(4, (index) => ({ hart: index >> 1 })), { harts: 2, channels: pairs });
  const watch = new Watch(bench, 2);
  exercise(bench);
  const turn = kind("turn", { all: 0 }, { all: { sharing: "own", words: 16 } }, 64);
  const shared = watch.shared([
    { record: KINDS.vm, at: peerVmAt, count: 4 }, { record: KINDS.vcpu, at: peerVcpuAt, count: 4 }, { record: turn, at: turnOf, count: 2 },
  ]);
  expect(shared).toEqual(new Set(["vm.rung", "vcpu.pending"]));
  expect(bench.report().sharedMutableWords).toBe(2 * 4);
});

test("per-core: harts share the rings, and nothing of an instance", () => {
  const bench = new EngineBench(ENGINES["per-core"], guests(4, (index) => ({ hart: index >> 1 })), { harts: 2, channels: pairs });
  const watch = new Watch(bench, 2);
  exercise(bench);
  const instance = kind("instance", { all: 0 }, { all: { sharing: "own", words: (instanceState(1) - instanceState(0)) / 4 } }, instanceState(1) - instanceState(0));
  const shared = watch.shared([{ record: KINDS.ring, at: ringAt, count: 2 }, { record: instance, at: instanceState, count: 2 }]);
  expect(shared).toEqual(new Set(["ring.head", "ring.slots", "ring.tail"]));
  expect(bench.report().sharedMutableWords).toBe(2 * sharedWords(RING_SHARING));
});
