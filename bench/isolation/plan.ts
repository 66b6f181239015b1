// Which attacks on which engines a request means: first what they are compared with.

import type { EngineDescription } from "../../engines/engine.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { ATTACKS } from "../../workloads/attacks.ts";
import type { BenchRequest } from "../cli.ts";
import { requireCores } from "../model/profile.ts";
import { aloneCase, attackCase, type IsolationCase, neighbourCase } from "./cases.ts";

export type IsolationRequest = Pick<BenchRequest, "engines" | "harts" | "settings" | "quick">;

/** Throws a UsageError when the request asks for more harts than the profile has cores. */
export function planIsolation(request: IsolationRequest, engines: readonly EngineDescription[], bare: EngineDescription, profile: CostModel): IsolationCase[] {
  request.harts?.forEach((count) => requireCores(profile, count));
  const chosen = engines.filter((engine) => engine.maximumVms > 1 && (request.engines?.includes(engine.name) ?? true));
  const attacks = ATTACKS.flatMap((attack) => chosen.flatMap((engine) => (
    attack.harts.filter((harts) => harts <= engine.maximumHarts && harts <= profile.cores && (request.harts?.includes(harts) ?? (!request.quick || harts === 1)))
      .map((harts) => ({ attack, engine, harts })))));
  const neighbours = attacks.map(({ attack, engine, harts }) => neighbourCase(attack, engine, harts, request.settings));
  return attacks.length === 0 ? [] : [
    aloneCase(bare),
    ...new Map(neighbours.map((neighbour) => [neighbour.setting, neighbour])).values(),
    ...attacks.map(({ attack, engine, harts }) => attackCase(attack, engine, harts, request.settings)),
  ];
}

/** How long each case takes a thread, roughly: measured on a 2-core host, for estimates only. */
export const isolationEstimatesMs = (cases: readonly IsolationCase[]): number[] => cases.map(({ harts }) => 500 + 700 * harts);
