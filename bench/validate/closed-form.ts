// The model against what queueing theory has in closed form (machine-repairman.ts), over numbers of customers.

import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { type Column, formatTable } from "../report/table.ts";
import { type Comparison, deviationOf, formatDeviation } from "./comparison.ts";
import { alone, CustomersMachine } from "./customers.ts";
import { handoverOf, mostHarts } from "./lock-kinds.ts";
import { exponential, lowerBound, upperBound } from "./machine-repairman.ts";

/** A lock whose handover takes the same whoever waits. */
const KIND = "mcs";
const OPERATIONS = 400;
const SHOWN = [{ think: 1_000, service: 500 }, { think: 10_000, service: 500 }, { think: 10_000, service: 3_000 }] as const;

export interface Shop {
  readonly think: number;
  readonly service: number;
  readonly costs: CostModel;
}

export interface Throughputs {
  readonly model: number;
  /** No queue is faster. */
  readonly upper: number;
  /** Exponentially distributed times are slower, and so is a queue in which everybody always waits for all others. */
  readonly exponential: number;
  readonly lower: number;
}

/** Operations a cycle, with what theory says of them. */
export function throughputs(harts: number, { think, service, costs }: Shop): Throughputs {
  const shop = { think, service, costs, kind: KIND } as const;
  const cycle = alone(shop);
  const machine = new CustomersMachine({ ...shop, harts });
  machine.run(10 * (cycle + harts * slowest(shop)));
  const { interval } = machine.run(OPERATIONS * Math.ceil(Math.max(cycle / harts, slowest(shop))));
  const outside = cycle - service + arriving(shop);
  const inside = slowest(shop);
  return {
    model: 1 / interval,
    upper: upperBound(harts, cycle - service, service),
    exponential: exponential(harts, outside, inside),
    lower: lowerBound(harts, outside, inside),
  };
}

/** Cycles that the way into the queue takes longer where others use it: its end, and one's place, come from other cores. */
function arriving({ costs }: Shop): number {
  return 3 * farthest(costs);
}

/** Service with the slowest handover: nobody is seen waiting, somebody comes meanwhile, links itself and is then told. */
function slowest({ service, costs: { costs, ...model } }: Shop): number {
  return service + 4 * farthest({ costs, ...model }) + 4 * (costs.atomic + costs.cacheHit);
}

const farthest = ({ transfer }: CostModel): number => transfer.reduce((most, cycles) => Math.max(most, cycles), 0);

/** All of it, for people. */
export function describeClosedForm(costs: CostModel): string {
  const counts = [1, 2, 4, 8, 16, 32, 64].filter((count) => count <= costs.cores);
  const { cycles: handover } = handoverOf(KIND, mostHarts(costs), costs);
  const tables = SHOWN.map(({ think, service }) => {
    const rows = counts.map((customers): Row => {
      const { model, exponential } = throughputs(customers, { think, service, costs });
      const cycle = alone({ think, service, costs, kind: KIND });
      return { customers, exponential, predicted: model, reference: customers === 1 ? 1 / cycle : Math.min(customers / cycle, 1 / (service + handover)) };
    });
    return formatTable(columnsOf(`think ${think}, service ${service}`), rows);
  });
  return [
    ...tables,
    `Operations per million cycles, of an ${KIND} lock. Reference: min(n / (Z + S), 1 / (S + H)), where H, a handover, is the ${handover.toFixed(0)} cycles
that it takes ${mostHarts(costs)} customers who hardly think. Exponential: were the times not fixed but exponentially distributed.`,
  ].join("\n\n");
}

interface Row extends Omit<Comparison, "subject"> {
  readonly customers: number;
  readonly exponential: number;
}

const columnsOf = (title: string): readonly Column<Row>[] => [
  { title, align: "left", text: ({ customers }) => `${customers} ${customers === 1 ? "customer" : "customers"}` },
  { title: "predicted", align: "right", text: ({ predicted }) => perMillion(predicted) },
  { title: "reference", align: "right", text: ({ reference }) => perMillion(reference) },
  { title: "deviation", align: "right", text: (row) => formatDeviation(deviationOf(row)) },
  { title: "exponential", align: "right", text: ({ exponential }) => perMillion(exponential) },
];

const perMillion = (throughput: number): string => (1e6 * throughput).toFixed(1);
