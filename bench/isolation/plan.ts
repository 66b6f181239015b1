// Which attacks on which engines a request means: first what they are compared with.

import type { EngineDescription } from "../../engines/engine.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { type Attack, ATTACKS } from "../../workloads/attacks.ts";
import type { BenchRequest } from "../cli.ts";
import { UsageError } from "../exit-code.ts";
import { requireCores } from "../model/profile.ts";
import { aloneCase, attackCase, type IsolationCase, neighbourCase, reachCase } from "./cases.ts";
import { canBeWeakened, WEAKENINGS } from "./weakened.ts";

export type IsolationRequest = Pick<BenchRequest, "engines" | "harts" | "settings" | "quick">;

/** Throws a UsageError when nothing is to be measured, or the request asks for more harts than the profile has cores. */
export function planIsolation(request: IsolationRequest, engines: readonly EngineDescription[], bare: EngineDescription, profile: CostModel): IsolationCase[] {
  request.harts?.forEach((count) => requireCores(profile, count));
  const chosen = engines.filter((engine) => engine.maximumVms > 1 && (request.engines?.includes(engine.name) ?? true));
  const attacks = ATTACKS.flatMap((attack) => chosen.flatMap((engine) => (
    hartsOf(attack, engine).filter((harts) => harts <= engine.maximumHarts && harts <= profile.cores && (request.harts?.includes(harts) ?? (!request.quick || harts === 1)))
      .map((harts) => ({ attack, engine, harts })))));
  const weakened = attacksOnTheWeak(request, chosen, profile);
  const all = [...attacks.map((one) => ({ ...one, settings: request.settings })), ...weakened];
  const neighbours = all.map(({ attack, engine, harts, settings }) => neighbourCase(attack, engine, harts, settings));
  const reaches = reachesOf(request, chosen, profile);
  if (attacks.length + reaches.length === 0) throw new UsageError("no attack runs on a selected engine with so many harts");
  return attacks.length === 0 ? reaches : [
    aloneCase(bare),
    ...new Map(neighbours.map((neighbour) => [neighbour.setting, neighbour])).values(),
    ...all.map(({ attack, engine, harts, settings }) => attackCase(attack, engine, harts, settings)),
    ...reaches,
  ];
}

/** A hart beside the guest's, where the engine has more than one: that one's timer can be reached too. */
const REACH_HARTS = [1, 2];

/** Of each engine one, on the most of those harts. */
function reachesOf({ harts, settings, quick }: IsolationRequest, engines: readonly EngineDescription[], profile: CostModel): IsolationCase[] {
  return engines.flatMap((engine) => REACH_HARTS
    .filter((count) => count <= engine.maximumHarts && count <= profile.cores && (harts?.includes(count) ?? (!quick || count === 1)))
    .slice(-1).map((count) => reachCase(engine, count, settings)));
}

const hartsOf = ({ harts, peerHarts = harts }: Attack, { claims }: EngineDescription): readonly number[] => (claims.cpuShare ? harts : peerHarts);

interface Tried {
  readonly attack: Attack;
  readonly engine: EngineDescription;
  readonly harts: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** Beside what a request asks for: engines with options that exist to be attacked. */
function attacksOnTheWeak({ harts, settings, quick }: IsolationRequest, engines: readonly EngineDescription[], profile: CostModel): Tried[] {
  return WEAKENINGS.filter(({ option }) => settings[option] === undefined).flatMap((weakening) => (
    engines.filter((engine) => canBeWeakened(engine, weakening)).flatMap((engine) => {
      const on = Math.min(weakening.harts, engine.maximumHarts);
      if (on > profile.cores || !(harts?.includes(on) ?? (!quick || on === 1))) return [];
      return ATTACKS.filter(({ name }) => weakening.attacks.includes(name))
        .map((attack) => ({ attack, engine, harts: on, settings: { ...settings, [weakening.option]: weakening.value } }));
    })));
}

/** How long each case takes a thread, roughly: measured on a 2-core host, for estimates only. */
export const isolationEstimatesMs = (cases: readonly IsolationCase[]): number[] => cases.map(({ harts }) => 500 + 700 * harts);
