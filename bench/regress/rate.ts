// A rate in words, with its interval.

import { wilson } from "../statistics.ts";

export function rateWords(found: number, of: number): string {
  const { low, high } = wilson(found, of);
  const percent = (part: number) => (100 * part).toFixed(1);
  return `${found} of ${of.toLocaleString("en-US")}, ${percent(found / of)} % (${percent(low)} to ${percent(high)} %)`;
}
