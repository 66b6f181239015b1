// What may spoil a measurement on this host, each with its remedy: before a run as warnings, of a case as why it is contaminated.

import type { HostCounters, HostState } from "./host-state.ts";

/** Before a run. */
const BUSY_LOAD_PER_CORE = 0.5;
const BUSY_PRESSURE_PERCENT = 20;
/** A case whose harts got less of the CPU than this is contaminated. */
export const CONTAMINATED_BELOW = 0.8;
/** While a case is measured: harts that fill all cores make tasks wait now and then, and a virtual machine is never alone. */
const CONTAMINATING = { pressure: 0.25, steal: 0.05, throttled: 0.01 } as const;
/** Ticks of 10 ms: fewer say nothing of steal. */
const FEWEST_TICKS = 20;

/** Warnings before the first case. `cores`: as many as this process may use. */
export function hostWarnings(host: HostState, cores: number, mostHarts: number): string[] {
  const { loadAverage, pressure, governors, allowed, quota } = host;
  const warnings: string[] = [];
  if (mostHarts > cores) {
    warnings.push(`${mostHarts} harts on ${cores} cores${limitOf(host)} share cores, and their rows are marked contaminated; leave --allow-oversubscription out to measure only what fits${quota === null && allowed === null ? "" : ", or give this process more CPUs"}.`);
  } else if (quota !== null && mostHarts > quota) {
    warnings.push(`the control group has ${quota} CPUs' worth of time for ${mostHarts} harts: they will be stopped; raise cpu.max (Docker: --cpus, Kubernetes: limits.cpu), or use --harts ${Math.max(1, Math.floor(quota))}.`);
  }
  if (loadAverage !== null && loadAverage > BUSY_LOAD_PER_CORE * cores) {
    warnings.push(`the load average is ${loadAverage.toFixed(1)} on ${cores} cores; stop other work, or wait, and run again.`);
  } else if (pressure !== null && pressure > BUSY_PRESSURE_PERCENT) {
    warnings.push(`tasks waited for a CPU in ${pressure.toFixed(0)} % of the last 10 s; stop other work, or wait, and run again.`);
  }
  const slow = governors.filter((governor) => governor !== "performance");
  if (slow.length > 0) {
    warnings.push(`the CPUs' frequency follows their load (governor ${slow.join(", ")}), so that the first windows may be slower; cpupower frequency-set -g performance, as root, holds it.`);
  }
  return warnings.map((warning) => `warning: ${warning}`);
}

/** What was seen of a case. */
export interface SeenCase {
  readonly harts: number;
  readonly cores: number;
  /** Its median over the windows. */
  readonly cpuToWall: number;
  /** Around its windows; undefined where there was one only. */
  readonly during: readonly [before: HostCounters, after: HostCounters] | undefined;
}

/** Why a measured case is contaminated, and the remedy, or undefined. */
export function contamination({ harts, cores, cpuToWall, during }: SeenCase): string | undefined {
  if (harts > cores) return `oversubscribed: ${harts} harts on ${cores} cores; use --harts ${cores}`;
  const disturbed = during && disturbance(...during);
  if (disturbed !== undefined) return disturbed;
  if (cpuToWall < CONTAMINATED_BELOW) return `harts had the CPU for ${(100 * cpuToWall).toFixed(0)} % of the time they wanted it; stop other work, or use longer windows`;
  return undefined;
}

/** What the host did between two looks at it. */
function disturbance(before: HostCounters, after: HostCounters): string | undefined {
  const elapsed = after.at - before.at;
  const stopped = ((after.throttled ?? 0) - (before.throttled ?? 0)) / 1000;
  if (stopped > CONTAMINATING.throttled * elapsed) return `the control group's CPU quota stopped it for ${stopped.toFixed(0)} of ${elapsed.toFixed(0)} ms; raise cpu.max`;
  const stolen = (after.times?.steal ?? 0) - (before.times?.steal ?? 0);
  const busy = (after.times?.busy ?? 0) - (before.times?.busy ?? 0);
  if (busy >= FEWEST_TICKS && stolen > CONTAMINATING.steal * busy) return `the host below this virtual machine took ${percent(stolen / busy)} of its CPU time (steal); use one that shares no cores, or run again`;
  const waited = ((after.waited ?? 0) - (before.waited ?? 0)) / 1000;
  if (waited > CONTAMINATING.pressure * elapsed) return `tasks waited for a CPU in ${percent(waited / elapsed)} of the time; stop other work, or run again`;
  return undefined;
}

/** Why there are no more cores, where that is known. */
function limitOf({ allowed, quota }: HostState): string {
  if (quota !== null) return ` (the control group has ${quota} CPUs' worth of time)`;
  return allowed === null ? "" : ` (of the host's, CPUs ${allowed} are allowed)`;
}

const percent = (part: number): string => `${(100 * part).toFixed(0)} %`;

/** The warning for contaminated cases, at the end. */
export function contaminationWarning(count: number): string {
  return `warning: ${count} case${count === 1 ? " was" : "s were"} contaminated (marked with !; the reasons are above): run again when that is over, and compare only cases that are not marked.`;
}
