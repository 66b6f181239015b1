// The matrix of attacks, from rows alone: an outcome for each engine, and what honest guests received.

import { OUTCOMES } from "../isolation/judge.ts";
import { weakeningOf } from "../isolation/weakened.ts";
import type { CaseView } from "./case-view.ts";
import { type Column, formatFigure, formatTable, indent } from "./table.ts";

const PREFIX = "attack-";
/** Of a table of figures: names of attacks, and numbers of at most four characters. */
const MOST_COLUMNS = 11;

/** Whether a case is of an attack, or of what attacks are compared with. */
export const isOfIsolation = ({ first }: CaseView): boolean => first.workload.startsWith(PREFIX);

interface Line {
  readonly attack: string;
  readonly cases: readonly CaseView[];
}

export function isolationSection(cases: readonly CaseView[]): string {
  const tried = cases.filter((view) => (view.row("isolation") !== undefined || view.first.status !== "ok") && !isNeighbourless(view) && !isBesideUsual(view, cases));
  if (tried.length === 0) return "";
  const lines = [...Map.groupBy(tried, ({ first }) => first.workload.slice(PREFIX.length))].map(([attack, views]): Line => ({ attack, cases: views }));
  const engines = [...new Set(tried.map(({ first }) => first.engine))];
  return [
    `Isolation: what became of each attack; model clock, ${tried[0].first.profile}; exact`,
    "  At the number of harts where it is worst. n×: nothing was reached, but the",
    "  honest guest slowed most was so much slower than beside a neighbour that only",
    "  computes. ESCAPED: see below. –: there is nothing of the kind to attack.",
    "  !: the engine failed its claims",
    "",
    indent(formatTable(matrixColumns(engines), lines)),
    "",
    "Least share that an honest computing guest received, in percent of its due",
    `  ${engines.map((engine) => `${initialOf(engine)}: ${engine}`).join("; ")};`,
    "  with the number of harts. Above 100 where others left time unused",
    "",
    ...placeTables(engines, tried, lines, share),
    "",
    "Latest that an honest guest was woken by its timer, in thousands of cycles",
    "",
    ...placeTables(engines, tried, lines, latest),
    ...reachedLines(tried),
  ].join("\n");
}

/** Whether it is what attacks are compared with, on an engine that has not what they attack. */
const isNeighbourless = ({ first }: CaseView): boolean => first.status === "unsupported" && first.workload.startsWith(`${PREFIX}none`);

/** Whether a case is of an option that exists to be attacked, tried beside the usual one. */
function isBesideUsual({ first }: CaseView, cases: readonly CaseView[]): boolean {
  const weakening = weakeningOf(first.options);
  if (weakening === undefined) return false;
  const usual = first.options.split(" ").filter((word) => word !== `${weakening.option}=${weakening.value}`).join(" ");
  return cases.some((other) => other.first.options === usual && other.first.workload === first.workload
    && other.first.engine === first.engine && other.first.harts === first.harts);
}

function reachedLines(cases: readonly CaseView[]): string[] {
  const escapes = cases.filter((view) => view.subjects("isolation-reached").length > 0);
  const byAttack = Map.groupBy(escapes, ({ first }) => `${first.engine}, ${first.workload.slice(PREFIX.length)}`);
  return escapes.length === 0 ? [] : ["", "What was reached, at the fewest harts", ...[...byAttack].map(([label, views]) => `  ${label}: ${reached(views[0])}`)];
}

function matrixColumns(engines: readonly string[]): Column<Line>[] {
  return [
    { title: "attack", align: "left", text: ({ attack }) => attack },
    ...engines.map((engine): Column<Line> => ({ title: engine, align: "left", text: ({ cases }) => cell(cases.filter(({ first }) => first.engine === engine)) })),
  ];
}

/** The worst of an attack on one engine. */
function cell(views: readonly CaseView[]): string {
  const outcomes = views.flatMap((view) => view.value("isolation") ?? []);
  if (outcomes.length === 0) return views.some(({ first }) => first.status === "failed") ? "failed" : views.length === 0 ? "" : "–";
  const failed = views.some(({ first }) => first.status === "failed") ? " !" : "";
  const worst = OUTCOMES[Math.max(...outcomes)];
  if (worst === "escaped") return `ESCAPED${failed}`;
  if (worst === "contained") return `contained${failed}`;
  const slowdown = Math.max(...views.flatMap((view) => view.subjects("isolation-slowdown").map((kind) => view.value("isolation-slowdown", kind) ?? 0)));
  return `${slowdown.toFixed(2)}×${failed}`;
}

/** Tables of as many engines as fit a line of 80 columns beside each other, with a blank line between. */
function placeTables(engines: readonly string[], cases: readonly CaseView[], lines: readonly Line[], text: (view: CaseView | undefined) => string): string[] {
  const tables: string[] = [];
  let beside: string[] = [];
  for (const engine of engines) {
    if (beside.length > 0 && placeColumns([...beside, engine], cases, text).length > MOST_COLUMNS) {
      tables.push(indent(formatTable(placeColumns(beside, cases, text), lines)), "");
      beside = [];
    }
    beside.push(engine);
  }
  return [...tables, indent(formatTable(placeColumns(beside, cases, text), lines))];
}

/** A column for each engine on each number of harts. */
function placeColumns(engines: readonly string[], cases: readonly CaseView[], text: (view: CaseView | undefined) => string): Column<Line>[] {
  const places = engines.flatMap((engine) => {
    const counts = new Set(cases.filter(({ first }) => first.engine === engine).map(({ first }) => first.harts));
    return [...counts].sort((a, b) => a - b).map((harts) => ({ engine, harts }));
  });
  return [
    { title: "attack", align: "left", text: ({ attack }) => attack },
    ...places.map(({ engine, harts }): Column<Line> => ({
      title: `${initialOf(engine)}${harts}`, align: "right",
      text: ({ cases: views }) => text(views.find(({ first }) => first.engine === engine && first.harts === harts)),
    })),
  ];
}

/** So that ten columns fit a line. */
const initialOf = (engine: string): string => engine[0].toUpperCase();

function share(view: CaseView | undefined): string {
  const value = view?.value("isolation-share") ?? null;
  return value === null ? "" : value < 99.5 ? value.toFixed(1) : value.toFixed(0);
}

/** Empty where none was woken. */
function latest(view: CaseView | undefined): string {
  const value = view?.value("isolation-latency-max") ?? 0;
  return value === 0 ? "" : (value / 1000).toFixed(0);
}

function reached(view: CaseView): string {
  return view.subjects("isolation-reached").map((what) => `${formatFigure(view.value("isolation-reached", what)).replace(/\.0+$/, "")} ${what.replace("-", " ")}`).join(", ");
}
