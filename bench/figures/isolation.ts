// What became of each attack on each engine, at the number of harts where it is worst.

import { attackName, isAttack, type Point, type Selection } from "./dataset.ts";
import type { Figure, Look } from "./figure.ts";
import { BROKEN, type Cell, isBrief, matrix } from "./matrix.ts";
import { short } from "./words.ts";

/** By the value of the metric `isolation`; what was not attacked has no value, nor what could not be. */
const OUTCOMES = ["contained", "slower", "escaped", "nothing to attack", "not measured"] as const;
type Outcome = (typeof OUTCOMES)[number];
const COLOURS: Readonly<Record<Outcome, number>> = { contained: 0, slower: 1, escaped: 2, "nothing to attack": 3, "not measured": 3 };
const KINDS = OUTCOMES.map((name) => ({ name, colour: COLOURS[name] }));

export interface AttackValue {
  readonly attack: string;
  readonly engine: string;
  readonly outcome: Outcome;
  /** How many times slower the honest guest that was slowed most was; 0 where none was measured. */
  readonly slowdown: number;
  /** What was reached, as `16 secret bytes`. */
  readonly reached: readonly string[];
  /** It is not what the engine claims, at some number of harts. */
  readonly broken: boolean;
}

/** Attacks in the order of the source; engines that any was tried on, as they come. */
export function attackValues({ source, engines }: Pick<Selection, "source" | "engines">): AttackValue[] {
  const points = source.points.filter(({ scenario }) => isAttack(scenario));
  const attacks = [...new Set(points.filter(({ metric }) => metric === "isolation").map(({ scenario }) => scenario))];
  // A case that failed without an outcome was tried too.
  const tried = engines.filter((engine) => points.some((point) => point.engine === engine && attacks.includes(point.scenario)));
  return attacks.flatMap((scenario) => tried.map((engine): AttackValue => (
    { attack: attackName(scenario), engine, ...worst(asItComes(points.filter((point) => point.scenario === scenario && point.engine === engine))) })));
}

/** Without options where it was tried so; some attacks need one, as for a device that engines do not have otherwise. */
function asItComes(points: readonly Point[]): readonly Point[] {
  const usual = points.filter(({ variant }) => variant === "");
  return usual.some(({ metric }) => metric === "isolation") ? usual : points;
}

function worst(points: readonly Point[]): Omit<AttackValue, "attack" | "engine"> {
  const of = (metric: string) => points.filter((point) => point.metric === metric);
  const outcomes = of("isolation").map(({ value }) => value);
  const broken = points.some(({ failed }) => failed);
  if (outcomes.length === 0) return { outcome: broken ? "not measured" : "nothing to attack", slowdown: 0, reached: [], broken };
  const reached = of("isolation-reached").filter(({ value }) => value > 0);
  const fewest = Math.min(...reached.map(({ harts }) => harts));
  return {
    outcome: OUTCOMES[Math.max(...outcomes)],
    slowdown: Math.max(0, ...of("isolation-slowdown").map(({ value }) => value)),
    broken,
    reached: reached.filter(({ harts }) => harts === fewest).map(({ subject, value }) => `${short(value)} ${subject.replaceAll("-", " ")}`),
  };
}

const SYMBOLS: Readonly<Record<Outcome, string>> = { contained: "✓", slower: "", escaped: "✕", "nothing to attack": "–", "not measured": "?" };

export function written({ outcome, slowdown }: AttackValue, brief: boolean): string {
  if (outcome === "slower") return brief ? `${slowdown.toFixed(2)}×` : `${slowdown.toFixed(2)}× slower`;
  return brief || outcome === "nothing to attack" ? SYMBOLS[outcome] : `${SYMBOLS[outcome]} ${outcome}`;
}

export const isolation: Figure = {
  name: "isolation",
  title: "What one hostile guest can do to the others",
  reading: "Contained: the others kept their secrets, their results and their share, and were served as before. n× slower: nothing was reached, but an honest guest was slowed that much, at the number of harts where it is worst. Escaped: the attacker read or changed what is not its own, or ended others. Outcomes are observed from outside, never declared by an engine; what is not as the engine claims is in a frame, with \"!\".",
  absent: "These results have no attacks: npm run bench -- --only isolation.",
  draw: (selection, look) => {
    const values = attackValues(selection);
    if (values.length === 0) return undefined;
    const count = (engine: string, outcome: Outcome) => values.filter((value) => value.engine === engine && value.outcome === outcome).length;
    const engines = [...new Set(values.map(({ engine }) => engine))];
    return {
      spec: matrix(cellsOf(values, engines, look), "attack", KINDS, look),
      says: `${sayBroken(values)} ${engines.map((engine) => `${engine}: ${count(engine, "contained")} contained, ${count(engine, "slower")} slower, ${count(engine, "escaped")} escaped`).join("; ")}.`,
      table: {
        head: ["attack", ...engines],
        body: [...Map.groupBy(values, ({ attack }) => attack)].map(([attack, own]) => [attack, ...own.map((value) => [`${written(value, false)}${value.broken ? BROKEN : ""}`, ...value.reached].join("; "))]),
      },
    };
  },
};

function sayBroken(values: readonly AttackValue[]): string {
  const broken = values.filter((value) => value.broken);
  return broken.length === 0 ? "Every engine is as it claims." : `Not as the engine claims: ${broken.map(({ attack, engine }) => `${attack} on ${engine}`).join(", ")}.`;
}

function cellsOf(values: readonly AttackValue[], engines: readonly string[], look: Look): Cell[] {
  const brief = isBrief(engines, look);
  return values.map((value) => ({ row: value.attack, engine: value.engine, kind: value.outcome, written: written(value, brief), detail: value.reached.join(", "), broken: value.broken }));
}
