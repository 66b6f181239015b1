// The trusted computing base in bytes: what the uniprocessor hypervisor has as well, what is beyond it, and guests.

import type { MetricName } from "../results/metrics.ts";
import { hartsOf, type Point, type Selection } from "./dataset.ts";
import type { Figure } from "./figure.ts";
import { partTable, type PartValue, stackedBars } from "./stacked-bars.ts";
import { harts, listed, short } from "./words.ts";

const BEYOND = "beyond uniprocessor";
const PARTS = ["as in uniprocessor", BEYOND, "guests it must trust"];
const COUNTS = { "tcb-lines": "lines", "tcb-statements": "statements", "tcb-entry-points": "entry points", "tcb-lock-sites": "lock sites" } as const satisfies Partial<Record<MetricName, string>>;

export interface TrustedParts {
  readonly values: readonly PartValue[];
  /** Of the case whose guests are counted; 0 where none was run. */
  readonly harts: number;
}

/** The rows of a source may be of another run than those of its TCB, so both are looked for. Guests are those of the scenario on its fewest harts. */
export function tcbValues({ source, scenario, engines }: Selection): TrustedParts {
  const ofSources = (metric: MetricName, subject: string) => source.points.filter((point) => point.metric === metric && point.subject === subject && point.harts === 0);
  const guests = source.points.filter((point) => point.metric === "tcb-guest-bytes" && point.scenario === scenario && point.variant === "");
  const fewest = hartsOf(guests)[0] ?? 0;
  const order = (left: Point, right: Point) => engines.indexOf(left.engine) - engines.indexOf(right.engine);
  const values = ofSources("tcb-bytes", "").sort(order).flatMap(({ engine, value }): PartValue[] => {
    const added = ofSources("tcb-bytes", BEYOND).find((point) => point.engine === engine)?.value ?? 0;
    const trusted = guests.find((point) => point.engine === engine && point.harts === fewest)?.value ?? 0;
    return [value - added, added, trusted].map((bytes, index) => ({ engine, variant: "", part: PARTS[index], value: bytes }));
  });
  return { values, harts: fewest };
}

export const tcb: Figure = {
  name: "tcb",
  title: "Trusted computing base",
  reading: "Bytes of code, tree-shaken and minified, that have to be right for guests to be safe from each other, counted from the sources; beside them the guests that an engine cannot hold back, which grow with every guest. The simulated machine is in nobody's.",
  absent: "These results have no rows about sources: give a run of the wall clock too.",
  draw: (selection, look) => {
    const { values, harts: count } = tcbValues(selection);
    if (values.length === 0) return undefined;
    const sum = (own: readonly PartValue[]) => own.reduce((all, { value }) => all + value, 0);
    const totals = [...Map.groupBy(values, ({ engine }) => engine)];
    const bytes = partTable(values, PARTS);
    const counted = (engine: string, metric: MetricName) => {
      const found = selection.source.points.find((point) => point.metric === metric && point.engine === engine && point.harts === 0 && point.subject === "");
      return found === undefined ? "" : short(found.value);
    };
    return {
      spec: stackedBars({ values, parts: new Map(PARTS.map((part, place) => [part, place])), look, title: "bytes", total: (all) => short(all) }),
      says: `Bytes to trust${count === 0 ? "" : ` with the guests of ${selection.scenario} on ${harts(count)}`}: ${listed(totals.map(([engine, own]) => `${engine} ${short(sum(own))}`))}.`,
      table: {
        head: [...bytes.head.map((title, index) => (index === 0 ? title : `${title}, bytes`)), ...Object.values(COUNTS)],
        body: bytes.body.map((row) => [...row, ...(Object.keys(COUNTS) as MetricName[]).map((metric) => counted(row[0], metric))]),
      },
    };
  },
};
