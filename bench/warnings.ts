// What may spoil a measurement on this host, each with its remedy.

import type { Environment } from "./results/environment.ts";

/** Load and pressure above which a host is called busy. */
const BUSY_LOAD_PER_CORE = 0.5;
const BUSY_PRESSURE_PERCENT = 20;
/** A case whose harts got less of the CPU than this is contaminated. */
export const CONTAMINATED_BELOW = 0.8;

/** Warnings before the first case. */
export function hostWarnings(environment: Environment, mostHarts: number): string[] {
  const { loadAverage, cores, cpuPressure } = environment;
  const warnings: string[] = [];
  if (mostHarts > cores) {
    warnings.push(`warning: ${mostHarts} harts on ${cores} cores share cores, and their rows are marked contaminated; leave --allow-oversubscription out to measure only what fits.`);
  }
  if (loadAverage > BUSY_LOAD_PER_CORE * cores) {
    warnings.push(`warning: the load average is ${loadAverage.toFixed(1)} on ${cores} cores; stop other work, or wait, and run again.`);
  } else if (cpuPressure !== null && cpuPressure > BUSY_PRESSURE_PERCENT) {
    warnings.push(`warning: tasks waited for a CPU in ${cpuPressure.toFixed(0)} % of the last 10 s; stop other work, or wait, and run again.`);
  }
  return warnings;
}

/** Why a measured case is contaminated, or undefined. `cpuToWall` is its median over the windows. */
export function contamination(harts: number, cores: number, cpuToWall: number): string | undefined {
  if (harts > cores) return `oversubscribed: ${harts} harts on ${cores} cores`;
  if (cpuToWall < CONTAMINATED_BELOW) return `harts had the CPU for ${(100 * cpuToWall).toFixed(0)} % of the time they wanted it`;
  return undefined;
}

/** The warning for contaminated cases, at the end. */
export function contaminationWarning(count: number): string {
  return `warning: ${count} case${count === 1 ? " was" : "s were"} contaminated: other work took the CPU, V8 was still compiling the guests, or there are more harts than cores. Stop other work, use longer windows, and run again; compare only cases that are not marked.`;
}
