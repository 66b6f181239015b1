// How the handover of each kind of lock grows with the harts that wait, against what is published: by c/2 a waiter for a
// ticket lock, c being the time for one request for a cache line, since the next holder's is served after half of the
// others' on average (Boyd-Wickizer, Kaashoek, Morris, Zeldovich: Non-scalable locks are dangerous, Linux Symposium 2012:
// s + ck/2), and not at all for an MCS lock (Mellor-Crummey, Scott: Algorithms for scalable synchronization, 1991).

import { LOCK_KINDS, type LockName } from "../../engines/locks/kinds.ts";
import { MAXIMUM_HARTS } from "../../engines/machine/layout.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { type Column, formatTable } from "../report/table.ts";
import { jainIndex } from "../statistics.ts";
import { type Comparison, formatComparisons } from "./comparison.ts";
import { CustomersMachine } from "./customers.ts";

const THINK = 100;
const SERVICE = 500;
const OPERATIONS = 3_000;
const FEW = 8;

export interface Handover {
  /** Cycles from the end of one hart's work under the lock to the start of the next one's. */
  readonly cycles: number;
  /** Jain's index of the operations of the harts. */
  readonly fairness: number;
}

/** Of a lock that harts always wait for. */
export function handoverOf(kind: LockName, harts: number, costs: CostModel): Handover {
  const machine = new CustomersMachine({ harts, think: THINK, service: SERVICE, kind, costs });
  machine.run(OPERATIONS * SERVICE);
  const { interval, operations } = machine.run(2 * OPERATIONS * SERVICE);
  return { cycles: interval - SERVICE, fairness: jainIndex(operations, operations.map(() => 1)) };
}

/** Transfers by which the handover gets longer with each hart that waits. All cores must be as far apart. */
export function slopeOf(kind: LockName, costs: CostModel): number {
  const many = mostHarts(costs);
  return (handoverOf(kind, many, costs).cycles - handoverOf(kind, FEW, costs).cycles) / (many - FEW) / costs.transfer[1];
}

/** Of a machine with the profile's cores. */
export function mostHarts({ cores }: CostModel): number {
  return Math.min(cores, MAXIMUM_HARTS);
}

/** All of it, for people. */
export function describeLockKinds(costs: CostModel): string {
  const kinds = Object.keys(LOCK_KINDS) as LockName[];
  const counts = [2, 4, 8, 16, 32, 64].filter((count) => count <= costs.cores);
  const few = Math.min(FEW, costs.cores);
  const columns: readonly Column<LockName>[] = [
    { title: "handover, cycles", align: "left", text: (kind) => kind },
    ...counts.map((count): Column<LockName> => ({ title: `${count} harts`, align: "right", text: (kind) => handoverOf(kind, count, costs).cycles.toFixed(0) })),
    { title: `fairness of ${few}`, align: "right", text: (kind) => handoverOf(kind, few, costs).fairness.toFixed(2) },
  ];
  const handovers = formatTable(columns, kinds);
  if (!isUniform(costs)) return `${handovers}\n\nHow it grows with each waiter is left out: ${costs.name} has too few cores, or not all as far apart.`;
  const slope: Comparison = { subject: "ticket", predicted: slopeOf("ticket", costs), reference: 1 / 2 };
  return [
    handovers,
    formatComparisons("transfers a waiter", [slope], 3),
    `mcs: ${slopeOf("mcs", costs).toFixed(3)} transfers a waiter, published 0; test-and-set: nothing is published that it could be compared with`,
  ].join("\n\n");
}

function isUniform({ cores, transfer }: CostModel): boolean {
  return cores > FEW && transfer.every((cycles, index) => cycles === (Math.floor(index / cores) === index % cores ? 0 : transfer[1]));
}
