// Percentiles of what guests timed, or of the time of frames through the machine.

import type { MetricName } from "../results/metrics.ts";
import { pointsOf, type Selection, type Series, seriesLabel } from "./dataset.ts";
import type { Figure } from "./figure.ts";
import { config, isNarrow, legendColumns, legendHeight, LINE_STYLE, logarithmicAxis, POINT_SIZE, styled, styleSeries } from "./style.ts";
import { amount, listed, span } from "./words.ts";

const PERCENTILES = ["p50", "p90", "p99", "p99.9", "max"] as const;
type Percentile = (typeof PERCENTILES)[number];

export interface LatencyValue extends Series {
  readonly percentile: Percentile;
  readonly value: number;
  readonly unit: string;
}

/** At the selection's number of harts; of frames, where there are any. */
export function latencyValues(selection: Selection): LatencyValue[] {
  const of = (prefix: string) => PERCENTILES.flatMap((percentile) => (
    pointsOf(selection, `${prefix}-${percentile}` as MetricName).filter(({ harts, value }) => harts === selection.harts && value > 0)
      .map(({ engine, variant, value, unit }): LatencyValue => ({ engine, variant, percentile, value, unit }))));
  const frames = of("packet-latency");
  return frames.length > 0 ? frames : of("latency");
}

export const latency: Figure = {
  name: "latency",
  title: "Latency percentiles",
  reading: "Of every event that the guests timed, or of every frame through the machine at half load; lower is better. A flat line is a predictable engine: what matters is how far it rises towards the right.",
  absent: "Guests of this workload time nothing.",
  draw: (selection, look) => {
    const values = latencyValues(selection);
    if (values.length === 0) return undefined;
    const style = styleSeries(values, selection, look.ink);
    const { labels, colours, shapes } = style;
    const series = { field: "series", type: "nominal" } as const;
    const legend = { title: null, columns: legendColumns(labels, look) };
    const [{ unit }] = values;
    const sort: string[] = [...PERCENTILES];
    const x = { field: "percentile", type: "ordinal", sort, title: "percentile", axis: { labelAngle: 0 } } as const;
    const y = { field: "value", type: "quantitative", title: unit, ...logarithmicAxis(values.map(({ value }) => value), unit) } as const;
    const color = { ...series, scale: { domain: labels, range: colours }, legend } as const;
    const at = (percentile: Percentile) => values.filter((value) => value.percentile === percentile && value.variant === "");
    const most = at("max");
    return {
      spec: {
        $schema: "https://vega.github.io/schema/vega-lite/v6.json",
        config: config(look), width: look.width, height: (isNarrow(look) ? 220 : 270) + legendHeight(labels, look), autosize: { type: "fit", contains: "padding" },
        data: { values: values.map((value) => ({ ...value, ...styled(seriesLabel(value), style) })) },
        layer: [
          {
            mark: { type: "line" },
            encoding: { x, y, color, ...LINE_STYLE },
          },
          {
            mark: { type: "point", filled: true, opacity: 1 },
            encoding: {
              x, y, color, shape: { ...series, scale: { domain: labels, range: shapes }, legend }, size: POINT_SIZE,
              tooltip: [{ ...series, title: "engine" }, { field: "percentile", type: "nominal" }, { field: "value", type: "quantitative", title: unit, format: ",.4~r" }],
            },
          },
        ],
      },
      says: `From median to most: ${listed(at("p50").map(({ engine, value }) => `${engine} ${span(value, most.find((other) => other.engine === engine)?.value ?? value, unit)}`))}.`,
      table: {
        head: ["engine", ...PERCENTILES],
        body: [...Map.groupBy(values, seriesLabel)].map(([label, own]) => [
          label, ...PERCENTILES.map((percentile) => own.filter((value) => value.percentile === percentile).map(({ value }) => amount(value, unit)).join("")),
        ]),
      },
    };
  },
};
