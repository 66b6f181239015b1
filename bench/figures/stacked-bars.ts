// A bar for each engine, in parts: the drawing that several figures are.

import type { TopLevelSpec } from "vega-lite";
import { type Series, seriesLabel } from "./dataset.ts";
import type { Look, Table } from "./figure.ts";
import { config, FONT_SIZE, isNarrow, legendColumns } from "./style.ts";
import { short } from "./words.ts";

export interface PartValue extends Series {
  readonly part: string;
  readonly value: number;
}

interface Request {
  readonly values: readonly PartValue[];
  /** In the order of the stack, each with its place among the ink's colours of parts. */
  readonly parts: ReadonlyMap<string, number>;
  readonly look: Look;
  readonly title: string;
  /** What is written at a bar's end. */
  readonly total: (sum: number, label: string) => string;
  /** Ends the axis here rather than behind the longest bar. */
  readonly end?: number;
}

const STEP = 34;
/** With the name above the bar. */
const STEP_WITH_NAME = 46;
/** Longer names are written above their bars. */
const MOST_OF_NAMES = 0.3;

export function stackedBars({ values, parts, look, title, total, end }: Request): TopLevelSpec {
  const names = [...parts.keys()];
  const labels = [...new Set(values.map(seriesLabel))];
  const data = values.map((value) => ({ ...value, series: seriesLabel(value), order: names.indexOf(value.part) }));
  const sums = labels.map((label) => {
    const sum = data.filter(({ series }) => series === label).reduce((all, { value }) => all + value, 0);
    return { series: label, sum, written: total(sum, label) };
  });
  const longest = Math.max(...sums.map(({ sum }) => sum));
  const room = Math.max(...sums.map(({ written }) => written.length)) * FONT_SIZE * 0.56;
  const longestName = Math.max(...labels.map((label) => label.length)) * FONT_SIZE * 0.54;
  const above = isNarrow(look) || longestName > MOST_OF_NAMES * look.width;
  const namesWidth = above ? 0 : longestName;
  const plot = Math.max(look.width - namesWidth - 40, 120);
  const y = {
    field: "series", type: "nominal", sort: labels, title: null,
    axis: above ? null : { labelColor: look.ink.text, labelLimit: 0, domain: false, ticks: false },
  } as const;
  const domain = [0, end ?? (longest * plot) / Math.max(plot - room - 12, plot / 3)];
  const x = {
    field: "value", type: "quantitative", title, stack: "zero", scale: { domain, nice: false }, axis: { tickCount: 5, format: longest < 1 ? "~g" : "~s" },
  } as const;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    config: config(look), width: look.width, height: labels.length * (above ? STEP_WITH_NAME : STEP), autosize: { type: "fit-x", contains: "padding" },
    layer: [
      {
        data: { values: data },
        mark: { type: "bar", height: 18, stroke: look.ink.paper, strokeWidth: 1, yOffset: above ? 9 : 0 },
        encoding: {
          y, x, order: { field: "order", type: "quantitative" },
          color: {
            field: "part", type: "nominal", scale: { domain: names, range: [...parts.values()].map((place) => look.ink.parts[place % look.ink.parts.length]) },
            legend: { title: null, symbolType: "square", columns: legendColumns(names, look) },
          },
          tooltip: [{ field: "series", type: "nominal", title: "engine" }, { field: "part", type: "nominal" }, { field: "value", type: "quantitative", title, format: ",.4~r" }],
        },
      },
      ...(end === undefined ? [{
        data: { values: sums },
        mark: { type: "text", align: "left", baseline: "middle", dx: 6, dy: above ? 9 : 0 } as const,
        encoding: { y, x: { field: "sum", type: "quantitative" } as const, text: { field: "written", type: "nominal" } as const },
      }] : []),
      ...(above ? [{
        data: { values: sums },
        mark: { type: "text", align: "left", baseline: "bottom", x: 0, dy: -2 } as const,
        encoding: { y, text: { field: "series", type: "nominal" } as const },
      }] : []),
    ],
  };
}

/** A row for each engine, a column for each part. */
export function partTable(values: readonly PartValue[], parts: Iterable<string>, write: (value: number) => string = short): Table {
  const names = [...parts];
  return {
    head: ["engine", ...names],
    body: [...Map.groupBy(values, seriesLabel)].map(([label, own]) => [
      label, ...names.map((part) => own.filter((value) => value.part === part).map(({ value }) => write(value)).join("")),
    ]),
  };
}
