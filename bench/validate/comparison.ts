// What the model predicts beside what a reference has, and how far apart they are.

import { type Column, formatTable } from "../report/table.ts";

export interface Comparison {
  readonly subject: string;
  readonly predicted: number;
  readonly reference: number;
  /** Of the reference, where it was measured with noise. */
  readonly interval?: { readonly low: number; readonly high: number } | undefined;
}

/** Part of the reference by which the prediction is above it. */
export function deviationOf({ predicted, reference }: Pick<Comparison, "predicted" | "reference">): number {
  return predicted / reference - 1;
}

export function formatDeviation(deviation: number): string {
  const percent = 100 * deviation;
  return `${percent < -0.05 ? "−" : "+"}${Math.abs(percent).toFixed(1)} %`;
}

/** One line a comparison. `digits`: after the point. */
export function formatComparisons(title: string, comparisons: readonly Comparison[], digits: number): string {
  const figure = (value: number): string => value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const columns: readonly Column<Comparison>[] = [
    { title, align: "left", text: ({ subject }) => subject },
    { title: "predicted", align: "right", text: ({ predicted }) => figure(predicted) },
    { title: "reference", align: "right", text: ({ reference }) => figure(reference) },
    { title: "interval", align: "right", text: ({ interval }) => (interval === undefined ? "" : `${figure(interval.low)} – ${figure(interval.high)}`) },
    { title: "deviation", align: "right", text: (comparison) => formatDeviation(deviationOf(comparison)) },
  ];
  return formatTable(columns, comparisons);
}
