// A matrix of words and figures, an engine a column: what each cell says is written in it, its colour repeats that.

import type { TopLevelSpec } from "vega-lite";
import type { Look } from "./figure.ts";
import { config, FONT_SIZE, isNarrow, legendColumns } from "./style.ts";

export interface Cell {
  readonly row: string;
  readonly engine: string;
  /** Name of its kind. */
  readonly kind: string;
  readonly written: string;
  /** What a reader who points at it is told besides. */
  readonly detail: string;
  /** It is not what the engine claims: framed, and with a mark behind what is written. */
  readonly broken: boolean;
}

/** A kind of cells, and its place among the ink's outcomes. */
export interface CellKind {
  readonly name: string;
  readonly colour: number;
}

/** Behind what is written in a cell that is framed. */
export const BROKEN = " !";

const STEP = 25;
/** Below so many pixels, a cell has room for a sign or a short figure only. */
const ROOM_FOR_WORDS = 92;
const NAMES_WIDTH = 120;

export const isBrief = (engines: readonly string[], look: Look): boolean => (look.width - NAMES_WIDTH) / engines.length < ROOM_FOR_WORDS;

/** `rows`: what a row is. */
export function matrix(cells: readonly Cell[], rows: string, kinds: readonly CellKind[], look: Look): TopLevelSpec {
  const engines = [...new Set(cells.map(({ engine }) => engine))];
  const present = kinds.filter(({ name }) => cells.some(({ kind }) => kind === name));
  const brief = isBrief(engines, look);
  const data = cells.map(({ row, written, ...cell }) => ({ ...cell, [rows]: row, written: `${written}${cell.broken ? BROKEN : ""}`, claim: cell.broken ? "not kept" : "kept" }));
  const x = {
    field: "engine", type: "nominal", sort: engines, title: null,
    axis: { orient: "top", labelAngle: brief ? -30 : 0, labelAlign: brief ? "left" : "center", labelColor: look.ink.text, labelLimit: 0, domain: false, ticks: false, grid: false },
  } as const;
  const y = { field: rows, type: "nominal", sort: null, title: null, axis: { labelColor: look.ink.text, labelLimit: 0, domain: false, ticks: false, minExtent: NAMES_WIDTH } } as const;
  const domain = present.map(({ name }) => name);
  const ofKinds = (colours: readonly string[]) => ({ field: "kind", type: "nominal" as const, scale: { domain, range: present.map(({ colour }) => colours[colour]) } });
  const nominal = (field: string) => ({ field, type: "nominal" as const });
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    config: config(look), width: look.width, height: new Set(cells.map(({ row }) => row)).size * STEP, autosize: { type: "fit-x", contains: "padding" },
    // The last of the slanted names reaches beyond its column.
    ...(brief ? { padding: { left: 5, top: 5, right: 30, bottom: 5 } } : {}),
    data: { values: data }, encoding: { x, y },
    layer: [
      {
        mark: { type: "rect", stroke: look.ink.paper, strokeWidth: 2, cornerRadius: 3 },
        encoding: {
          fill: { ...ofKinds(look.ink.outcomes), legend: { title: null, columns: legendColumns(domain, look), symbolType: "square", orient: isNarrow(look) ? "bottom" : "top" } },
          tooltip: [nominal(rows), nominal("engine"), { ...nominal("kind"), title: "outcome" }, { ...nominal("detail"), title: "reached" }, nominal("claim")],
        },
      },
      { transform: [{ filter: "datum.broken" }], mark: { type: "rect", filled: false, stroke: look.ink.text, strokeWidth: 2, cornerRadius: 3 } },
      { mark: { type: "text", fontSize: FONT_SIZE }, encoding: { text: nominal("written"), color: { ...ofKinds(look.ink.onOutcomes), legend: null } } },
    ],
    resolve: { scale: { color: "independent" } },
  };
}
