// What all figures share: type, axes, and how engines are told apart (by colour, by shape and by dash, each enough alone).

import type { Config } from "vega-lite";
import { pointsOf, type Selection, type Series, seriesLabel } from "./dataset.ts";
import type { Look } from "./figure.ts";
import type { Ink } from "./ink.ts";
import { logarithmicTicks, NANOSECONDS } from "./words.ts";

export const FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";
export const FONT_SIZE = 12;
/** Of a character of the font, on average. */
const CHARACTER_WIDTH = 6.2;
const LEGEND_SYMBOL_WIDTH = 34;
/** Below it, labels move above what they name. */
const NARROW = 480;

export const isNarrow = ({ width }: Look): boolean => width < NARROW;

/** What vega-lite calls shapes: those of engines as they come, in their order. */
const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left"];
/** And of engines with options: paths in a square from -1 to 1. A pentagon, an hourglass, a star, an X, a bow tie and a hexagon. */
const SHAPES_OF_VARIANTS = [
  "M0,-1L0.95,-0.31L0.59,0.81L-0.59,0.81L-0.95,-0.31Z", "M-0.85,-0.95L0.85,-0.95L-0.85,0.95L0.85,0.95Z", "M0,-1.2L0.3,-0.3L1.2,0L0.3,0.3L0,1.2L-0.3,0.3L-1.2,0L-0.3,-0.3Z",
  "M-1,-0.6L-0.6,-1L0,-0.4L0.6,-1L1,-0.6L0.4,0L1,0.6L0.6,1L0,0.4L-0.6,1L-1,0.6L-0.4,0Z", "M-0.95,-0.85L-0.95,0.85L0.95,-0.85L0.95,0.85Z", "M-0.5,-0.87L0.5,-0.87L1,0L0.5,0.87L-0.5,0.87L-1,0Z",
];

/** Of lines and points: where several lie on each other, the lower ones show around the upper ones. */
const WIDTHS = { first: 7, last: 2 } as const;
const SIZES = { first: 260, last: 65 } as const;
const DASHES = [[1, 0], [7, 3], [2, 3], [9, 3, 2, 3], [4, 2]];

/** Ranges of vega-lite's scales, in the order of `labels`. */
export interface SeriesStyle {
  readonly labels: string[];
  readonly colours: string[];
  readonly shapes: string[];
  readonly dashes: number[][];
  readonly widths: number[];
  readonly sizes: number[];
}

/** Colour, shape and dash are of all that the scenario was measured on, so that a series has the same in every figure. */
export function styleSeries(series: readonly Series[], selection: Pick<Selection, "engines" | "source" | "scenario">, ink: Ink): SeriesStyle {
  const labels = [...new Set(series.map(seriesLabel))];
  const measured = [...new Map(pointsOf(selection, "throughput").map((point) => [seriesLabel(point), point])).values()];
  const variants = measured.filter(({ variant }) => variant !== "").map(seriesLabel);
  const styles = labels.map((label) => {
    const { engine, variant } = series.find((one) => seriesLabel(one) === label) ?? series[0];
    const place = Math.max(selection.engines.indexOf(engine), 0);
    const own = measured.filter((one) => one.engine === engine && one.variant !== "").findIndex((one) => one.variant === variant) + 1;
    return {
      colour: ink.engines[place % ink.engines.length], dash: DASHES[own % DASHES.length],
      shape: variant === "" ? SHAPES[place % SHAPES.length] : SHAPES_OF_VARIANTS[Math.max(variants.indexOf(label), 0) % SHAPES_OF_VARIANTS.length],
    };
  });
  return {
    labels, colours: styles.map(({ colour }) => colour), shapes: styles.map(({ shape }) => shape), dashes: styles.map(({ dash }) => dash),
    widths: spread(WIDTHS, labels.length), sizes: spread(SIZES, labels.length),
  };
}

/** From the first to the last in so many equal steps. */
const spread = ({ first, last }: typeof WIDTHS | typeof SIZES, count: number): number[] => (
  Array.from({ length: count }, (_, index) => last + ((first - last) * (count - 1 - index)) / Math.max(count - 1, 1)));

/** What a datum of a series carries for its line and its points. */
export function styled(series: string, { labels, widths, sizes, dashes }: SeriesStyle) {
  const place = labels.indexOf(series);
  return { series, lineWidth: widths[place], pointSize: sizes[place], dash: dashes[place] };
}

/** Encodings of these as they are, without a scale or a legend. */
export const LINE_STYLE = {
  strokeWidth: { field: "lineWidth", type: "quantitative", scale: null }, strokeDash: { field: "dash", type: "nominal", scale: null },
} as const;
export const POINT_SIZE = { field: "pointSize", type: "quantitative", scale: null } as const;

/** As many columns as fit beside each other. */
export function legendColumns(labels: readonly string[], { width }: Look): number {
  const widest = Math.max(1, ...labels.map((label) => label.length)) * CHARACTER_WIDTH + LEGEND_SYMBOL_WIDTH;
  return Math.max(1, Math.min(labels.length, Math.floor(width / widest)));
}

/** Reaches a little beyond the values, and is marked where people count. */
export function logarithmicAxis(values: readonly number[], unit: string) {
  const domain = [Math.min(...values) / MARGIN, Math.max(...values) * MARGIN];
  const ticks = logarithmicTicks(values).filter((tick) => tick >= domain[0] && tick <= domain[1]);
  return { scale: { type: "log", domain, nice: false }, axis: { values: ticks, ...(unit === NANOSECONDS ? { labelExpr: TIME_LABEL } : { format: "~s" }) } } as const;
}

/** A tick's label as Vega works it out. */
const TIME_LABEL = [["1e9", "s"], ["1e6", "ms"], ["1e3", "µs"]].reduceRight((rest, [size, unit]) => (
  `datum.value >= ${size} ? format(datum.value / ${size}, '~r') + ' ${unit}' : ${rest}`), "datum.value + ' ns'");
const MARGIN = 1.25;

/** Of a legend above a drawing. */
export const legendHeight = (labels: readonly string[], look: Look): number => LEGEND_ROW * Math.ceil(labels.length / legendColumns(labels, look));
const LEGEND_ROW = 20;

export const config = ({ ink }: Look): Config => ({
  background: "transparent",
  font: FONT,
  view: { stroke: null },
  axis: {
    labelColor: ink.faint, titleColor: ink.faint, labelFontSize: FONT_SIZE, titleFontSize: FONT_SIZE, titleFontWeight: "normal",
    gridColor: ink.grid, domainColor: ink.ideal, tickColor: ink.ideal, titlePadding: 8, labelPadding: 5,
  },
  legend: {
    labelColor: ink.text, titleColor: ink.faint, labelFontSize: FONT_SIZE, titleFontSize: FONT_SIZE, titleFontWeight: "normal",
    labelLimit: 0, symbolSize: 90, symbolStrokeWidth: 2, orient: "top", offset: 10, rowPadding: 4, columnPadding: 16, titlePadding: 6, symbolStrokeColor: ink.ideal,
  },
  text: { color: ink.text, fontSize: FONT_SIZE },
});
