// What figures are drawn from: summaries of result rows, in the words of those who read them. Knows neither files nor pages.

import type { ClockName, MetricName } from "../results/metrics.ts";

/** A summary of one case, of a lock or cause of it (`subject`), or of an engine's sources (no scenario, 0 harts). */
export interface Point {
  /** Workload, with those of its parameters that differ from their defaults. */
  readonly scenario: string;
  readonly engine: string;
  /** Options of the engine that differ from their defaults; empty for the engine as it comes. */
  readonly variant: string;
  readonly harts: number;
  readonly subject: string;
  readonly metric: MetricName;
  readonly unit: string;
  readonly value: number;
  /** Of the interval; null where figures are exact. */
  readonly low: number | null;
  readonly high: number | null;
  /** Its case failed: for an attack, the engine did not keep what it claims. */
  readonly failed: boolean;
}

/** Figures that may be compared with each other: of one run under the wall clock, or of one profile under the model's. */
export interface Source {
  readonly label: string;
  /** What a reader has to know before any figure; empty where there is nothing. */
  readonly warning: string;
  readonly clock: ClockName;
  readonly points: readonly Point[];
}

/** What people want to know of a scenario. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  /** What one unit of work is; empty where the workload is not in this catalogue. */
  readonly unit: string;
  /** What guests time; empty where they time nothing. */
  readonly event: string;
}

export interface Dataset {
  /** In the order of figures and tables. */
  readonly engines: readonly string[];
  /** The one that is no architecture, but what others are measured against. */
  readonly baseline: string;
  readonly scenarios: readonly Scenario[];
  readonly sources: readonly Source[];
}

/** What a reader looks at. */
export interface Selection {
  readonly engines: readonly string[];
  readonly source: Source;
  readonly scenario: string;
  readonly harts: number;
}

/** A line of a figure, or a bar: an engine with its options. */
export interface Series {
  readonly engine: string;
  readonly variant: string;
}

export const seriesLabel = ({ engine, variant }: Series): string => (variant === "" ? engine : `${engine} ${variant}`);

const PREFIX_OF_ATTACKS = "attack-";
export const isAttack = (scenario: string): boolean => scenario.startsWith(PREFIX_OF_ATTACKS);
export const attackName = (scenario: string): string => scenario.slice(PREFIX_OF_ATTACKS.length);

/** Points of the scenario, in the order of engines, then of variants. */
export function pointsOf({ source, scenario, engines }: Pick<Selection, "source" | "scenario" | "engines">, ...metrics: readonly MetricName[]): Point[] {
  const place = (point: Point) => engines.indexOf(point.engine);
  return source.points.filter((point) => point.scenario === scenario && metrics.includes(point.metric))
    .sort((left, right) => place(left) - place(right) || compare(left.variant, right.variant) || left.harts - right.harts);
}

/** Scenarios that a source has throughput of, attacks left out, in the order of `scenarios`. */
export function scenariosOf(source: Source, scenarios: readonly Scenario[]): Scenario[] {
  const measured = new Set(source.points.filter(({ metric, scenario }) => metric === "throughput" && !isAttack(scenario)).map(({ scenario }) => scenario));
  return scenarios.filter(({ name }) => measured.has(name));
}

export function hartsOf(points: readonly Pick<Point, "harts">[]): number[] {
  return [...new Set(points.map(({ harts }) => harts))].sort((left, right) => left - right);
}

/** Whether it is of the engines rather than one workload of theirs: attacks, what a guest can change, and the fault campaign. */
export const isOfEngines = (scenario: string): boolean => isAttack(scenario) || isReach(scenario) || isCampaign(scenario);
export const isReach = (scenario: string): boolean => scenario === "reach";
/** With its parameters: how many faults, and which. */
export const isCampaign = (scenario: string): boolean => scenario.split(" ")[0] === CAMPAIGN;
const CAMPAIGN = "faults";

/** Of the source's first campaign: others are of other faults. */
export function campaignOf({ points }: Source): Point[] {
  const first = points.find(({ scenario }) => isCampaign(scenario))?.scenario;
  return points.filter(({ scenario }) => scenario === first);
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
