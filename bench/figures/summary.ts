// The trade-off on one page: what each engine costs and gives, a measure a row.

import type { MetricName } from "../results/metrics.ts";
import { campaignOf, type Point, type Source } from "./dataset.ts";
import { attackValues } from "./isolation.ts";
import { beyondOwn, reachValues } from "./reach.ts";
import { harts } from "./words.ts";

export interface Measure {
  readonly group: string;
  readonly name: string;
  /** Beside the name: where it was measured, and its unit. */
  readonly detail: string;
  readonly better: "higher" | "lower";
  /** Of the engines that have it. */
  readonly values: ReadonlyMap<string, number>;
}

/** A metric of a workload, of each engine as it comes. */
interface Asked {
  readonly group: string;
  readonly name: string;
  readonly scenario: string;
  readonly metric: MetricName;
  readonly at: "one hart" | "most harts";
}

const ASKED: readonly Asked[] = [
  { group: "Price of an engine", name: "Computing guest", scenario: "compute-hash", metric: "throughput", at: "one hart" },
  { group: "Price of an engine", name: "Calls that it answers at once", scenario: "hypercall-base", metric: "throughput", at: "one hart" },
  { group: "Price of an engine", name: "Guests that hand the hart on", scenario: "hypercall-yield", metric: "throughput", at: "one hart" },
  { group: "Price of an engine", name: "Packets through a filter", scenario: "forward", metric: "packet-rate", at: "one hart" },
  { group: "On many harts", name: "Computing guests", scenario: "compute-hash", metric: "throughput", at: "most harts" },
  { group: "On many harts", name: "Guests that all use one service", scenario: "contend", metric: "throughput", at: "most harts" },
  { group: "On many harts", name: "Cycles spent waiting for locks there", scenario: "contend", metric: "cycles-waiting", at: "most harts" },
  { group: "On many harts", name: "Uneven guests of one processor", scenario: "legacy", metric: "throughput", at: "most harts" },
  { group: "On many harts", name: "A guest with several vCPUs", scenario: "smp-guest", metric: "throughput", at: "most harts" },
  { group: "Being on time", name: "Timer interrupt, 99th percentile", scenario: "timer", metric: "latency-p99", at: "most harts" },
  { group: "Being on time", name: "Message and reply, 99th percentile", scenario: "channel-pingpong", metric: "latency-p99", at: "most harts" },
  { group: "Being on time", name: "Packet, 99th percentile", scenario: "forward", metric: "packet-latency-p99", at: "one hart" },
  { group: "What to trust", name: "Words that harts share", scenario: "contend", metric: "tcb-shared-words", at: "most harts" },
];

const OF_SOURCES: readonly (readonly [MetricName, string, string])[] = [
  ["tcb-bytes", "Code of the engine", "bytes, minified"], ["tcb-entry-points", "What guests can call or run into", "entry points"], ["tcb-lock-sites", "Places that take a lock", "in its sources"],
];

const HIGHER: ReadonlySet<MetricName> = new Set<MetricName>(["throughput", "packet-rate"]);

/** Rows with a value of two engines or more. */
export function summarise(source: Source, engines: readonly string[]): Measure[] {
  const measures = [...ASKED.slice(0, -1).map((asked) => measureOf(source, asked)), ...trustOf(source), measureOf(source, ASKED[ASKED.length - 1]), ...isolationOf(source, engines), faultsOf(source)];
  return measures.filter(({ values }) => values.size > 1);
}

function measureOf({ points }: Source, { group, name, scenario, metric, at }: Asked): Measure {
  const all = points.filter((point) => point.scenario === scenario && point.metric === metric && point.subject === "" && point.variant === "");
  const own = at === "one hart" ? all : all.filter((point) => point.harts > 1);
  const count = at === "one hart" ? 1 : mostHarts(own);
  const found = own.filter((point) => point.harts === count);
  const unit = found[0]?.unit ?? "";
  return { group, name, detail: `${scenario}, ${harts(count)}, ${unit}`, better: HIGHER.has(metric) ? "higher" : "lower", values: valuesOf(found) };
}

/** Where most engines can be compared; of such numbers, the largest. */
function mostHarts(points: readonly Point[]): number {
  const counts = [...Map.groupBy(points, (point) => point.harts)].map(([count, own]) => ({ count, engines: own.length }));
  return counts.toSorted((left, right) => right.engines - left.engines || right.count - left.count)[0]?.count ?? 0;
}

function trustOf({ points }: Source): Measure[] {
  const counted = OF_SOURCES.map(([metric, name, detail]): Measure => (
    { group: "What to trust", name, detail, better: "lower", values: valuesOf(points.filter((point) => point.metric === metric && point.harts === 0 && point.subject === "")) }));
  const guests = points.filter((point) => point.metric === "tcb-guest-bytes" && point.scenario === "contend" && point.variant === "" && point.harts === 1);
  return [counted[0], { group: "What to trust", name: "Code of each guest beside it", detail: "contend, bytes", better: "lower", values: valuesOf(guests) }, ...counted.slice(1)];
}

const MIB = 2 ** 20;

function isolationOf(source: Source, engines: readonly string[]): Measure[] {
  const attacks = attackValues({ source, engines });
  const byEngine = [...Map.groupBy(attacks, ({ engine }) => engine)];
  const tried = byEngine.map(([engine, own]) => [engine, own.filter(({ outcome }) => outcome !== "nothing to attack" && outcome !== "not measured")] as const);
  const all = new Set(attacks.map(({ attack }) => attack)).size;
  const measure = (name: string, detail: string, of: (own: typeof attacks) => number): Measure => (
    { group: "Under attack", name, detail, better: "lower", values: new Map(tried.map(([engine, own]) => [engine, of(own)])) });
  return [
    measure("Attacks that escaped", `of ${all}`, (own) => own.filter(({ outcome }) => outcome === "escaped").length),
    { group: "Under attack", name: "Memory of others that a guest can change", detail: "MiB", better: "lower", values: new Map([...beyondOwn(reachValues({ source, engines }))].map(([engine, bytes]) => [engine, bytes / MIB])) },
    measure("Attacks that slowed others", `of ${all}`, (own) => own.filter(({ outcome }) => outcome === "slower").length),
    measure("Worst slowdown without an escape", "times", (own) => Math.max(1, ...own.filter(({ outcome }) => outcome !== "escaped").map(({ slowdown }) => slowdown))),
  ];
}

/** Of bits flipped in one guest. */
function faultsOf(source: Source): Measure {
  const contained = campaignOf(source).filter(({ metric, variant }) => metric === "fault-containment" && variant === "");
  return { group: "Under attack", name: "Flipped bits that harmed no other", detail: "% of them", better: "higher", values: valuesOf(contained) };
}

const valuesOf = (points: readonly Point[]): ReadonlyMap<string, number> => new Map(points.map(({ engine, value }) => [engine, value]));

/** Engines other than the baseline with the best value, or as good as that; none where all are. */
export function bestOf({ better, values }: Measure, baseline: string): ReadonlySet<string> {
  const compared = [...values].filter(([engine]) => engine !== baseline);
  const figures = compared.map(([, value]) => value);
  const wanted = better === "higher" ? Math.max(...figures) : Math.min(...figures);
  const best = compared.filter(([, value]) => Math.abs(value - wanted) <= AS_GOOD * Math.abs(wanted)).map(([engine]) => engine);
  return new Set(best.length === compared.length ? [] : best);
}

/** Closer than this, what guests are and how they meet decides, not the engine. */
const AS_GOOD = 0.01;
