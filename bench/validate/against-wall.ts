// The model against the wall clock of this host, at one hart and at two: how much faster each engine is than another, and
// how much faster two harts are than one. The wall clock's figures are those of one run on one host, and have an interval.

import type { EngineName } from "../../engines/engine.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { INTERVAL_METHOD, summarise } from "../statistics.ts";
import { type Comparison, formatComparisons } from "./comparison.ts";
import { type Subject, throughputOnModel } from "./model-case.ts";
import { throughputsOnWall } from "./wall-rounds.ts";

const WORKLOADS = ["compute-hash", "hypercall-base", "contend"] as const;
/** Measured against itself on two harts; its figure on one hart is what the other engines are compared with. */
const REFERENCE: EngineName = "per-core";
const ENGINES_ON_ONE: readonly EngineName[] = ["uniprocessor", REFERENCE, "smp", "microscheduler"];
const ENGINES_ON_TWO: readonly EngineName[] = [REFERENCE, "smp", "microscheduler"];
const WINDOW = 2_000_000;

/** One ratio of throughputs: of which subject over which. */
interface Ratio {
  readonly subject: string;
  readonly of: Subject;
  readonly over: Subject;
}

/** What is compared for a workload. `harts`: as many as the host can run at once, up to two. */
function ratiosOf(workload: string, harts: number): Ratio[] {
  const on = (engine: EngineName, count: number): Subject => ({ workload, engine, harts: count, settings: {} });
  const among = (engines: readonly EngineName[], count: number): Ratio[] => engines.filter((engine) => engine !== REFERENCE).map((engine) => (
    { subject: `${engine} over ${REFERENCE}, ${count} ${count === 1 ? "hart" : "harts"}`, of: on(engine, count), over: on(REFERENCE, count) }));
  const scaling = ENGINES_ON_TWO.map((engine): Ratio => ({ subject: `${engine}, 1 → 2 harts`, of: on(engine, 2), over: on(engine, 1) }));
  return [...among(ENGINES_ON_ONE, 1), ...(harts < 2 ? [] : [...among(ENGINES_ON_TWO, 2), ...scaling])];
}

export interface AgainstWall {
  /** For people. */
  readonly text: string;
  readonly disturbed: boolean;
}

async function compareWorkload(workload: string, harts: number, costs: CostModel): Promise<AgainstWall> {
  const ratios = ratiosOf(workload, harts);
  const subjects = [...new Map(ratios.flatMap(({ of, over }) => [of, over]).map((subject) => [keyOf(subject), subject])).values()];
  const { throughputs, disturbed } = await throughputsOnWall(subjects);
  const model = subjects.map((subject) => throughputOnModel(subject, costs, WINDOW));
  const indexOf = (wanted: Subject): number => subjects.findIndex((subject) => keyOf(subject) === keyOf(wanted));
  const comparisons = ratios.map(({ subject, of, over }): Comparison => {
    const [one, other] = [indexOf(of), indexOf(over)];
    const { median, low, high } = summarise(throughputs.map((round) => round[one] / round[other]));
    return { subject, predicted: model[one] / model[other], reference: median, interval: { low, high } };
  });
  return { text: formatComparisons(workload, comparisons, 2), disturbed };
}

/** On as many of the host's cores as are compared. Throws a CaseFailure. */
export async function compareWithWall(costs: CostModel, cores: number): Promise<AgainstWall> {
  const compared: AgainstWall[] = [];
  for (const workload of WORKLOADS) compared.push(await compareWorkload(workload, Math.min(cores, 2), costs));
  const note = `Reference: medians over rounds of windows measured in turn, and the ${INTERVAL_METHOD}.`;
  return { text: [...compared.map(({ text }) => text), note].join("\n\n"), disturbed: compared.some(({ disturbed }) => disturbed) };
}

const keyOf = ({ engine, harts }: Subject): string => `${engine} ${harts}`;
