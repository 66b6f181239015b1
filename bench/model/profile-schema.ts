// What a profile's file holds: the one definition that its reader and profiles/README.md are made from.

import * as v from "valibot";
import { type Cost, COSTS } from "../../engines/machine/model/cost-model.ts";

/** Raised whenever a field of a profile or the meaning of a cost changes. */
export const PROFILE_SCHEMA = 1;
const MAXIMUM_CORES = 1024;
const MAXIMUM_GIGAHERTZ = 100;
/** In its unit. Larger than any cost of hardware; transfers and sums of costs stay far from the limits of their types. */
const MAXIMUM_VALUE = 1_000_000;

/** How a number is known. */
export const KINDS = {
  measured: "read off a published measurement or the maker's documentation of this processor",
  derived: "computed from published figures, of this processor or of one like it; the source says how",
  assumed: "no publication was found or it is hypothetical; the source says why this value",
} as const;

/** A hart that spins with these gets on in time, so that whom it waits for has its turn. */
export const AT_LEAST_ONE_CYCLE: readonly string[] = ["cacheHit", "pause"] satisfies Cost[];

const DURATIONS = ["cycles", "ns"] as const;

const text = (doc: string) => v.pipe(v.string("is not text"), v.trim(), v.nonEmpty("is empty"), v.description(doc));

const amount = v.pipe(
  v.number("is not a number"),
  v.finite(({ input }) => `is ${input}, not a finite number`),
  v.minValue(0, ({ input }) => `is negative: ${input}`),
  v.maxValue(MAXIMUM_VALUE, ({ input }) => `is ${input}: more than ${MAXIMUM_VALUE}`),
);

const quantity = <const Units extends readonly string[]>(units: Units, doc: string) => v.pipe(
  v.strictObject({
    value: amount,
    unit: v.picklist(units, ({ input }) => `is ${JSON.stringify(input)}, not ${units.join(" or ")}`),
    kind: v.picklist(Object.keys(KINDS) as (keyof typeof KINDS)[], ({ input }) => `is ${JSON.stringify(input)}, not ${Object.keys(KINDS).join(", ")}`),
    source: text("Citation: what was published where, of which core; for what is derived or assumed, from what and why."),
  }),
  v.description(doc),
);

export type Duration = v.InferOutput<ReturnType<typeof duration>>;
const duration = (doc: string) => quantity(DURATIONS, doc);

const Level = v.strictObject({
  name: text("What cores of a group share: a cluster, a socket."),
  groups: v.pipe(
    v.array(v.pipe(v.string("is not text"), v.regex(/^\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*$/, ({ input }) => `is ${JSON.stringify(input)}, not a list of cores such as "0-3,8"`)), "is not a list"),
    v.nonEmpty("is empty"),
    v.description("Every core in one group, as lists such as `0-3,8`."),
  ),
  oneWay: duration("A cache line's way from a core of a group to another of it that share no group of an inner level."),
});

const Matrix = v.strictObject({
  rows: v.pipe(v.array(v.array(amount, "is not a list"), "is not a list"), v.description("One list a core: nanoseconds from it to each core, 0 to itself.")),
  source: text("As of every number."),
});

export const Topology = v.strictObject({
  cores: v.pipe(
    v.number("is not a number"),
    v.check((cores) => Number.isInteger(cores) && cores >= 1 && cores <= MAXIMUM_CORES, ({ input }) => `is ${input}, not a whole number from 1 to ${MAXIMUM_CORES}`),
    v.description(`Cores, 1 to ${MAXIMUM_CORES}: a machine has at most as many harts, hart n on core n.`),
  ),
  levels: v.optional(v.pipe(v.array(Level, "is not a list"), v.description("From the innermost to the one that has all cores in one group."))),
  matrix: v.optional(v.pipe(Matrix, v.description("Instead of levels: every pair of cores for itself."))),
});
export type Topology = v.InferOutput<typeof Topology>;

export const ProfileFile = v.strictObject({
  schema: v.pipe(v.literal(PROFILE_SCHEMA), v.description(`Version of this format: ${PROFILE_SCHEMA}.`)),
  name: v.pipe(
    text("Goes into the column `profile` of results; small letters, digits, dots and dashes."),
    v.regex(/^[a-z0-9][a-z0-9.-]{0,39}$/, ({ input }) => `is ${JSON.stringify(input)}, not up to 40 small letters, digits, dots and dashes`),
  ),
  summary: text("One line for people."),
  frequency: v.pipe(
    quantity(["GHz"], "Cycles of a core in a nanosecond."),
    v.check(({ value }) => value > 0 && value <= MAXIMUM_GIGAHERTZ, ({ input }) => `has value ${input.value}, not one above 0 and up to ${MAXIMUM_GIGAHERTZ}`),
  ),
  topology: v.pipe(Topology, v.description("How far it is from core to core; below.")),
  costs: v.pipe(
    v.strictObject(Object.fromEntries(Object.entries(COSTS).map(([name, doc]) => [name, duration(doc)])) as Record<Cost, ReturnType<typeof duration>>),
    v.description("What the machine charges; below."),
  ),
});
export type ProfileFile = v.InferOutput<typeof ProfileFile>;

/** What a quantity, a level and a matrix are made of, for the documentation. */
export const PARTS = { level: Level, matrix: Matrix } as const;

/** The first thing that is wrong, with its field. */
export function firstFault(issues: readonly v.BaseIssue<unknown>[]): string {
  const [issue] = issues;
  const path = v.getDotPath(issue) ?? "the file";
  if (issue.type !== "strict_object") return `${path} ${issue.message}`;
  if (issue.expected === "never") return `${path} is no field of a profile`;
  return issue.received === "undefined" ? `${path} is missing` : `${path} is not an object`;
}
