// Valid profiles, for property tests.

import * as fc from "fast-check";
import { AT_LEAST_ONE_CYCLE, KINDS, PROFILE_SCHEMA, type ProfileFile } from "../../../bench/model/profile-schema.ts";
import { type Cost, COSTS } from "../../../engines/machine/model/cost-model.ts";

const LARGEST = 1_000_000;
const text = fc.string({ minLength: 1, maxLength: 20 }).map((word) => `x${word}`.trim());
const value = fc.oneof(fc.nat(LARGEST), fc.double({ min: 0, max: LARGEST, noNaN: true }).map((number) => number + 0));
const kind = fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[]));
const durationOf = (amount: fc.Arbitrary<number>) => fc.record({ value: amount, unit: fc.constantFrom("cycles" as const, "ns" as const), kind, source: text });
const duration = durationOf(value);
/** Rounds to a cycle or more at every frequency below. */
const atLeastOneCycle = durationOf(fc.integer({ min: 1000, max: LARGEST }));

/** Each level's groups are whole groups of the level inside. */
const levelled = fc.integer({ min: 1, max: 12 }).chain((cores) =>
  fc.array(fc.integer({ min: 0, max: 3 }), { minLength: cores, maxLength: cores }).chain((groupOf) =>
    fc.record({ inner: duration, outer: duration, name: text }).map(({ inner, outer, name }): ProfileFile["topology"] => ({
      cores,
      levels: [
        { name, groups: [...new Set(groupOf)].map((group) => groupOf.flatMap((of, core) => (of === group ? [core] : [])).join(",")), oneWay: inner },
        { name, groups: [`0-${cores - 1}`], oneWay: outer },
      ],
    }))));

const measured = fc.integer({ min: 1, max: 6 }).chain((cores) =>
  fc.record({ rows: fc.array(fc.array(value, { minLength: cores, maxLength: cores }), { minLength: cores, maxLength: cores }), source: text }).map(
    ({ rows, source }): ProfileFile["topology"] => ({ cores, matrix: { rows: rows.map((row, core) => row.with(core, 0)), source } }),
  ));

export const anyProfile: fc.Arbitrary<ProfileFile> = fc.record({
  schema: fc.constant(PROFILE_SCHEMA),
  name: fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,39}$/),
  summary: text,
  frequency: fc.record({ value: fc.double({ min: 0.001, max: 100, noNaN: true }), unit: fc.constant("GHz" as const), kind, source: text }),
  topology: fc.oneof(levelled, measured),
  costs: fc.record(Object.fromEntries(Object.keys(COSTS).map((cost) => [cost, AT_LEAST_ONE_CYCLE.includes(cost) ? atLeastOneCycle : duration])) as Record<Cost, typeof duration>),
});
