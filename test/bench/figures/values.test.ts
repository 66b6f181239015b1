// What each figure is drawn from, by points whose figures can be worked out in the head.

import { describe, expect, test } from "vitest";
import { cycleValues } from "../../../bench/figures/cycles.ts";
import { exitValues } from "../../../bench/figures/exits.ts";
import { faultValues } from "../../../bench/figures/faults.ts";
import { sayAtMost } from "../../../bench/figures/hart-lines.ts";
import { attackValues, written } from "../../../bench/figures/isolation.ts";
import { latencyValues } from "../../../bench/figures/latency.ts";
import { lockValues } from "../../../bench/figures/locks.ts";
import { beyondOwn, reachValues } from "../../../bench/figures/reach.ts";
import { scalingValues } from "../../../bench/figures/scaling.ts";
import { bestOf, summarise } from "../../../bench/figures/summary.ts";
import { tcbValues } from "../../../bench/figures/tcb.ts";
import { idealThroughput, throughputValues } from "../../../bench/figures/throughput.ts";
import { waitingValues } from "../../../bench/figures/waiting.ts";
import { logarithmicTicks, short } from "../../../bench/figures/words.ts";
import { ENGINES, point, select, sourceOf } from "./points.ts";

describe("throughput", () => {
  const points = [
    point({ engine: "smp", harts: 4, value: 150 }), point({ engine: "smp", harts: 1, value: 90 }),
    point({ engine: "per-core", harts: 1, value: 100 }), point({ engine: "per-core", harts: 4, value: 380 }),
    point({ engine: "smp", variant: "granularity=big", harts: 1, value: 80 }),
    point({ engine: "uniprocessor", harts: 1, value: 95 }),
    point({ engine: "smp", harts: 1, value: 7, scenario: "timer" }), point({ engine: "smp", harts: 1, value: 7, subject: "contend-0" }),
  ];

  test("is of the scenario and of all guests, engines in their order", () => {
    expect(throughputValues(select(points)).map(({ engine, variant, harts, value }) => [engine, variant, harts, value])).toEqual([
      ["uniprocessor", "", 1, 95], ["per-core", "", 1, 100], ["per-core", "", 4, 380],
      ["smp", "", 1, 90], ["smp", "", 4, 150], ["smp", "granularity=big", 1, 80],
    ]);
  });

  test("is ideal where it is the best of one hart, times the harts", () => {
    const ideal = idealThroughput(throughputValues(select(points)));
    expect([1, 4, 64].map(ideal.at)).toEqual([100, 400, 6400]);
    const fromTwo = idealThroughput(throughputValues(select([point({ harts: 2, value: 50 }), point({ harts: 4, value: 60 })])));
    expect(fromTwo.at(4)).toBe(100);
  });

  test("of a hart is of the same engine's only one, and of engines with several", () => {
    expect(scalingValues(select(points)).map(({ engine, harts, value }) => [engine, harts, value])).toEqual([
      ["per-core", 1, 100], ["per-core", 4, 95], ["smp", 1, 100], ["smp", 4, expect.closeTo(41.67, 2)],
    ]);
  });

  test("of a hart keeps its interval", () => {
    const noisy = [point({ harts: 1, value: 100, low: 90, high: 110 }), point({ harts: 2, value: 100, low: 80, high: 120 })];
    expect(scalingValues(select(noisy))[1]).toMatchObject({ value: 50, low: 40, high: 60 });
  });

  test("is said of each engine as it comes, at its most harts", () => {
    expect(sayAtMost(throughputValues(select(points)))).toBe("per-core 380 and smp 150 at 4\u00a0harts; uniprocessor 95 at 1\u00a0hart");
  });
});

test("waiting for locks is in percent of all cycles", () => {
  expect(waitingValues(select([point({ metric: "cycles-waiting", harts: 8, value: 62.5 })]))).toMatchObject([{ engine: "smp", harts: 8, value: 62.5 }]);
});

test("latency is of the harts chosen, of frames where there are any, and has no zeros, which no logarithm has", () => {
  const timed = [point({ metric: "latency-p50", value: 10 }), point({ metric: "latency-max", value: 30 }), point({ metric: "latency-p50", harts: 2, value: 99 }), point({ metric: "latency-p90", value: 0 })];
  expect(latencyValues(select(timed)).map(({ percentile, value }) => [percentile, value])).toEqual([["p50", 10], ["max", 30]]);
  const frames = [...timed, point({ metric: "packet-latency-p99", value: 500 })];
  expect(latencyValues(select(frames)).map(({ percentile, value }) => [percentile, value])).toEqual([["p99", 500]]);
});

test("cycles are in four parts", () => {
  const points = [point({ metric: "cycles-guest", value: 60 }), point({ metric: "cycles-idle", value: 10 }), point({ metric: "cycles-waiting", value: 10 }), point({ metric: "cycles-engine", value: 20 })];
  expect(cycleValues(select(points)).map(({ part, value }) => [part, value])).toEqual([["guests", 60], ["idle", 10], ["waiting for locks", 10], ["engine", 20]]);
});

test("exits are by cause, without the sum of all", () => {
  const points = [
    point({ metric: "exits-per-unit", value: 3 }), point({ metric: "exits-per-unit", subject: "call from VS", value: 2 }), point({ metric: "exits-per-unit", subject: "timer interrupt", value: 1 }),
    point({ metric: "exits-per-unit", engine: "bare", value: 0 }),
  ];
  expect(exitValues(select(points)).map(({ engine, part, value }) => [engine, part, value])).toEqual([["smp", "call from VS", 2], ["smp", "timer interrupt", 1]]);
});

test("a lock has what was waited and held; what another pass counted may be missing", () => {
  const points = [
    point({ metric: "lock-waiting", subject: "channels", unit: "cycles", value: 900 }), point({ metric: "lock-holding", subject: "channels", value: 100 }),
    point({ metric: "lock-contended", subject: "channels", value: 75 }), point({ metric: "lock-waiting", subject: "run-queue[*]", value: 5 }),
  ];
  expect(lockValues(select(points))).toEqual([
    { engine: "smp", variant: "", lock: "channels", unit: "cycles", waiting: 900, holding: 100, contended: 75, handovers: undefined, perUnit: undefined },
  ]);
});

test("a TCB is what the uniprocessor hypervisor has, what is beyond it, and guests of the fewest harts", () => {
  const sources = [
    point({ metric: "tcb-bytes", engine: "microscheduler", scenario: "", harts: 0, value: 400 }),
    point({ metric: "tcb-bytes", engine: "microscheduler", scenario: "", harts: 0, subject: "beyond uniprocessor", value: 100 }),
    point({ metric: "tcb-guest-bytes", engine: "microscheduler", harts: 1, value: 60 }), point({ metric: "tcb-guest-bytes", engine: "microscheduler", harts: 8, value: 480 }),
  ];
  expect(tcbValues(select(sources))).toEqual({
    harts: 1,
    values: [["as in uniprocessor", 300], ["beyond uniprocessor", 100], ["guests it must trust", 60]].map(([part, value]) => ({ engine: "microscheduler", variant: "", part, value })),
  });
});

describe("attacks", () => {
  const of = (engine: string, attack: string, harts: number, outcome: number) => point({ scenario: `attack-${attack}`, engine, harts, metric: "isolation", value: outcome });
  const points = [
    of("smp", "storm-ipi", 1, 0), of("smp", "storm-ipi", 4, 1), point({ scenario: "attack-storm-ipi", harts: 4, metric: "isolation-slowdown", subject: "smp-guest", value: 1.5 }),
    of("smp", "memory-read", 1, 0), of("microscheduler", "memory-read", 1, 2), of("microscheduler", "memory-read", 4, 2),
    point({ scenario: "attack-memory-read", engine: "microscheduler", metric: "isolation-reached", subject: "secret-bytes", harts: 1, value: 16 }),
    point({ scenario: "attack-memory-read", engine: "microscheduler", metric: "isolation-reached", subject: "secret-bytes", harts: 4, value: 64 }),
    point({ scenario: "attack-none", metric: "isolation-share", value: 100 }),
  ];

  test("count where they are worst, and reached what they reached at the fewest harts", () => {
    expect(attackValues(select(points))).toEqual([
      { attack: "storm-ipi", engine: "smp", outcome: "slower", slowdown: 1.5, reached: [], broken: false },
      { attack: "storm-ipi", engine: "microscheduler", outcome: "nothing to attack", slowdown: 0, reached: [], broken: false },
      { attack: "memory-read", engine: "smp", outcome: "contained", slowdown: 0, reached: [], broken: false },
      { attack: "memory-read", engine: "microscheduler", outcome: "escaped", slowdown: 0, reached: ["16 secret bytes"], broken: false },
    ]);
  });

  test("break a claim at any number of harts, and may not have been measured", () => {
    const values = attackValues(select([
      of("smp", "storm-ipi", 1, 0), { ...of("smp", "storm-ipi", 4, 1), failed: true },
      of("per-core", "storm-ipi", 1, 0), point({ scenario: "attack-memory-read", engine: "per-core", metric: "case", value: 0, failed: true }), of("smp", "memory-read", 1, 0),
    ]));
    expect(values.map(({ attack, engine, outcome, broken }) => [attack, engine, outcome, broken])).toEqual([
      ["storm-ipi", "per-core", "contained", false], ["storm-ipi", "smp", "slower", true],
      ["memory-read", "per-core", "not measured", true], ["memory-read", "smp", "contained", false],
    ]);
  });

  test("are written with a word and without", () => {
    const values = attackValues(select(points));
    expect(values.map((value) => written(value, false))).toEqual(["1.50× slower", "–", "✓ contained", "✕ escaped"]);
    expect(values.map((value) => written(value, true))).toEqual(["1.50×", "–", "✓", "✕"]);
  });

  test("are counted in the summary, where what escaped is no mere slowdown", () => {
    const summary = new Map(summarise(sourceOf(...points), ENGINES).map((measure) => [measure.name, measure]));
    expect(summary.get("Attacks that escaped")).toMatchObject({ detail: "of 2", values: new Map([["smp", 0], ["microscheduler", 1]]) });
    expect(summary.get("Worst slowdown without an escape")?.values).toEqual(new Map([["smp", 1.5], ["microscheduler", 1]]));
  });
});

test("what a guest can change is of each engine as it comes, on its most harts, memory first", () => {
  const of = (engine: string, harts: number, subject: string, value: number, part = {}) => point({ scenario: "reach", metric: "reach-memory", engine, harts, subject, value, ...part });
  const points = [
    of("smp", 1, "own", 1), of("smp", 2, "own", 2), of("smp", 2, "guests", 0), of("smp", 2, "guests", 9, { variant: "lock=mcs" }),
    of("microscheduler", 2, "guests", 7), of("microscheduler", 2, "engine", 5), of("microscheduler", 2, "timer", 4, { metric: "reach-registers", failed: true }),
  ];
  const values = reachValues(select(points));
  expect(values.map(({ what, engine, value, broken }) => [what, engine, value, broken])).toEqual([
    ["its own memory", "smp", 2, false], ["other guests' memory", "smp", 0, false], ["other guests' memory", "microscheduler", 7, false],
    ["the engine's memory", "microscheduler", 5, false], ["timers", "microscheduler", 4, true],
  ]);
  expect(beyondOwn(values)).toEqual(new Map([["smp", 0], ["microscheduler", 12]]));
});

test("flipped bits are in percent by how far they got, of all places together, and of one campaign", () => {
  const of = (subject: string, value: number) => point({ scenario: "faults", metric: "faults", subject, value });
  const points = [of("masked", 6), of("data masked", 6), of("engine", 2), of("engine tables", 2), point({ scenario: "faults", engine: "per-core", metric: "faults", subject: "guest", value: 5 }), point({ scenario: "faults seed=2", metric: "faults", subject: "guest", value: 9 })];
  expect(faultValues(select(points)).map(({ engine, part, value }) => [engine, part, value])).toEqual([["per-core", "that guest alone", 100], ["smp", "no effect seen", 75], ["smp", "the engine", 25]]);
});

test("an attack counts on the engine as it comes, and with an option where it was tried with one alone", () => {
  const of = (attack: string, variant: string, value: number) => point({ scenario: `attack-${attack}`, metric: "isolation", variant, value });
  const values = attackValues(select([of("flood", "", 0), of("flood", "queues=growing", 2), of("dma", "nic=switch", 2)]));
  expect(values.map(({ attack, outcome }) => [attack, outcome])).toEqual([["flood", "contained"], ["dma", "escaped"]]);
});

describe("summary", () => {
  test("has rows that compare something, at one hart or at the most that most engines have", () => {
    const points = [
      point({ scenario: "compute-hash", engine: "bare", value: 3 }), point({ scenario: "compute-hash", engine: "smp", value: 2 }), point({ scenario: "compute-hash", engine: "smp", harts: 8, value: 16 }), point({ scenario: "compute-hash", engine: "smp", harts: 16, value: 32 }),
      point({ scenario: "compute-hash", engine: "hosted", harts: 8, value: 12 }), point({ scenario: "compute-hash", engine: "hosted", variant: "lock=mcs", harts: 8, value: 99 }), point({ scenario: "timer", value: 1 }),
    ];
    expect(summarise(sourceOf(...points), ENGINES).map(({ detail, values }) => [detail, [...values]])).toEqual([
      ["compute-hash, 1\u00a0hart, units/Mcycle", [["bare", 3], ["smp", 2]]],
      ["compute-hash, 8\u00a0harts, units/Mcycle", [["smp", 16], ["hosted", 12]]],
    ]);
  });

  test("calls best what is within 1 % of the best, the baseline apart, and none where all are", () => {
    const measure = { group: "", name: "", detail: "", values: new Map([["bare", 200], ["smp", 100], ["per-core", 99.5], ["hosted", 98]]) };
    expect([...bestOf({ ...measure, better: "higher" }, "bare")]).toEqual(["smp", "per-core"]);
    expect([...bestOf({ ...measure, better: "lower" }, "bare")]).toEqual(["hosted"]);
    expect([...bestOf({ ...measure, better: "lower", values: new Map([["smp", 0], ["per-core", 0]]) }, "bare")]).toEqual([]);
  });
});

test("figures have about three digits, and axes ticks where people count", () => {
  expect([0, 0.00123, 0.5, 1.234, 12.34, 99.97, 1234.5].map(short)).toEqual(["0", "0.0012", "0.5", "1.23", "12.3", "100", "1,235"]);
  expect(logarithmicTicks([30, 180])).toEqual([10, 20, 50, 100, 200, 500, 1000, 2000, 5000]);
  expect(logarithmicTicks([1, 90_000])).toEqual([1, 10, 100, 1000, 10_000, 100_000]);
});
