// What became of each attack on each engine, at the number of harts where it is worst.

import type { TopLevelSpec } from "vega-lite";
import { attackName, isAttack, type Point, type Selection } from "./dataset.ts";
import type { Figure, Look } from "./figure.ts";
import { config, FONT_SIZE, isNarrow, legendColumns } from "./style.ts";
import { short } from "./words.ts";

/** By the value of the metric `isolation`; what was not attacked has no value. */
export const OUTCOMES = ["contained", "slower", "escaped", "nothing to attack"] as const;
type Outcome = (typeof OUTCOMES)[number];

export interface AttackValue {
  readonly attack: string;
  readonly engine: string;
  readonly outcome: Outcome;
  /** How many times slower the honest guest that was slowed most was; 0 where none was measured. */
  readonly slowdown: number;
  /** What was reached, as `16 secret bytes`. */
  readonly reached: readonly string[];
}

/** Attacks in the order of the source; engines that any was tried on, as they come. */
export function attackValues({ source, engines }: Pick<Selection, "source" | "engines">): AttackValue[] {
  const points = source.points.filter(({ scenario }) => isAttack(scenario));
  const tried = engines.filter((engine) => points.some((point) => point.metric === "isolation" && point.engine === engine));
  const attacks = [...new Set(points.filter(({ metric }) => metric === "isolation").map(({ scenario }) => scenario))];
  return attacks.flatMap((scenario) => tried.map((engine): AttackValue => (
    { attack: attackName(scenario), engine, ...worst(asItComes(points.filter((point) => point.scenario === scenario && point.engine === engine))) })));
}

/** Without options where it was tried so; some attacks need one, as for a device that engines do not have otherwise. */
function asItComes(points: readonly Point[]): readonly Point[] {
  const usual = points.filter(({ variant }) => variant === "");
  return usual.some(({ metric }) => metric === "isolation") ? usual : points;
}

function worst(points: readonly Point[]): Pick<AttackValue, "outcome" | "slowdown" | "reached"> {
  const of = (metric: string) => points.filter((point) => point.metric === metric);
  const outcomes = of("isolation").map(({ value }) => value);
  if (outcomes.length === 0) return { outcome: OUTCOMES[3], slowdown: 0, reached: [] };
  const reached = of("isolation-reached").filter(({ value }) => value > 0);
  const fewest = Math.min(...reached.map(({ harts }) => harts));
  return {
    outcome: OUTCOMES[Math.max(...outcomes)],
    slowdown: Math.max(0, ...of("isolation-slowdown").map(({ value }) => value)),
    reached: reached.filter(({ harts }) => harts === fewest).map(({ subject, value }) => `${short(value)} ${subject.replaceAll("-", " ")}`),
  };
}

const SYMBOLS: Readonly<Record<Outcome, string>> = { contained: "✓", slower: "", escaped: "✕", "nothing to attack": "–" };

export function written({ outcome, slowdown }: AttackValue, brief: boolean): string {
  if (outcome === "slower") return brief ? `${slowdown.toFixed(2)}×` : `${slowdown.toFixed(2)}× slower`;
  return brief || outcome === OUTCOMES[3] ? SYMBOLS[outcome] : `${SYMBOLS[outcome]} ${outcome}`;
}

export const isolation: Figure = {
  name: "isolation",
  title: "What one hostile guest can do to the others",
  reading: "Contained: the others kept their secrets, their results and their share, and were served as before. n× slower: nothing was reached, but an honest guest was slowed that much, at the number of harts where it is worst. Escaped: the attacker read or changed what is not its own, or ended others. Outcomes are observed from outside, never declared by an engine.",
  absent: "These results have no attacks: npm run bench -- --only isolation.",
  draw: (selection, look) => {
    const values = attackValues(selection);
    if (values.length === 0) return undefined;
    const count = (engine: string, outcome: Outcome) => values.filter((value) => value.engine === engine && value.outcome === outcome).length;
    const engines = [...new Set(values.map(({ engine }) => engine))];
    return {
      spec: matrix(values, engines, look),
      says: `${engines.map((engine) => `${engine}: ${count(engine, "contained")} contained, ${count(engine, "slower")} slower, ${count(engine, "escaped")} escaped`).join("; ")}.`,
      table: {
        head: ["attack", ...engines],
        body: [...Map.groupBy(values, ({ attack }) => attack)].map(([attack, own]) => [attack, ...own.map((value) => [written(value, false), ...value.reached].join("; "))]),
      },
    };
  },
};

const STEP = 25;
/** Below so many pixels, a cell has room for a sign only. */
const ROOM_FOR_WORDS = 92;
const NAMES_WIDTH = 120;

function matrix(values: readonly AttackValue[], engines: string[], look: Look): TopLevelSpec {
  const brief = (look.width - NAMES_WIDTH) / engines.length < ROOM_FOR_WORDS;
  const data = values.map((value) => ({ ...value, written: written(value, brief), reached: value.reached.join(", ") }));
  const x = {
    field: "engine", type: "nominal", sort: engines, title: null,
    axis: { orient: "top", labelAngle: brief ? -30 : 0, labelAlign: brief ? "left" : "center", labelColor: look.ink.text, labelLimit: 0, domain: false, ticks: false, grid: false },
  } as const;
  const y = { field: "attack", type: "nominal", sort: null, title: null, axis: { labelColor: look.ink.text, labelLimit: 0, domain: false, ticks: false, minExtent: NAMES_WIDTH } } as const;
  const domain: string[] = [...OUTCOMES];
  const outcomes = (colours: readonly string[]) => ({ field: "outcome", type: "nominal" as const, scale: { domain, range: [...colours] } });
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    config: config(look), width: look.width, height: new Set(values.map(({ attack }) => attack)).size * STEP, autosize: { type: "fit-x", contains: "padding" },
    data: { values: data }, encoding: { x, y },
    layer: [
      {
        mark: { type: "rect", stroke: look.ink.paper, strokeWidth: 2, cornerRadius: 3 },
        encoding: {
          fill: { ...outcomes(look.ink.outcomes), legend: { title: null, columns: legendColumns(OUTCOMES, look), symbolType: "square", orient: isNarrow(look) ? "bottom" : "top" } },
          tooltip: [{ field: "attack", type: "nominal" }, { field: "engine", type: "nominal" }, { field: "outcome", type: "nominal" }, { field: "reached", type: "nominal", title: "reached" }],
        },
      },
      { mark: { type: "text", fontSize: FONT_SIZE }, encoding: { text: { field: "written", type: "nominal" }, color: { ...outcomes(look.ink.onOutcomes), legend: null } } },
    ],
    resolve: { scale: { color: "independent" } },
  };
}
