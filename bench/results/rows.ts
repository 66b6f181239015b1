// From what was measured of a case to result rows.

import type { Baseline } from "../baselines.ts";
import { type BenchCase, settingWords, vcpusOf } from "../case.ts";
import { addHistograms, type Histogram, summariseLatency } from "../histogram.ts";
import type { CaseFigures, LockReading, Window } from "../machine-reading.ts";
import { jainIndex, mean, summarise, type Summary } from "../statistics.ts";
import { type ClockName, describeMetric, type MetricName } from "./metrics.ts";
import { type ResultRow, SCHEMA_VERSION, type Status } from "./schema.ts";

/** What every row of a case says alike. */
export interface RowContext {
  readonly benchCase: BenchCase;
  readonly clock: ClockName;
  /** Of the model clock; empty under the wall clock. */
  readonly profile: string;
  readonly revision: string;
  readonly status: Status;
  readonly reason: string;
}

/** A summary, or one figure. */
type Value = number | Summary;

/** What rates are stated for: a second of milliseconds, a million cycles. */
const RATE_DURATION: Readonly<Record<ClockName, number>> = { wall: 1000, model: 1_000_000 };
/** The boot argument by which guests that do the same work do it at other times. */
const SEED = /\bseed=\d+/;
/** Guests that have a row of their own under the model clock, whose machines can have hundreds. */
const MOST_GUESTS_BY_NAME = 4;

/** The raw samples of one window: total throughput, each guest's, and the CPU received. */
export function windowRows(context: RowContext, figures: Pick<CaseFigures, "windows">, index: number): ResultRow[] {
  const window = figures.windows[index];
  const { units, cpuToWall, forwarded } = window;
  const rates = units.map((count) => rateIn(context, count, window));
  const at = (metric: MetricName, value: number, subject = "") => ({ ...row(context, metric, value, subject), sample: index });
  const names = context.benchCase.configuration.vms.map((vm) => vm.name);
  return [
    at("throughput", counted(context, rates)),
    ...(names.length > 1 ? rates.map((value, vm) => at("throughput", value, names[vm])) : []),
    ...(context.benchCase.traffic === undefined ? [] : [at("packet-rate", rateIn(context, forwarded, window))]),
    ...(cpuToWall === null ? [] : [at("cpu-to-wall", cpuToWall)]),
  ];
}

/** The summaries of a case. `bare`: the same guest alone on `bare`. */
export function summaryRows(context: RowContext, figures: CaseFigures, bare: Baseline | undefined, probeCost: number | undefined): ResultRow[] {
  const { benchCase } = context;
  const { windows } = figures;
  const vms = benchCase.configuration.vms;
  const rates = (of: (window: Window) => number) => summarise(windows.map((window) => rateIn(context, of(window), window)));
  const throughput = rates(({ units }) => counted(context, units));
  const totalUnits = counted(context, figures.units);
  const one = (metric: MetricName, value: Value, subject = "") => row(context, metric, value, subject);
  const cpuToWall = cpuToWallSummary(figures);
  return [
    one("throughput", throughput),
    ...(vms.length > 1 && (context.clock === "wall" || vms.length <= MOST_GUESTS_BY_NAME) ? vms.map(({ name }, vm) => one("throughput", rates(({ units }) => units[vm]), name)) : []),
    ...(bare === undefined || vcpusOf(benchCase) > benchCase.harts ? [] : [row(against(bare, context), "overhead", overhead(throughput, bare.throughput * vms.length))]),
    ...latencyRows(context, figures),
    ...networkRows(context, figures),
    one("exits-per-unit", sum(Object.values(figures.exits)) / totalUnits),
    ...Object.entries(figures.exits).filter(([, count]) => count > 0).map(([cause, count]) => one("exits-per-unit", count / totalUnits, cause)),
    one("world-switches", (RATE_DURATION[context.clock] * figures.worldSwitches) / sum(windows.map(({ duration }) => duration))),
    ...(vms.length > 1 ? fairnessRows(context, figures) : []),
    ...(cpuToWall === undefined ? [] : [one("cpu-to-wall", cpuToWall)]),
    ...cycleRows(context, figures),
    ...lockRows(context, context.clock === "wall" ? figures.locks : joinNumbered(figures.locks), totalUnits),
    one("tcb-guest-bytes", benchCase.trustedGuestBytes),
    one("tcb-shared-words", figures.sharedWords),
    ...(probeCost === undefined ? [] : [one("probe-cost", probeCost)]),
  ];
}

/** The row of a case that gave no figures. */
export function caseRow(context: RowContext): ResultRow {
  return { ...row(context, "case", 0), value: null, samples: 0 };
}

export function cpuToWallSummary(figures: Pick<CaseFigures, "windows">): Summary | undefined {
  const ratios = figures.windows.map((window) => window.cpuToWall).filter((ratio) => ratio !== null);
  return ratios.length === 0 ? undefined : summarise(ratios);
}

function latencyRows(context: RowContext, figures: CaseFigures): ResultRow[] {
  const latency = summariseLatency(figures.latency);
  if (latency === undefined) return [];
  return ([
    ["latency-p50", latency.p50], ["latency-p90", latency.p90], ["latency-p99", latency.p99],
    ["latency-p99.9", latency.p999], ["latency-max", latency.maximum],
  ] as const).map(([metric, value]) => ({ ...row(context, metric, value), samples: latency.count }));
}

function networkRows(context: RowContext, { network, windows }: CaseFigures): ResultRow[] {
  if (network === undefined) return [];
  const one = (metric: MetricName, value: Value) => row(context, metric, value);
  const { load, copiesPerFrame, zeroLossRate } = network;
  const latency = load === undefined ? undefined : summariseLatency(load.latency);
  return [
    one("packet-rate", summarise(windows.map((window) => rateIn(context, window.forwarded, window)))),
    ...(load === undefined ? [] : [one("packet-load", perSecond(context, load.rate)), one("packet-loss", 100 * load.loss)]),
    ...(latency === undefined ? [] : ([
      ["packet-latency-p50", latency.p50], ["packet-latency-p90", latency.p90], ["packet-latency-p99", latency.p99],
      ["packet-latency-p99.9", latency.p999], ["packet-latency-max", latency.maximum],
    ] as const).map(([metric, value]) => ({ ...one(metric, value), samples: latency.count }))),
    ...(zeroLossRate === undefined ? [] : [one("zero-loss-rate", perSecond(context, zeroLossRate))]),
    one("copies-per-packet", copiesPerFrame ?? 0),
    ...(context.clock === "wall" ? [one("device-time", 100 * network.deviceShare)] : []),
  ];
}

function fairnessRows(context: RowContext, figures: CaseFigures): ResultRow[] {
  const vms = context.benchCase.configuration.vms;
  const due = vms.map(({ share, vcpus }) => (vcpus * share.budget) / share.period);
  const counting = [...vms.keys()].filter((index) => context.benchCase.counted[index]);
  const alike = new Set(counting.map((index) => vms[index].bootArguments.replace(SEED, ""))).size === 1 && counting.length > 1;
  const units = counting.map((index) => figures.units[index]);
  return [
    row(context, "fairness", jainIndex(figures.cpuTimes, due)),
    ...(alike && units.every((count) => count > 0) ? [row(context, "worst-slowdown", mean(units) / Math.min(...units))] : []),
  ];
}

/** One total, and one group of rows for every lock that was taken. An engine that takes none has the total only. */
function lockRows(context: RowContext, locks: readonly LockReading[], units: number): ResultRow[] {
  const taken = locks.filter((lock) => lock.acquisitions > 0);
  const one = (metric: MetricName, value: number, lock: LockReading) => row(context, metric, value, lock.name);
  return [
    row(context, "lock-acquisitions", sum(taken.map((lock) => lock.acquisitions)) / units),
    ...taken.flatMap((lock) => [
      one("lock-acquisitions", lock.acquisitions / units, lock),
      one("lock-contended", (100 * lock.contended) / lock.acquisitions, lock),
      one("lock-handovers", (100 * lock.handovers) / lock.acquisitions, lock),
      ...(context.benchCase.lockTiming || lock.times !== undefined ? [
        one("lock-waiting", lock.waiting / lock.acquisitions, lock),
        one("lock-waiting-max", lock.waitingMax, lock),
        one("lock-holding", lock.holding / lock.acquisitions, lock),
        one("lock-holding-max", lock.holdingMax, lock),
      ] : []),
      ...(lock.times === undefined ? [] : [
        ...percentileRows(context, lock, lock.times.waiting, "lock-waiting-p50", "lock-waiting-p99"),
        ...percentileRows(context, lock, lock.times.holding, "lock-holding-p50", "lock-holding-p99"),
      ]),
    ]),
  ];
}

function percentileRows(context: RowContext, { name }: LockReading, times: Histogram, p50: MetricName, p99: MetricName): ResultRow[] {
  const summary = summariseLatency(times);
  if (summary === undefined) return [];
  return [row(context, p50, summary.p50, name), row(context, p99, summary.p99, name)].map((line) => ({ ...line, samples: summary.count }));
}

/** Locks that differ in their number alone, as one. */
function joinNumbered(locks: readonly LockReading[]): LockReading[] {
  const names = Map.groupBy(locks, ({ name }) => name.replace(/\[\d+\]$/, "[*]"));
  return [...names].map(([name, alike]): LockReading => {
    const total = (of: (lock: LockReading) => number) => sum(alike.map(of));
    const times = alike.flatMap((lock) => lock.times ?? []);
    return {
      ...alike[0], name, acquisitions: total((lock) => lock.acquisitions), contended: total((lock) => lock.contended), handovers: total((lock) => lock.handovers),
      waiting: total((lock) => lock.waiting), waitingMax: Math.max(...alike.map((lock) => lock.waitingMax)),
      holding: total((lock) => lock.holding), holdingMax: Math.max(...alike.map((lock) => lock.holdingMax)),
      times: times.length === 0 ? undefined : { waiting: addHistograms(times.map(({ waiting }) => waiting)), holding: addHistograms(times.map(({ holding }) => holding)) },
    };
  });
}

function cycleRows(context: RowContext, { cycles }: CaseFigures): ResultRow[] {
  if (cycles === undefined) return [];
  return ([
    ["cycles-guest", cycles.guest], ["cycles-engine", cycles.engine], ["cycles-waiting", cycles.waiting], ["cycles-idle", cycles.idle],
  ] as const).map(([metric, part]) => row(context, metric, 100 * part));
}

/** A figure is no better than what it is measured against. */
function against({ contaminated }: Baseline, context: RowContext): RowContext {
  return contaminated && context.status === "ok" ? { ...context, status: "contaminated", reason: "the baseline was contaminated: run again" } : context;
}

/** Loss against `ideal`, in percent; the interval's bounds change places. */
function overhead(throughput: Summary, ideal: number): Summary {
  const lost = (value: number) => 100 * (1 - value / ideal);
  return { count: throughput.count, median: lost(throughput.median), mean: lost(throughput.mean), low: lost(throughput.high), high: lost(throughput.low) };
}

/** One figure of a case. */
export function row({ benchCase, clock, profile, revision, status, reason }: RowContext, metric: MetricName, value: Value, subject = ""): ResultRow {
  const summary = typeof value === "number" ? undefined : value;
  return {
    schema: SCHEMA_VERSION,
    workload: benchCase.workload,
    engine: benchCase.engine,
    options: settingWords(benchCase).join(" "),
    clock,
    profile,
    harts: benchCase.harts,
    vms: benchCase.configuration.vms.length,
    subject,
    metric,
    ...describeMetric(metric, clock),
    sample: null,
    value: typeof value === "number" ? value : value.median,
    samples: summary?.count ?? 1,
    low: clock === "wall" ? summary?.low ?? null : null,
    high: clock === "wall" ? summary?.high ?? null : null,
    status,
    reason,
    image: benchCase.image,
    revision,
  };
}

const rateIn = ({ clock }: RowContext, count: number, { duration }: Window): number => (RATE_DURATION[clock] * count) / duration;

/** A rate for a second of the machine's time; on the model clock that has 10^9 cycles. */
const perSecond = ({ clock }: RowContext, rate: number): number => (clock === "wall" ? rate : rate / 1000);

/** The sum over the VMs whose units are the workload's. */
const counted = ({ benchCase }: RowContext, values: readonly number[]): number => sum(values.filter((_, index) => benchCase.counted[index]));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
