// The fault campaign on every engine, on the model clock: several machines at a time, effects in the order of the faults.

import { join } from "node:path";
import type { EngineDescription } from "../../engines/engine.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { answersInOrder, hangLimitMs } from "../answers.ts";
import { caseLabel, keyOfCase } from "../case.ts";
import type { BenchRequest } from "../cli.ts";
import { UsageError } from "../exit-code.ts";
import { type Profile, requireCores } from "../model/profile.ts";
import { profileLabel } from "../model/profile-label.ts";
import { exactFolder, prepareExact, writeExact } from "../results/exact.ts";
import type { ExactWork } from "../resume/exact-work.ts";
import { WORKER_OPTIONS } from "../worker-options.ts";
import { DEFAULT_FAULTS, DEFAULT_SEED, FAULT_MS, type FaultCase, faultCase, RESTARTED_FAULTS } from "./cases.ts";
import { type Campaign, faultRows } from "./rows.ts";
import type { FaultTask } from "./worker.ts";

const WORKER = new URL("worker.ts", import.meta.url).href;
/** Faults that a thread is given at a time. */
const BATCH = 25;
const QUICK_FAULTS = 100;
/** Of the faults, where guests are started again. */
const RESTARTED_PART = RESTARTED_FAULTS / DEFAULT_FAULTS;

/** Throws a UsageError where nothing is to be measured, or results cannot be written. */
export function openFaults(request: BenchRequest, engines: readonly EngineDescription[], profile: Profile, threads: number): ExactWork {
  const cases = planFaults(request, engines, profile);
  const label = profileLabel(request.profile, profile);
  const folder = join(exactFolder(request.resultsFolder, label), "faults");
  prepareExact(folder);
  let changed: readonly string[] = [];
  return {
    cases: cases.map((one) => ({ key: keyOfCase(one), label: caseLabel(one), estimateMs: one.faults * FAULT_MS, needs: [] })),
    measure: (chosen, interruption, measured) => (
      runCampaigns(chosen.map((index) => cases[index]), profile, threads, interruption, (index, campaign) => {
        measured(chosen[index], faultRows(cases[chosen[index]], campaign, label));
      })),
    write: (rows) => { changed = writeExact(folder, rows, () => true, false); },
    files: () => [`Every figure: ${folder}; ${changed.length === 0 ? "nothing has changed there" : `changed: ${changed.length} of its files`}`],
  };
}

export type FaultRequest = Pick<BenchRequest, "engines" | "harts" | "settings" | "quick" | "faults" | "seed">;

/** Throws a UsageError when nothing is to be measured, or the request asks for more harts than the profile has cores. */
export function planFaults(request: FaultRequest, engines: readonly EngineDescription[], profile: CostModel): FaultCase[] {
  request.harts?.forEach((count) => requireCores(profile, count));
  const chosen = engines.filter((engine) => engine.maximumVms > 1 && (request.engines?.includes(engine.name) ?? true));
  const faults = request.faults ?? (request.quick ? QUICK_FAULTS : DEFAULT_FAULTS);
  const seed = request.seed ?? DEFAULT_SEED;
  const cases = chosen.flatMap((engine) => (request.harts ?? [undefined]).filter((harts) => (harts ?? 1) <= engine.maximumHarts).flatMap((harts) => [
    faultCase(engine, harts, request.settings, seed, faults),
    // Once more with guests that are started again, unless all are.
    ...("restart" in engine.options && request.settings["restart"] === undefined
      ? [faultCase(engine, harts, { ...request.settings, restart: "on" }, seed, Math.ceil(faults * RESTARTED_PART))] : []),
  ]));
  if (cases.length === 0) throw new UsageError("no selected engine runs several guests on so many harts");
  return cases;
}

/** Hands out the campaign of each case, by its index, in their order. The effects are the same whatever the number of threads. */
export async function runCampaigns(
  cases: readonly FaultCase[], costs: CostModel, threads: number, interruption: AbortSignal, done: (index: number, campaign: Campaign) => void,
): Promise<void> {
  const tasks = cases.flatMap((one, index) => batches(one.faults).map(([from, to]) => ({ index, task: { faultCase: one, costs, from, to } satisfies FaultTask })));
  const pool = { ...WORKER_OPTIONS, filename: WORKER };
  const limitsMs = tasks.map(({ task: { from, to } }) => hangLimitMs((to - from) * FAULT_MS));
  let parts: Campaign[] = [];
  await answersInOrder<Campaign>(tasks.map(({ task }) => task), { pool, most: threads, limitsMs, interruption }, failed, (number, part) => {
    parts.push(part);
    const { index } = tasks[number];
    if (tasks[number + 1]?.index === index) return;
    done(index, joined(parts));
    parts = [];
  });
}

function batches(faults: number): [from: number, to: number][] {
  return Array.from({ length: Math.ceil(faults / BATCH) }, (_, index) => [index * BATCH, Math.min(faults, (index + 1) * BATCH)]);
}

const failed = (reason: string): Campaign => ({ kind: "failed", reason });

function joined(parts: readonly Campaign[]): Campaign {
  const lost = parts.find(({ kind }) => kind === "failed");
  return lost ?? { kind: "effects", effects: parts.flatMap((part) => (part.kind === "effects" ? part.effects : [])) };
}
