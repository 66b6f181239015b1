import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OUTSTANDING } from "../../../engines/machine/network/layout.ts";
import type { TraceFrame } from "../../../engines/machine/network/prepare.ts";
import { headerChecksum, udpFrame } from "./frames.ts";
import { Tester } from "./tester.ts";

const NO_FAULTS = { foreign: 0, duplicate: 0, corrupt: 0, reordered: 0, forbidden: 0 };
const NONE = { frames: [], stamped: true };

const frame = (flow = 0, forward = true, more: Parameters<typeof udpFrame>[0] = {}): TraceFrame => (
  { bytes: udpFrame({ sourcePort: 1000 + flow, ...more }), flow, forward });

const tester = (frames: readonly TraceFrame[], more: { fifoFrames?: number; logBytes?: number; stamped?: boolean } = {}): Tester => (
  new Tester({ ports: [{ frames, stamped: more.stamped ?? true }, NONE], ...more }));

/** Everything that a router does: counts the hop, and corrects the checksum. */
function route(bytes: Uint8Array): void {
  bytes[22]--;
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(24, headerChecksum(bytes));
}

describe("what arrives", () => {
  test("nothing before it is told to; then one frame every interval, from the first turn on", () => {
    const wire = tester([frame()]);
    expect(wire.ports[0].nextArrival()).toBe(Infinity);
    expect(wire.receive(1e9)).toBeUndefined();
    wire.offer(1e6);
    expect(wire.ports[0].nextArrival()).toBe(0); // it has been told something
    expect(wire.receive(2e9)).toHaveLength(60);
    expect(wire.receive(2e9)).toBeUndefined();
    expect(wire.ports[0].nextArrival()).toBe(2e9 + 1000);
    expect(wire.receive(2e9 + 999)).toBeUndefined();
    expect(wire.receive(2e9 + 1000)).toHaveLength(60);
    expect(wire.read(0)).toMatchObject({ taken: 2, takenForward: 2, dropped: 0, waiting: 0 });
  });

  test("as fast as taken: always a next one, none lost", () => {
    const wire = tester([frame(), frame(1, true, { bytes: 100 })]);
    wire.offer("as-taken");
    expect([1, 1, 1, 1e12].map((now) => wire.receive(now)?.length)).toEqual([60, 100, 60, 100]);
    expect(wire.read(0).dropped).toBe(0);
  });

  test("frames are the trace's but for the stamp, one after another, round and round", () => {
    const frames = [frame(0, true, { fill: 1 }), frame(1, true, { fill: 2, bytes: 61 }), frame(2, true, { fill: 3, bytes: 67 })];
    const wire = tester(frames);
    wire.offer("as-taken");
    for (let number = 0; number < 10; number++) {
      const got = wire.receive(5)!;
      const { bytes } = frames[number % 3];
      expect(got.slice(0, 42)).toEqual(bytes.slice(0, 42));
      expect(got.slice(50)).toEqual(bytes.slice(50));
      expect(new DataView(got.buffer, got.byteOffset).getUint32(46, true)).toBe(number);
    }
  });

  test("what finds the FIFO full is lost, and counted however long nobody looked", () => {
    const wire = tester([frame(0), frame(1, false), frame(2)], { fifoFrames: 4 });
    wire.offer(1e9);
    wire.ports[0].pass(1 as never); // takes up nothing: only a reception does
    expect(wire.receive(10)).toBeDefined(); // frame 0, at 10
    wire.ports[0].pass(1_000_000_009 as never); // frames 1 to 999,999,999: four wait
    const { dropped, droppedForward, waiting } = wire.read(0);
    expect({ dropped, droppedForward, waiting }).toEqual({ dropped: 999_999_995, droppedForward: 666_666_664, waiting: 4 });
    const flows = Array.from({ length: 4 }, () => wire.receive(1_000_000_009)![35]);
    expect(flows).toEqual([233, 234, 232, 233]); // frames 1 to 4: the low byte of ports 1001, 1002, 1000, 1001
    expect(wire.receive(1_000_000_009)).toBeUndefined();
    expect(wire.receive(1_000_000_010)![35]).toBe(232 + (1e9 % 3));
  });

  test("counts agree with a queue that is served frame by frame", () => {
    const step = fc.record({ wait: fc.integer({ min: 0, max: 5_000 }), take: fc.integer({ min: 0, max: 20 }) });
    fc.assert(fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), fc.double({ min: 3, max: 700, noNaN: true }), (steps, fifoFrames, interval) => {
      const forward = [true, false, true, true, false];
      const wire = tester(forward.map((each, index) => frame(index, each)), { fifoFrames });
      wire.offer(1e9 / interval);
      const start = 7;
      const queue: number[] = [];
      let arrived = 0;
      let numbered = 0;
      let [dropped, droppedForward] = [0, 0];
      let now = start;
      const arrive = () => {
        for (; start + arrived * (1e9 / (1e9 / interval)) <= now; arrived++) {
          const lost = queue.length === fifoFrames ? 1 : 0;
          if (lost === 0) queue.push(arrived);
          dropped += lost;
          droppedForward += forward[arrived % 5] ? lost : 0;
        }
      };
      for (const { wait, take } of [{ wait: 0, take: 1 }, ...steps]) {
        now += wait;
        arrive();
        for (let taken = 0; taken < take; taken++) {
          const got = wire.receive(now);
          const expected = queue.shift();
          // The low byte of ports 1000 to 1004 says which frame of the trace it is; stamps number what is taken.
          expect(got?.[35]).toBe(expected === undefined ? undefined : 232 + (expected % 5));
          const stamp = got === undefined ? undefined : new DataView(got.buffer, got.byteOffset).getUint32(46, true);
          expect(stamp).toBe(expected === undefined ? undefined : numbered++);
        }
        wire.ports[0].pass(now as never);
        expect(wire.read(0)).toMatchObject({ dropped, droppedForward, waiting: queue.length });
      }
    }), { numRuns: 200 });
  });

  test("a change of rate takes effect at the next turn; what waits, waits on", () => {
    const wire = tester([frame()], { fifoFrames: 100 });
    wire.offer(1e9);
    wire.receive(0);
    wire.offer(0);
    expect(wire.receive(10)).toBeDefined();
    expect(wire.read(0)).toMatchObject({ taken: 2, waiting: 9 });
    expect(wire.receive(1e9)).toBeDefined();
    expect(wire.read(0)).toMatchObject({ taken: 3, waiting: 8 });
    wire.offer(500); // fractional intervals need not be whole
    wire.offer(3);
    for (let waiting = 0; waiting < 8; waiting++) wire.receive(2e9);
    expect(wire.receive(2e9)).toBeDefined();
    expect(wire.receive(2e9)).toBeUndefined();
    expect(wire.ports[0].nextArrival()).toBeCloseTo(2e9 + 1e9 / 3, 3);
  });

  test("a frame that does not fit the buffer is lost", () => {
    const wire = tester([frame(0, true, { bytes: 200 })]);
    wire.offer("as-taken");
    expect(wire.receive(0, 0, 199)).toBeUndefined();
    expect(wire.receive(0, 0, 200)).toHaveLength(200);
    expect(wire.read(0)).toMatchObject({ taken: 1, dropped: 1, droppedForward: 1 });
  });
});

describe("what departs", () => {
  test("a frame forwarded is counted, and timed from its scheduled arrival", () => {
    const wire = tester([frame()]);
    wire.offer(1e6);
    wire.receive(5_000);
    wire.transmit(5_100, 60);
    const got = wire.receive(6_700)!; // arrived at 6,000
    route(got);
    wire.transmit(7_000, 60);
    const { forwarded, forwardedBytes, faults, latency, firstFault } = wire.read(1);
    expect({ forwarded, forwardedBytes, faults, firstFault }).toEqual({ forwarded: 2, forwardedBytes: 120, faults: NO_FAULTS, firstFault: undefined });
    expect(latency.maximum).toBe(1000);
    expect([...latency.counts].filter((count) => count > 0)).toEqual([1, 1]);
  });

  test("twice is a duplicate, what never arrived is foreign, also a stamp of the other port or of long ago", () => {
    const wire = tester([frame()]);
    wire.offer("as-taken");
    const old = wire.receive(0)!.slice();
    wire.transmit(0, 60);
    wire.transmit(0, 60);
    wire.send(0, udpFrame());
    wire.send(0, new Uint8Array(60));
    wire.send(0, old.slice(0, 20));
    wire.receive(0);
    wire.transmit(0, 60, 0); // out of the port it came in by
    expect(wire.read(1).faults).toEqual({ ...NO_FAULTS, duplicate: 1, foreign: 3 });
    expect(wire.read(0).faults).toEqual({ ...NO_FAULTS, foreign: 1 });
    expect(wire.read(1).firstFault).toEqual({ fault: "duplicate", bytes: 60, header: old });
    for (let frames = 0; frames < OUTSTANDING; frames++) wire.receive(0);
    wire.send(0, old);
    expect(wire.read(1).faults.foreign).toBe(4);
  });

  test("any byte that forwarding may not change is missed when it changes", () => {
    const mayChange = (at: number) => at < 12 || at === 15 || at === 18 || at === 19 || at === 20 || at === 21 || at === 22 || (at >= 26 && at < 38);
    fc.assert(fc.property(fc.integer({ min: 0, max: 79 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const wire = tester([frame(0, true, { bytes: 80 })]);
      wire.offer("as-taken");
      const got = wire.receive(0)!;
      got[at] ^= change;
      if (at !== 24 && at !== 25) new DataView(got.buffer, got.byteOffset).setUint16(24, headerChecksum(got));
      wire.transmit(0, 80);
      expect(wire.read(1).forwarded).toBe(mayChange(at) ? 1 : 0);
    }), { numRuns: 300 });
  });

  test("a frame that is longer or shorter than it was is wrong, and so is a checksum that was not corrected", () => {
    const wire = tester([frame(0, true, { bytes: 80 })]);
    wire.offer("as-taken");
    wire.receive(0);
    wire.transmit(0, 81);
    wire.receive(0);
    wire.transmit(0, 79);
    wire.receive(0)![22]--;
    wire.transmit(0, 80);
    expect(wire.read(1)).toMatchObject({ forwarded: 0, faults: { ...NO_FAULTS, corrupt: 3 } });
  });

  test("a flow is rewritten alike throughout, and keeps its order; flows may pass each other", () => {
    const wire = tester([frame(0), frame(1)]);
    wire.offer("as-taken");
    const got = Array.from({ length: 6 }, () => wire.receive(0)!.slice());
    for (const each of got) {
      each.set([192, 0, 2, 1], 26); // all behind one address
      route(each);
    }
    for (const index of [1, 3, 0, 2]) wire.send(0, got[index]);
    expect(wire.read(1)).toMatchObject({ forwarded: 4, faults: NO_FAULTS });
    const late = Array.from({ length: 4 }, () => wire.receive(0)!.slice());
    late.forEach((each) => each.set([192, 0, 2, 1], 26));
    late.forEach(route);
    wire.send(0, late[2]);
    wire.send(0, late[0]);
    expect(wire.read(1).faults).toEqual({ ...NO_FAULTS, reordered: 1 });
    got[5].set([192, 0, 2, 2], 26);
    new DataView(got[5].buffer).setUint16(24, headerChecksum(got[5]));
    wire.send(0, got[5]);
    expect(wire.read(1).faults).toEqual({ ...NO_FAULTS, reordered: 1, corrupt: 1 });
  });

  test("what the filter should have dropped is forbidden, and what it drops is not missed", () => {
    const wire = tester([frame(0, false), frame(1)]);
    wire.offer("as-taken");
    wire.receive(0);
    wire.transmit(0, 60);
    wire.receive(0);
    wire.transmit(0, 60);
    wire.receive(0);
    expect(wire.read(0)).toMatchObject({ taken: 3, takenForward: 1 });
    expect(wire.read(1)).toMatchObject({ forwarded: 1, faults: { ...NO_FAULTS, forbidden: 1 } });
  });

  test("a frame is known again however many were lost while it was under way", () => {
    const wire = tester([frame()], { fifoFrames: 1 });
    wire.offer(1e9);
    const early = wire.receive(0)!.slice();
    wire.ports[0].pass((2 ** 32 + OUTSTANDING - 1) as never); // all but one are lost
    expect(wire.receive(2 ** 32 + OUTSTANDING - 1)).toBeDefined();
    wire.transmit(2 ** 32 + OUTSTANDING, 60);
    const late = wire.receive(2 ** 32 + OUTSTANDING)!.slice(); // OUTSTANDING times a whole number after the first
    wire.send(2 ** 32 + OUTSTANDING + 100, late);
    expect(wire.read(1)).toMatchObject({ forwarded: 2, faults: NO_FAULTS });
    wire.send(2 ** 32 + OUTSTANDING + 200, early);
    expect(wire.read(1).faults).toMatchObject({ foreign: 0, duplicate: 0 });
  });
});

describe("frames of a capture", () => {
  const captured = [
    frame(0, true, { bytes: 70, fill: 1 }), frame(1, true, { bytes: 70, fill: 1 }), frame(2, true, { bytes: 70, fill: 2 }),
    { bytes: new Uint8Array([255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 2, 0x08, 0x06, 1, 2, 3]), flow: 3, forward: true },
  ];

  test("are told apart by what they carry, whatever their addresses become; the oldest that looks alike is meant", () => {
    const wire = tester(captured, { stamped: false });
    wire.offer("as-taken");
    const first = Array.from({ length: 4 }, (_, index) => wire.receive(100 * index)!.slice());
    expect(first.map((bytes, index) => bytes.every((byte, at) => byte === captured[index].bytes[at]))).toEqual([true, true, true, true]);
    first[0].set([9, 9, 9, 9], 26);
    route(first[0]);
    wire.send(1_000, first[3]);
    wire.send(1_000, first[2]);
    wire.send(1_000, first[0]);
    wire.send(1_000, first[1]); // the other one that looks like the first
    expect(wire.read(1)).toMatchObject({ forwarded: 4, faults: NO_FAULTS });
    expect(wire.read(1).latency.maximum).toBe(1_000);
    wire.send(1_000, first[1]);
    expect(wire.read(1).faults).toEqual({ ...NO_FAULTS, duplicate: 1 });
    first[2][60] ^= 1;
    wire.send(1_000, first[2]);
    expect(wire.read(1).faults).toEqual({ ...NO_FAULTS, duplicate: 1, foreign: 1 });
  });

  test("of which many were lost long ago are still found", () => {
    const wire = tester([frame(0, true, { fill: 1, bytes: 60 }), frame(1, true, { fill: 2, bytes: 60 }), frame(2, false, { fill: 2, bytes: 60 })], { stamped: false });
    wire.offer("as-taken");
    for (let number = 0; number < 30_001; number++) {
      const got = wire.receive(number)!;
      if (number % 3 === 0) {
        route(got);
        wire.transmit(number + 10, 60);
      }
    }
    wire.receive(40_000); // the second frame, which was not forwarded so far
    wire.transmit(40_000, 60);
    expect(wire.read(1)).toMatchObject({ forwarded: 10_002, faults: NO_FAULTS });
    expect(wire.read(1).latency.maximum).toBeGreaterThan(OUTSTANDING - 100);
    for (let number = 0; number < 3 * OUTSTANDING; number++) wire.receive(50_000);
    wire.receive(60_000);
    wire.send(60_000, captured[2].bytes);
    expect(wire.read(1).faults).toEqual({ ...NO_FAULTS, foreign: 1 });
  });

  test("are known again however many were lost while they were under way, also those of which some look alike", () => {
    const unlike = Array.from({ length: 50 }, (_, index) => frame(index, index % 10 !== 3, { fill: index, bytes: 60 }));
    const wire = tester([...unlike, frame(50, true, { fill: 3 }), frame(51, true, { fill: 4 })], { stamped: false, fifoFrames: 1 });
    wire.offer(1e9);
    const waiting: { bytes: Uint8Array; flow: number }[] = [];
    let now = 0;
    let departed = 0;
    for (let number = 0; number < 3_000; number++) {
      const bytes = wire.receive(now)!.slice();
      const flow = new DataView(bytes.buffer).getUint16(34) - 1000;
      if (flow >= 50 || flow % 10 !== 3) waiting.push({ bytes, flow });
      now += 1 + ((number * 7_919) % (3 * OUTSTANDING)); // all that arrive meanwhile are lost, but one
      wire.ports[0].pass(now as never);
      if (waiting.length <= 40) continue;
      const { bytes: sent } = waiting.shift()!;
      route(sent);
      wire.send(now, sent);
      departed++;
    }
    expect(wire.read(0).dropped).toBeGreaterThan(1_000 * OUTSTANDING);
    expect(departed).toBeGreaterThan(2_000);
    expect(wire.read(1)).toMatchObject({ forwarded: departed, faults: NO_FAULTS });
  });

  test("agree with a list that is searched from its oldest frame on", () => {
    const step = fc.record({ take: fc.integer({ min: 0, max: 3 * OUTSTANDING }), send: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 }) });
    // Two kinds: of the first all are forwarded, of the second every other one.
    const trace = [frame(0, true, { fill: 1 }), frame(1, true, { fill: 2 }), frame(2, false, { fill: 2 }), frame(3, true, { fill: 1 })];
    const kinds = [[0, 3], [1, 2]];
    fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const wire = tester(trace, { stamped: false });
      wire.offer("as-taken");
      let taken = 0;
      let outstanding: number[] = [];
      let [forwarded, forbidden, duplicate] = [0, 0, 0];
      for (const { take, send } of steps) {
        for (let number = 0; number < take; number++) {
          wire.receive(0);
          outstanding.push(taken++);
        }
        outstanding = outstanding.filter((number) => number >= taken - OUTSTANDING);
        for (const flow of send) {
          const kind = kinds.find((flows) => flows.includes(flow))!;
          const alike = outstanding.filter((number) => kind.includes(number % 4));
          const good = alike.find((number) => number % 4 !== 2);
          const meant = good ?? alike[0];
          if (good !== undefined) {
            forwarded++;
            // Older ones that look like it were dropped by the filter.
            outstanding = outstanding.filter((number) => number > good || !alike.includes(number));
          } else if (meant !== undefined) {
            forbidden++;
            outstanding = outstanding.filter((number) => number !== meant);
          } else {
            duplicate++;
          }
          wire.send(0, (trace[(meant ?? flow) % 4]).bytes);
        }
      }
      expect(wire.read(1)).toMatchObject({ forwarded, faults: { ...NO_FAULTS, forbidden, duplicate } });
    }), { numRuns: 60 });
  });

  test("that only the filter's victims look like are forbidden", () => {
    const wire = tester([frame(0, false, { fill: 7 })], { stamped: false });
    wire.offer("as-taken");
    wire.receive(0);
    wire.transmit(0, 60);
    expect(wire.read(1).faults).toEqual({ ...NO_FAULTS, forbidden: 1 });
  });
});

test("flows of which nothing departs, where many frames should have, are noticed", () => {
  const frames = Array.from({ length: 20 }, (_, flow) => frame(flow, flow !== 19));
  const wire = tester(frames);
  wire.offer("as-taken");
  for (let round = 1; round <= 100; round++) {
    for (let flow = 0; flow < 20; flow++) {
      wire.receive(0);
      if (flow !== 4 && flow !== 19) wire.transmit(0, 60);
    }
    expect(wire.read(0).silentFlows).toBe((18 * round) / 19 < 50 ? 0 : 1);
  }
  const lossy = tester(frames);
  lossy.offer("as-taken");
  for (let number = 0; number < 700; number++) {
    lossy.receive(0);
    if (number % 70 < 4) lossy.transmit(0, 60); // 40 frames, of 4 flows
  }
  expect(lossy.read(0).silentFlows).toBe(0);
});

test("the log keeps the first frames that depart, with the time, until it is full", () => {
  const wire = tester([frame(0, true, { bytes: 61 })], { logBytes: 3 * (16 + 64) + 20 });
  wire.offer("as-taken");
  for (let number = 0; number < 5; number++) {
    wire.receive(number);
    wire.transmit(10 * number, 61);
  }
  const log = wire.log();
  expect(log.map(({ port, departure }) => [port, departure])).toEqual([[1, 0], [1, 10], [1, 20]]);
  expect(log[2].bytes).toHaveLength(61);
  expect(new DataView(log[2].bytes.buffer).getUint32(46, true)).toBe(2);
});

test("a port without a peer is its own", () => {
  const wire = new Tester({ ports: [{ frames: [frame()], stamped: true }] });
  wire.offer("as-taken");
  wire.receive(0);
  wire.transmit(1, 60, 0);
  expect(wire.read(0)).toMatchObject({ taken: 1, forwarded: 1, faults: NO_FAULTS });
});
