// Fuzzes some machines of one engine on this thread, for whoever counts what they execute.

import type { EngineName } from "../../engines/engine.ts";
import { DEFAULT_PROFILE, loadProfile } from "../model/profile.ts";
import { seedOf } from "./random.ts";
import { runCase } from "./run-case.ts";

const [engine, seed, calls, machines] = process.argv.slice(2);
const costs = loadProfile(DEFAULT_PROFILE);
for (let index = 0; index < Number(machines); index++) {
  const { failure } = runCase({ engine: engine as EngineName, seed: seedOf(Number(seed), index), calls: Number(calls) }, costs, () => true);
  if (failure !== undefined) throw new Error(failure);
}
