// A piscina worker: what the host allocates while one engine handles the exits of one case.

import { ENGINES } from "../../engines/engines.ts";
import type { BenchCase } from "../case.ts";
import { prepareCaseMachine } from "../case-machine.ts";
import { REPOSITORY } from "../tcb/tcb.ts";
import { type AllocatingFunction, type AllocationSpan, measureAllocation } from "./allocation.ts";

export interface AllocationTask {
  readonly benchCase: BenchCase;
  readonly span: AllocationSpan;
}

export default function allocate({ benchCase, span }: AllocationTask): AllocatingFunction[] {
  const engine = ENGINES[benchCase.engine];
  const machine = prepareCaseMachine(benchCase, 1);
  return measureAllocation(machine, engine, engine.create({ memory: machine.memory, harts: 1 }, benchCase.configuration, benchCase.options), span, REPOSITORY);
}
