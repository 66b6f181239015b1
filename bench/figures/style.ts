// What all figures share: type, axes, and how engines are told apart (by colour, by shape and by dash, each enough alone).

import type { Config } from "vega-lite";
import { type Series, seriesLabel } from "./dataset.ts";
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

/** What vega-lite calls shapes; the first ones are of engines as they come, in their order. */
const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left", "arrow", "wedge", "stroke"];
/** Of lines and points: where several lie on each other, the lower ones show around the upper ones. */
const WIDTHS = { first: 5, last: 2 } as const;
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

/** Colour and first shape go with the engine, so that they are the same in every figure. */
export function styleSeries(series: readonly Series[], engines: readonly string[], ink: Ink): SeriesStyle {
  const different = [...new Map(series.map((one) => [seriesLabel(one), one])).values()];
  const place = ({ engine }: Series) => Math.max(engines.indexOf(engine), 0);
  const own = new Set(different.filter(({ variant }) => variant === "").map((one) => SHAPES[place(one) % SHAPES.length]));
  const free = SHAPES.filter((shape) => !own.has(shape)).reverse();
  const shapes = different.map((one) => (one.variant === "" ? SHAPES[place(one) % SHAPES.length] : free.pop() ?? SHAPES[0]));
  const variants = different.map((one, index) => different.slice(0, index).filter(({ engine }) => engine === one.engine).length);
  return {
    labels: different.map(seriesLabel),
    colours: different.map((one) => ink.engines[place(one) % ink.engines.length]),
    shapes,
    widths: spread(WIDTHS, different.length),
    sizes: spread(SIZES, different.length),
    dashes: variants.map((variant) => DASHES[variant % DASHES.length]),
  };
}

/** From the first to the last in so many equal steps. */
const spread = ({ first, last }: typeof WIDTHS | typeof SIZES, count: number): number[] => (
  Array.from({ length: count }, (_, index) => last + ((first - last) * (count - 1 - index)) / Math.max(count - 1, 1)));

/** What a datum of a series carries for its line and its points. */
export function styled(series: string, { labels, widths, sizes }: SeriesStyle): { readonly series: string; readonly lineWidth: number; readonly pointSize: number } {
  const place = labels.indexOf(series);
  return { series, lineWidth: widths[place], pointSize: sizes[place] };
}

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
