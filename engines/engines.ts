// The engines there are.

import { bare } from "./bare/description.ts";
import type { EngineDescription, EngineName } from "./engine.ts";
import { hosted } from "./hosted/description.ts";
import { microscheduler } from "./microscheduler/description.ts";
import { perCore } from "./per-core/description.ts";
import { smp } from "./smp/description.ts";
import { uniprocessor } from "./uniprocessor/description.ts";

export const ENGINES = {
  bare,
  uniprocessor,
  "per-core": perCore,
  smp,
  microscheduler,
  hosted,
} as const satisfies Record<EngineName, EngineDescription>;
