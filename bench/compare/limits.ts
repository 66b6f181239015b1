// How much worse an exact figure may be: nothing, unless a line of results/limits.csv grants it.
// A soft limit (`0.5%`) is how much worse than in BASE, in percentage points where the figure is in percent itself; a hard limit
// (`2000`) is the worst value in NEW, in the metric's unit.

import * as v from "valibot";
import { METRICS, type MetricName } from "../results/metrics.ts";
import type { ResultRow } from "../results/schema.ts";
import { readReviewed, SELECTED, SELECTION, selects } from "./selection.ts";

export const LIMITS_FILE = "results/limits.csv";

/** In percent, and in the metric's unit. */
export interface Limit {
  readonly soft: number;
  readonly hard: number | undefined;
}

export const NO_TOLERANCE: Limit = { soft: 0, hard: undefined };

const COLUMNS = [...SELECTED, "limit", "reason"];
/** `0.5%`, `2000` or `0.5%|2000`. */
const LIMIT = /^(?:(?<soft>\d+(?:\.\d+)?)%)?(?<both>\|)?(?<hard>-?\d+(?:\.\d+)?)?$/;

const parseLimit = (text: string): Limit | undefined => {
  const { soft, both, hard } = LIMIT.exec(text)?.groups ?? {};
  if ((soft ?? hard) === undefined || (both !== undefined) !== (soft !== undefined && hard !== undefined)) return undefined;
  return { soft: soft === undefined ? 0 : Number(soft), hard: hard === undefined ? undefined : Number(hard) };
};

const Line = v.pipe(
  v.strictObject({
    ...SELECTION,
    limit: v.pipe(v.string(), v.check((text) => parseLimit(text) !== undefined, ({ input }) => `"${input}" is not of the form 0.5%, 2000 or 0.5%|2000`), v.transform((text) => parseLimit(text) ?? NO_TOLERANCE)),
    reason: v.pipe(v.string(), v.nonEmpty("a limit needs a reason")),
  }),
  v.check(({ metric }) => metric.includes("*") || metric in METRICS, ({ input }) => `there is no metric ${input.metric}`),
  v.check(({ metric, limit }) => limit.hard === undefined || (!metric.includes("*") && METRICS[metric as MetricName].direction !== "none"), ({ input }) => (
    `a value that no figure may pass is of one metric, for which higher or lower is better; ${input.metric} is not`)),
);

export class Limits {
  readonly #lines: readonly v.InferOutput<typeof Line>[];

  /** Throws a UsageError. */
  static read(path: string, optional: boolean): Limits {
    return new Limits(readReviewed(path, optional, COLUMNS, Line));
  }

  /** No figure may be worse at all. */
  static none(): Limits {
    return new Limits([]);
  }

  private constructor(lines: readonly v.InferOutput<typeof Line>[]) {
    this.#lines = lines;
  }

  /** The last line that is about the figure. */
  of(row: ResultRow): Limit {
    return this.#lines.findLast((line) => selects(line, row))?.limit ?? NO_TOLERANCE;
  }
}
