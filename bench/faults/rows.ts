// From the effects of a campaign on one engine to result rows.

import { ENGINES } from "../../engines/engines.ts";
import { MODEL_REVISION } from "../../engines/machine/model/revision.ts";
import { caseRow, row, type RowContext } from "../results/rows.ts";
import type { ResultRow } from "../results/schema.ts";
import { median, wilson } from "../statistics.ts";
import type { FaultCase } from "./cases.ts";
import { type Effect, isContained, type Recovery } from "./effect.ts";

/** What a campaign gave, or why it gave nothing. */
export type Campaign =
  | { readonly kind: "effects"; readonly effects: readonly Effect[] }
  | { readonly kind: "failed"; readonly reason: string };

/** `profile`: what rows call it. */
export function faultRows(faultCase: FaultCase, campaign: Campaign, profile: string): ResultRow[] {
  const context: RowContext = { benchCase: faultCase, clock: "model", profile, revision: MODEL_REVISION, status: "ok", reason: "" };
  if (campaign.kind === "failed") return [caseRow({ ...context, status: "failed", reason: campaign.reason })];
  const { effects } = campaign;
  const spread = effects.filter((effect) => !isContained(effect));
  const broken = ENGINES[faultCase.engine].claims.memoryIsolation ? spread : [];
  const judged: RowContext = broken.length === 0 ? context : { ...context, status: "failed", reason: `${broken.length} of ${effects.length} faults with seed ${faultCase.seed} were not contained` };
  const contained = effects.length - spread.length;
  const { low, high } = wilson(contained, effects.length);
  return [
    { ...row(judged, "fault-containment", (100 * contained) / effects.length), samples: effects.length, low: 100 * low, high: 100 * high },
    ...counts(effects, ({ reach }) => reach).map(([subject, count]) => row(judged, "faults", count, subject)),
    ...counts(effects.filter(({ effect }) => effect !== ""), ({ reach, effect }) => `${reach} ${effect}`).map(([subject, count]) => row(judged, "faults", count, subject)),
    ...counts(effects, ({ fault, reach }) => `${fault.place} ${reach}`).map(([subject, count]) => row(judged, "faults", count, subject)),
    ...recoveryRows(judged, effects.flatMap(({ recovery }) => recovery ?? [])),
    ...broken.map(({ fault, account }) => ({ ...caseRow({ ...judged, reason: `fault ${fault.number} of seed ${faultCase.seed}: ${account}` }), subject: `fault ${fault.number}` })),
  ];
}

/** Of guests that the engine has started again. */
function recoveryRows(context: RowContext, recoveries: readonly Recovery[]): ResultRow[] {
  if (recoveries.length === 0) return [];
  return [
    row(context, "restarts", recoveries.length),
    ...(["instruction", "unit"] as const).flatMap((until) => {
      const times = recoveries.map((recovery) => recovery[until]);
      return [row(context, "recovery-p50", median(times), until), row(context, "recovery-max", Math.max(...times), until)];
    }),
  ];
}

function counts(effects: readonly Effect[], subjectOf: (effect: Effect) => string): [subject: string, count: number][] {
  return [...Map.groupBy(effects, subjectOf)].map(([subject, alike]) => [subject, alike.length]);
}
