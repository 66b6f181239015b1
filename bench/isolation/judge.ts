// From what was observed of an attack to its outcome, and whether the engine kept what it claims.

import type { Claims } from "../../engines/engine.ts";
import type { Asset, Attack, GuestKind } from "../../workloads/attacks.ts";
import type { Observation, VictimSeen } from "./observe.ts";

export const OUTCOMES = ["contained", "degraded", "escaped"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Percent of its share below which an honest guest was harmed. */
const LEAST_SHARE = 95;
const MOST_SLOWDOWN = 1.05;

/** Whose work is compared with that beside a neighbour; a reader of requests does less of its own work when there are some. */
const KINDS: readonly GuestKind[] = ["compute", "timer", "pair"];

/** What honest guests received. */
export interface Service {
  /** Of the computing guest that did least, in percent. */
  readonly share: number;
  readonly latest: number;
}

export interface Verdict extends Service {
  readonly outcome: Outcome;
  /** What was reached, and how much of it; without what was not. */
  readonly reached: Readonly<Record<string, number>>;
  /** By kind that there is, against the neighbour; Infinity where one did no work. */
  readonly slowdown: Readonly<Partial<Record<GuestKind, number>>>;
  /** Why the engine has failed. */
  readonly failure?: string;
}

/** `due`: units that a computing guest should do. */
export function serviceOf({ victims }: Observation, due: number): Service {
  const units = victims.filter(({ kind }) => kind === "compute").map((victim) => victim.units);
  return { share: (100 * Math.min(...units)) / due, latest: Math.max(...victims.map(({ latest }) => latest)) };
}

export function judge(attack: Attack, claims: Claims, seen: Observation, neighbour: Observation, due: number): Verdict {
  const service = serviceOf(seen, due);
  const reached = reachedBy(seen);
  const kinds = KINDS.filter((kind) => seen.victims.some((victim) => victim.kind === kind));
  const slowdown = Object.fromEntries(kinds.map((kind) => [kind, slowdownOf(seen, neighbour, kind)]));
  const harmed = service.share < LEAST_SHARE || Object.values(slowdown).some((ratio) => ratio > MOST_SLOWDOWN);
  const outcome = Object.keys(reached).length > 0 ? "escaped" : harmed ? "degraded" : "contained";
  const failure = failureOf(attack, claims, seen, outcome, service.share, reached);
  return { ...service, outcome, reached, slowdown, ...(failure === undefined ? {} : { failure }) };
}

function failureOf(
  attack: Attack, claims: Claims, { rounds, victims, ended }: Observation, outcome: Outcome, share: number, reached: Verdict["reached"],
): string | undefined {
  if (rounds === 0 && outcome !== "escaped") return "the attack was not carried out";
  if (!claims[CLAIM[attack.asset]]) {
    return attack.peerGetsThrough && outcome !== "escaped" ? "it stops what a peer of it gets through" : undefined;
  }
  if (outcome === "escaped") {
    const wrong = victims.find((victim) => victim.wrong !== undefined);
    return [`reached: ${describeReached(reached)}`, ...(wrong === undefined ? [] : [`${wrong.name}: ${wrong.wrong ?? ""}`]), ...(ended === undefined ? [] : [ended])].join("; ");
  }
  return share < LEAST_SHARE ? `an honest guest received ${share.toFixed(1)} % of its share` : undefined;
}

const CLAIM = { memory: "memoryIsolation", privilege: "privilege", cpu: "cpuShare" } as const satisfies Record<Asset, keyof Claims>;

export const describeReached = (reached: Verdict["reached"]): string => (
  Object.entries(reached).map(([what, count]) => `${count} ${what.replace("-", " ")}`).join(", "));

function reachedBy({ secretBytes, victimWords, engineWords, privileged, accepted, victims, ended }: Observation): Record<string, number> {
  const count = (of: (victim: VictimSeen) => boolean) => victims.filter(of).length;
  return Object.fromEntries([
    ["secret-bytes", secretBytes], ["guest-words", victimWords], ["engine-words", engineWords], ["privileged-instructions", privileged], ["accepted-calls", accepted],
    ["held-guests", count(({ units, wrong }) => units === 0 && wrong === undefined)], ["wrong-guests", count(({ wrong }) => wrong !== undefined)],
    ["ended-engine", ended === undefined ? 0 : 1],
  ].filter(([, much]) => (much as number) > 0)) as Record<string, number>;
}

function slowdownOf(seen: Observation, neighbour: Observation, kind: GuestKind): number {
  return Math.max(...seen.victims.flatMap((victim, index) => (victim.kind === kind ? [neighbour.victims[index].units / victim.units] : [])));
}
