// The figures, in the order of the page.

import { cycles } from "./cycles.ts";
import { exits } from "./exits.ts";
import { faults } from "./faults.ts";
import type { Figure } from "./figure.ts";
import { isolation } from "./isolation.ts";
import { latency } from "./latency.ts";
import { locks } from "./locks.ts";
import { reach } from "./reach.ts";
import { scaling } from "./scaling.ts";
import { tcb } from "./tcb.ts";
import { throughput } from "./throughput.ts";
import { waiting } from "./waiting.ts";

/** Of one workload. */
export const FIGURES_OF_SCENARIOS: readonly Figure[] = [throughput, scaling, waiting, locks, latency, cycles, exits];

/** Of the engines themselves. */
export const FIGURES_OF_ENGINES: readonly Figure[] = [tcb, reach, isolation, faults];
