// From what was observed to result rows: the cases that attacks are compared with come first.

import { ENGINES } from "../../engines/engines.ts";
import { claimsWith } from "../../engines/options.ts";
import { MODEL_REVISION } from "../../engines/machine/model/revision.ts";
import { caseRow, row, type RowContext } from "../results/rows.ts";
import type { ResultRow } from "../results/schema.ts";
import type { IsolationCase } from "./cases.ts";
import { judge, OUTCOMES, serviceOf } from "./judge.ts";
import type { Observation, Observed } from "./observe.ts";
import { reachRows } from "./reach-rows.ts";

export class IsolationRows {
  readonly #profile: string;
  /** Units of the computing guest alone. */
  #alone = 0;
  /** By setting. */
  readonly #neighbours = new Map<string, Observation>();

  /** `profile`: what rows call it. */
  constructor(profile: string) {
    this.#profile = profile;
  }

  of(isolationCase: IsolationCase, observed: Observed): ResultRow[] {
    const context: RowContext = { benchCase: isolationCase, clock: "model", profile: this.#profile, revision: MODEL_REVISION, status: "ok", reason: "" };
    switch (observed.kind) {
      case "failed": return [caseRow({ ...context, status: "failed", reason: observed.reason })];
      case "unsupported": return [caseRow({ ...context, status: "unsupported", reason: observed.reason })];
      case "reached": return reachRows(context, claimsWith(ENGINES[isolationCase.engine], isolationCase.options), observed.reached);
      case "observed": return this.#observed(context, isolationCase, observed.observation);
    }
  }

  #observed(context: RowContext, isolationCase: IsolationCase, seen: Observation): ResultRow[] {
    const { attack, setting, engine } = isolationCase;
    if (setting === "") this.#alone = seen.victims[0].units;
    const due = this.#due(isolationCase);
    if (attack === undefined) {
      this.#neighbours.set(setting, seen);
      const { share, latest } = serviceOf(seen, due);
      const wrong = seen.victims.find((victim) => victim.wrong !== undefined)?.wrong ?? seen.ended;
      const settled: RowContext = wrong === undefined ? context : { ...context, status: "failed", reason: wrong };
      return [row(settled, "isolation-share", share), ...(latest === 0 ? [] : [row(settled, "isolation-latency-max", latest)]), ...cpuRows(settled, seen), ...heapRows(settled, seen)];
    }
    const neighbour = this.#neighbours.get(setting);
    if (neighbour === undefined || this.#alone === 0) {
      return [caseRow({ ...context, status: "failed", reason: "what the attack is to be compared with was not measured" })];
    }
    const verdict = judge(attack, claimsWith(ENGINES[engine], isolationCase.options), seen, neighbour, due);
    const judged: RowContext = verdict.failure === undefined ? context : { ...context, status: "failed", reason: verdict.failure };
    const one = (...of: Parameters<typeof row> extends [unknown, ...infer Rest] ? Rest : never) => row(judged, ...of);
    return [
      one("isolation", OUTCOMES.indexOf(verdict.outcome)),
      ...Object.entries(verdict.reached).map(([what, much]) => one("isolation-reached", much, what)),
      one("isolation-share", verdict.share),
      ...Object.entries(verdict.slowdown).filter(([, ratio]) => isFinite(ratio)).map(([kind, ratio]) => one("isolation-slowdown", ratio, kind)),
      one("isolation-latency-max", verdict.latest),
      one("isolation-latency-max", serviceOf(neighbour, due).latest, "neighbour"),
      one("isolation-rounds", seen.rounds),
      ...cpuRows(judged, seen),
      ...heapRows(judged, seen),
    ];
  }

  /** Units that the share of a computing guest is worth. */
  #due({ configuration: { vms }, counted }: IsolationCase): number {
    const { budget, period } = vms[counted.indexOf(true)].share;
    return (this.#alone * budget) / period;
  }
}

/** One guest alone shares with nobody. */
function cpuRows(context: RowContext, { cpu }: Observation): ResultRow[] {
  if (cpu === undefined || context.benchCase.configuration.vms.length === 1) return [];
  return [row(context, "isolation-hostile-cpu", cpu.hostile), row(context, "fairness", cpu.fairness)];
}

function heapRows(context: RowContext, { heap }: Observation): ResultRow[] {
  if (heap === undefined) return [];
  return [
    row(context, "engine-heap", heap.size, "size"), row(context, "engine-heap", heap.before, "before"), row(context, "engine-heap", heap.inUse, "after"),
    row(context, "engine-heap", heap.peak, "peak"),
    row(context, "engine-heap-refused", heap.refused),
  ];
}
