// A line for each engine over the number of harts: the drawing that several figures are.

import type { TopLevelSpec } from "vega-lite";
import { hartsOf, type Point, type Selection, type Series, seriesLabel } from "./dataset.ts";
import type { Look, Table } from "./figure.ts";
import { config, isNarrow, legendColumns, legendHeight, LINE_STYLE, logarithmicAxis, POINT_SIZE, styled, styleSeries } from "./style.ts";
import { harts, listed, short } from "./words.ts";

/** What one engine has at one number of harts. */
export interface HartValue extends Series {
  readonly harts: number;
  readonly value: number;
  /** Of the interval; null where figures are exact. */
  readonly low: number | null;
  readonly high: number | null;
}

/** A value that is no engine's, at each number of harts. */
export interface Reference {
  readonly label: string;
  readonly at: (harts: number) => number;
}

interface Request {
  readonly values: readonly HartValue[];
  readonly selection: Pick<Selection, "engines" | "source" | "scenario">;
  readonly look: Look;
  readonly title: string;
  readonly logarithmic: boolean;
  readonly reference?: Reference;
}

const HEIGHT = 270;
const NARROW_HEIGHT = 220;
const REFERENCE_DASH = [3, 4];

export const hartValue = ({ engine, variant, harts, value, low, high }: Point): HartValue => ({ engine, variant, harts, value, low, high });

export function hartLines({ values, selection, look, title, logarithmic, reference }: Request): TopLevelSpec {
  const style = styleSeries(values, selection, look.ink);
  const data = values.map((value) => ({ ...value, ...styled(seriesLabel(value), style) }));
  const counts = hartsOf(values);
  const series = { field: "series", type: "nominal" } as const;
  const legend = { title: null, columns: legendColumns(style.labels, look) };
  const domain = [counts[0], counts[counts.length - 1]];
  const { labels, colours, shapes } = style;
  const x = {
    field: "harts", type: "quantitative", title: "harts",
    scale: { type: "log", base: 2, domain, nice: false, padding: 12 }, axis: { values: counts, format: "d", grid: false },
  } as const;
  const all = [...values.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]), ...(reference === undefined ? [] : counts.map(reference.at))];
  const y = { field: "value", type: "quantitative", title, ...(logarithmic ? logarithmicAxis(all, title) : { scale: { zero: true, nice: true }, axis: { format: "~r", tickCount: 6 } }) } as const;
  const color = { ...series, scale: { domain: labels, range: colours }, legend } as const;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    config: config(look), width: look.width, height: (isNarrow(look) ? NARROW_HEIGHT : HEIGHT) + legendHeight(labels, look), autosize: { type: "fit", contains: "padding" },
    layer: [
      ...(reference === undefined ? [] : [{
        data: { values: counts.map((count) => ({ harts: count, value: reference.at(count), series: reference.label })) },
        mark: { type: "line", strokeDash: REFERENCE_DASH, strokeWidth: 1.5, color: look.ink.ideal } as const,
        encoding: { x, y },
      }, {
        data: { values: counts.slice(-1).map((count) => ({ harts: count, value: reference.at(count), series: reference.label })) },
        mark: { type: "text", align: "right", baseline: "bottom", dx: -10, dy: -4, color: look.ink.faint, text: reference.label } as const,
        encoding: { x, y },
      }]),
      ...(values.some(({ low }) => low !== null) ? [{
        data: { values: data },
        mark: { type: "rule", strokeWidth: 1.5 } as const,
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
      }] : []),
      {
        data: { values: data },
        mark: { type: "line" } as const,
        encoding: { x, y, color, ...LINE_STYLE },
      },
      {
        data: { values: data },
        mark: { type: "point", filled: true, opacity: 1 } as const,
        encoding: {
          x, y, color, shape: { ...series, scale: { domain: labels, range: shapes }, legend }, size: POINT_SIZE,
          tooltip: [{ ...series, title: "engine" }, { field: "harts", type: "quantitative", title: "harts" }, { field: "value", type: "quantitative", title, format: ",.4~r" }],
        },
      },
    ],
  };
}

/** A row for each engine, a column for each number of harts. */
export function hartTable(values: readonly HartValue[], write: (value: number) => string = short): Table {
  const counts = hartsOf(values);
  return {
    head: ["engine", ...counts.map(String)],
    body: [...Map.groupBy(values, seriesLabel)].map(([label, own]) => [
      label, ...counts.map((count) => {
        const found = own.find((value) => value.harts === count);
        return found === undefined ? "" : write(found.value);
      }),
    ]),
  };
}

/** What each engine as it comes has at its most harts: those with the same number together, the most first. */
export function sayAtMost(values: readonly HartValue[], write: (value: number) => string = short): string {
  const byHarts = [...Map.groupBy(atMostHarts(values), ({ harts }) => harts)].sort(([left], [right]) => right - left);
  return byHarts.map(([count, own]) => `${listed(own.map(({ engine, value }) => `${engine} ${write(value)}`))} at ${harts(count)}`).join("; ");
}

/** Of each engine as it comes, at its most harts. */
export function atMostHarts(values: readonly HartValue[]): HartValue[] {
  return [...Map.groupBy(values.filter(({ variant }) => variant === ""), ({ engine }) => engine).values()]
    .map((own) => own.reduce((most, value) => (value.harts > most.harts ? value : most)));
}
