// An engine's invariants say so whatever field of its state is wrong: of every field of every record, a value that the engine
// never gives it is reported, unless it may have any.

import { describe, expect, test } from "vitest";
import { RING, RING_BYTES } from "../../engines/channels/ring.ts";
import type { Options } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/engines.ts";
import { PIPE } from "../../engines/hosted/kernel/pipe-record.ts";
import { TAP } from "../../engines/hosted/kernel/tap-record.ts";
import { HostedLayout } from "../../engines/hosted/layout.ts";
import { nicIn } from "../../engines/hosted/vmm/network-layout.ts";
import { LOCK } from "../../engines/locks/record.ts";
import { cycles, physical, ticks, type PhysicalAddress } from "../../engines/machine/address.ts";
import { HART, REGION_BYTES } from "../../engines/machine/layout.ts";
import type { WirePort } from "../../engines/machine/network/wire.ts";
import { TURN, turnOf, vcpuAt as peerVcpu, vmAt as peerVm } from "../../engines/microscheduler/layout.ts";
import { instanceState, ringAt } from "../../engines/per-core/layout.ts";
import { LOCK_SHARING, QUEUE_SHARING, type RecordSharing, VCPU_SHARING, VM_SHARING } from "../../engines/report/sharing.ts";
import { QUEUE } from "../../engines/scheduler/queue.ts";
import { LOCK_AT, queueLock, queueOf, vcpuAt, vmAt } from "../../engines/smp/layout.ts";
import { Layout } from "../../engines/uniprocessor/layout.ts";
import { VCPU } from "../../engines/vcpu/record.ts";
import { nicOf, plicOf, portAt, serialOf } from "../../engines/virtual-devices/layout.ts";
import { PLIC } from "../../engines/virtual-devices/plic.ts";
import { PORT } from "../../engines/virtual-devices/port-record.ts";
import { SERIAL } from "../../engines/virtual-devices/serial.ts";
import { RECORD } from "../../engines/virtio/record.ts";
import { VM, VM_STATE } from "../../engines/virtual-machine/record.ts";
import { EngineBench, guests } from "./fixture.ts";

type Record = { readonly [field: string]: number };

/** Of a number, this is NaN; as a word, no engine writes it anywhere. */
const WRONG = 0x7ffd_a5a5;
const SHARE = { share: { budget: ticks(1000), period: ticks(10_000) } };

/** Nothing is connected to the port. */
const SILENT: WirePort = { nextArrival: () => cycles(Infinity), receive: () => 0, pass() {}, transmit() {} };
const CHANNELS = [{ name: "pair", ends: [0, 1], windowBytes: 0x1000 }] as const;

function bench(name: keyof typeof ENGINES, harts: number, options: Options = {}): EngineBench {
  const devices = name !== "microscheduler" && name !== "bare";
  const nics = devices ? [{ port: 0, owner: 0 }] : [];
  const vms = guests(name === "bare" ? 1 : 2, (index) => ({ hart: index, vcpus: name === "bare" ? 1 : 2, ...SHARE, ...(devices && index === 0 ? { serial: true } : {}) }));
  return new EngineBench(ENGINES[name], vms, { harts, options, nics, channels: name === "bare" ? [] : CHANNELS, wire: nics.map(() => SILENT) });
}

/** Fields of a record at `at` of which a wrong value, in either half of one that is a number, is not reported. */
function unnoticed(one: EngineBench, at: PhysicalAddress, layout: Record, sharing: RecordSharing = {}): string[] {
  const view = new DataView(one.memory.wasm.buffer);
  return Object.entries(layout).filter(([field, offset]) => {
    const host = one.memory.offset(physical(at + offset));
    return [0, 4].slice(0, sharing[field]?.words ?? 1).every((half) => {
      const before = view.getInt32(host + half, true);
      view.setInt32(host + half, WRONG, true);
      const broken = one.invariants();
      view.setInt32(host + half, before, true);
      return broken.length === 0;
    });
  }).map(([field]) => field);
}

/** May have any value: what a guest did when it failed; how often others asked a vCPU to fence. */
const ANY_VM = ["cause", "pc", "value", "failed"];
const ANY_VCPU = ["fenceRequests"];
const HYPERVISORS = [
  { name: "uniprocessor", harts: 1, options: { nic: "switch" } }, { name: "uniprocessor", harts: 1, options: { nic: "switch", scheduler: "table" } },
  { name: "per-core", harts: 2, options: { nic: "switch" } },
  ...["test-and-set", "ticket", "mcs"].map((lock) => ({ name: "smp" as const, harts: 2, options: { nic: "switch", lock } })),
  { name: "smp", harts: 2, options: { nic: "switch", granularity: "big" } },
] as const;

describe.each(HYPERVISORS)("$name $options", ({ name, harts, options }) => {
  const one = bench(name, harts, options);
  const layout = new Layout(instanceState(0));
  const [queue, vcpu, vm] = name === "smp" ? [queueOf(0), vcpuAt(0), vmAt(0)] : [layout.queue, layout.vcpu(0), layout.vm(0)];

  test("all hold after boot", () => {
    expect(one.invariants()).toEqual([]);
  });

  test("records of guests and vCPUs", () => {
    expect(unnoticed(one, vm, VM, VM_SHARING)).toEqual(ANY_VM);
    expect(unnoticed(one, vcpu, VCPU, VCPU_SHARING).filter((field) => name === "smp" || field !== "lastHart")).toEqual(ANY_VCPU);
  });

  test("the run queue", () => {
    expect(unnoticed(one, queue, QUEUE, QUEUE_SHARING).filter((field) => name === "smp" || field !== "waiting")).toEqual([]);
  });

  test("emulated devices, and the port behind one", () => {
    expect(unnoticed(one, plicOf(0), PLIC)).toEqual([]);
    const { fifo: _, ...serial } = SERIAL;
    expect(unnoticed(one, serialOf(0), serial)).toEqual([]);
    // What a driver selects and takes is its own business; its queues are another test's.
    expect(unnoticed(one, nicOf(0, 0), RECORD)).toEqual(["deviceFeaturesSel", "driverFeaturesSel", "driverFeatures", "queueSel", "queues"]);
    expect(unnoticed(one, portAt(0), { free: PORT.free, regions: PORT.regions, receiving: PORT.receiving, transmitting: PORT.transmitting })).toEqual([]);
  });

  test("what the hart translates by", () => {
    const view = new DataView(one.memory.wasm.buffer);
    const { block } = one.state(0);
    const missed: number[] = [];
    for (let at: number = HART.regions; at < HART.regions + REGION_BYTES; at += 4) {
      const before = view.getInt32(block.byteOffset + at, true);
      view.setInt32(block.byteOffset + at, WRONG, true);
      if (one.invariants().length === 0) missed.push(at - HART.regions);
      view.setInt32(block.byteOffset + at, before, true);
    }
    // Behind the rights there is room.
    expect(missed).toEqual([24, 28]);
  });

  test("and hold again when all that has been put back", () => {
    expect(one.invariants()).toEqual([]);
  });
});

describe("smp", () => {
  const one = bench("smp", 2, { nic: "switch" });

  test("locks", () => {
    for (const lock of [LOCK_AT.vmTable, LOCK_AT.console, queueLock(1)]) expect(unnoticed(one, lock, LOCK, LOCK_SHARING)).toEqual([]);
  });

  test("a vCPU in two queues, in none, or on two harts", () => {
    const view = new DataView(one.memory.wasm.buffer);
    const word = (at: PhysicalAddress, offset: number) => one.memory.offset(physical(at + offset));
    const first = view.getUint32(word(queueOf(0), QUEUE.first), true);
    view.setUint32(word(queueOf(0), QUEUE.first), 0, true);
    expect(one.invariants().join()).toContain("is in no run queue");
    view.setUint32(word(queueOf(0), QUEUE.first), first, true);
    const other = view.getUint32(word(queueOf(1), QUEUE.first), true);
    view.setUint32(word(queueOf(1), QUEUE.first), first, true);
    expect(one.invariants().join()).toContain("is in run-queue[0] and in run-queue[1]");
    view.setUint32(word(queueOf(1), QUEUE.first), other, true);
    expect(one.invariants()).toEqual([]);
  });

  test("a second stage that is not the guest's own", () => {
    one.memory.u8.copyWithin(one.memory.offset(physical(vmAt(0) + VM.secondStage)), one.memory.offset(physical(vmAt(1) + VM.secondStage)), one.memory.offset(physical(vmAt(1) + VM.secondStage)) + 64);
    expect(one.invariants().join()).toContain("physical of region 0");
  });
});

test("hosted: pipes between processes, taps of VMMs, and what a VMM has of its devices", () => {
  const options = { nic: "switch", split: "user", "host-load": "2", "host-kind": "pipe" };
  const one = bench("hosted", 2, options);
  const layout = new HostedLayout({ vms: guests(2, () => ({ vcpus: 2 })), channels: [], nics: [{ port: 0, owner: 0 }] }, 2, 2, true);
  expect(one.invariants()).toEqual([]);
  const { lock, ring: _, ...pipe } = PIPE;
  expect(unnoticed(one, layout.pipe(1), pipe)).toEqual([]);
  expect(unnoticed(one, physical(layout.pipe(1) + lock), LOCK, LOCK_SHARING)).toEqual([]);
  const { frames: __, ...tap } = TAP;
  expect(unnoticed(one, layout.tap(0, 0), tap)).toEqual([]);
  expect(unnoticed(one, nicIn(layout.network(0), 0), RECORD)).toEqual(["deviceFeaturesSel", "driverFeaturesSel", "driverFeatures", "queueSel", "queues"]);
  expect(one.invariants()).toEqual([]);
});

describe("per-core", () => {
  const one = bench("per-core", 2, { nic: "switch" });
  const view = new DataView(one.memory.wasm.buffer);
  const ring = one.memory.offset(ringAt(0));

  test("rings, and what is in them", () => {
    expect(unnoticed(one, ringAt(0), { head: RING.head, tail: RING.tail })).toEqual([]);
    view.setInt32(ring + RING.head, 1, true);
    view.setInt32(ring + RING.slots, 99, true);
    expect(one.invariants().join()).toContain("which is no doorbell of its reader's");
    view.setInt32(ring + RING.head, 0, true);
    view.setInt32(ring + RING.slots, 0, true);
  });

  test("a pointer into the memory of another hart's instance", () => {
    const queue = one.memory.offset(physical(instanceState(0) + QUEUE.first));
    const own = view.getUint32(queue, true);
    view.setUint32(queue, new Layout(instanceState(1)).vcpu(0), true);
    expect(one.invariants().join()).toContain("where no vCPU is");
    view.setUint32(queue, own, true);
  });

  test("a word of a table that nobody uses", () => {
    view.setInt32(one.memory.offset(physical(ringAt(2) + RING_BYTES)), 1, true);
    expect(one.invariants().join()).toContain("a ring that there is not has been written to");
  });
});

const TURN_NUMBERS: RecordSharing = Object.fromEntries(["start", "end", "worldSwitches"].map((field) => [field, { sharing: "own", words: 2 }]));

test("microscheduler, as long as its guests behave", () => {
  const one = bench("microscheduler", 2);
  expect(one.invariants()).toEqual([]);
  expect(unnoticed(one, peerVm(0), VM, VM_SHARING)).toEqual([...ANY_VM, "secondStage"]);
  expect(unnoticed(one, peerVcpu(0), VCPU, VCPU_SHARING)).toEqual(["next", "queue", ...ANY_VCPU, "lastHart"]);
  expect(unnoticed(one, turnOf(0), TURN, TURN_NUMBERS)).toEqual([]);
});

test("bare", () => {
  const one = bench("bare", 1);
  expect(one.invariants()).toEqual([]);
});

test("of a guest that failed, why and where", () => {
  const one = bench("uniprocessor", 1);
  const record = one.memory.offset(new Layout(instanceState(0)).vm(0));
  const view = new DataView(one.memory.wasm.buffer);
  view.setInt32(record + VM.state, VM_STATE.failed, true);
  expect(one.invariants().join()).toContain("where it has no vCPU");
  view.setInt32(record + VM.state, VM_STATE.finished, true);
  view.setInt32(record + VM.cause, 7, true);
  expect(one.invariants().join()).toContain("the reset that it asked for");
});
