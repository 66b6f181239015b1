// Figures as words.

import { formatNanoseconds } from "../report/table.ts";

/** About three significant digits, thousands set apart. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size < 0.01 && size > 0) return value.toLocaleString("en-US", { maximumSignificantDigits: 2, maximumFractionDigits: 20 });
  return value.toLocaleString("en-US", { maximumFractionDigits: size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2 });
}

/** Keeps a figure and its unit on one line. */
const NO_BREAK = "\u00a0";

export const NANOSECONDS = "ns";

/** A time in the unit that reads best, other units as they are. */
export const amount = (value: number, unit: string): string => (unit === NANOSECONDS ? formatNanoseconds(value) : `${short(value)} ${unit}`).replaceAll(" ", NO_BREAK);

/** From one amount to another. */
export const span = (from: number, to: number, unit: string): string => `${unit === NANOSECONDS ? amount(from, unit) : short(from)} to ${amount(to, unit)}`;


export const percent = (value: number): string => `${short(value)}${NO_BREAK}%`;

/** Tick marks of a logarithmic axis: powers of ten, with 2 and 5 between where there are few. */
export function logarithmicTicks(values: readonly number[]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const first = Math.floor(Math.log10(least));
  const decades = Math.ceil(Math.log10(most)) - first;
  const steps = decades <= FEW_DECADES ? [1, 2, 5] : [1];
  return Array.from({ length: decades + 1 }, (_, index) => steps.map((step) => step * 10 ** (first + index))).flat();
}

/** So many still leave room for ticks between powers. */
const FEW_DECADES = 3;

/** `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}

export const harts = (count: number): string => (count === 1 ? "1 hart" : `${count} harts`).replace(" ", NO_BREAK);
