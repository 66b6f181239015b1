// The model against the published scaling of a big lock (sel4bench-boards.ts). Set is one number a board, by its throughput
// on one core: how long the work under the lock takes. What four cores then do is predicted, twice: of the lock by itself,
// and of the engine smp with its big lock, which does more under it than a benchmark of a lock would: it counts, for one.

import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { loadProfile } from "../model/profile.ts";
import { type Comparison, formatComparisons } from "./comparison.ts";
import { alone, CustomersMachine } from "./customers.ts";
import { throughputOnModel } from "./model-case.ts";
import { type Board, BOARD_CORES, CALIBRATED, entryOf, ENTRIES, KEPT_ASIDE, LONG_THINK, scalingOf, SHORT_THINK } from "./sel4bench-boards.ts";

const PROFILE = "imx8mm";
/** Each hart waits for a word that no other waits for, as in a CLH lock. */
const KIND = "mcs";
/** Operations of one core in a window. */
const OPERATIONS = 1_000;
const THINKS = [SHORT_THINK, 1_000, 2_000, 4_000, 8_000, 16_000, LONG_THINK];

/** Throughput of four cores over that of one, of a lock around as much work as makes an entry of the kernel as long as the board's. */
export function lockScaling(board: Board, think: number): number {
  const costs = loadProfile(PROFILE);
  const fixed = { think, kind: KIND, costs } as const;
  const service = Math.round(think + entryOf(board) - alone({ ...fixed, service: 0 }));
  return intervalOf(1) / intervalOf(BOARD_CORES);

  function intervalOf(harts: number): number {
    const machine = new CustomersMachine({ ...fixed, harts, service });
    const duration = OPERATIONS * Math.ceil(think + entryOf(board));
    machine.run(duration / 4);
    return machine.run(duration).interval;
  }
}

/** The same of the engine smp, whose accesses to control registers each cost as much as makes its entries so long. */
export function engineScaling(board: Board, think: number): number {
  const costs = calibrated(board);
  return engineThroughput(BOARD_CORES, think, costs) / engineThroughput(1, think, costs);
}

/** An entry gets longer by the same for every cycle that such an access does. All of them are under the lock; what the lock
 *  itself does, which a board's does not or differently, costs what the profile says. */
function calibrated(board: Board): CostModel {
  const profile = loadProfile(PROFILE);
  const withAccess = (csr: number): CostModel => ({ ...profile, costs: { ...profile.costs, csr } });
  const entry = (csr: number): number => 1 / (ENTRIES * engineThroughput(1, SHORT_THINK, withAccess(csr))) - SHORT_THINK;
  const [low, high] = [50, 250];
  const [atLow, atHigh] = [entry(low), entry(high)];
  return withAccess(Math.round(low + ((high - low) * (entryOf(board) - atLow)) / (atHigh - atLow)));
}

function engineThroughput(harts: number, think: number, costs: CostModel): number {
  const settings = { granularity: "big", lock: KIND, think: String(think), between: String(think) };
  return throughputOnModel({ workload: "contend", engine: "smp", harts, settings }, costs, OPERATIONS * (think + 1_000));
}

/** All of it, for people. */
export function describeBigLock(): string {
  const boards = [CALIBRATED, ...KEPT_ASIDE];
  const compared = (scaling: (board: Board, think: number) => number): Comparison[] => boards.flatMap((board) => (
    (["short", "long"] as const).map((think) => {
      const instructions = think === "short" ? SHORT_THINK : LONG_THINK;
      return { subject: `${board.name} (${board.cores}), ${instructions.toLocaleString("en-US")} cycles of thinking`, predicted: scaling(board, instructions), reference: scalingOf(board, think) };
    })));
  const curve = THINKS.map((think) => `${think.toLocaleString("en-US")}: ${lockScaling(CALIBRATED, think).toFixed(2)}`);
  return [
    formatComparisons("1 → 4 cores, the lock alone", compared(lockScaling), 2),
    formatComparisons("1 → 4 cores, engine smp granularity=big", compared(engineScaling), 2),
    `The lock alone on ${CALIBRATED.name}, by cycles of thinking: ${curve.join(", ")}`,
  ].join("\n\n");
}
