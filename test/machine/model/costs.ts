// A cost model whose every number can be told from the others in a sum.

import type { CostModel } from "../../../engines/machine/model/cost-model.ts";

/** Cycles between any two cores. */
export const TRANSFER = 1_000;

export function costs(cores: number, transfer = TRANSFER): CostModel {
  return {
    name: "test", cores, gigahertz: 1,
    costs: {
      cacheHit: 2, memory: 100, atomic: 20, csr: 3, trapEntry: 50, trapReturn: 70, interruptSend: 11, interruptDelivery: 300,
      secondStageWalk: 40, fence: 30, deviceAccess: 200, pause: 7,
    },
    transfer: Int32Array.from({ length: cores * cores }, (_, index) => (index % cores === Math.floor(index / cores) ? 0 : transfer)),
  };
}
