// What Linux says of how busy the CPUs are and which of them this process may use. Everything is null or empty where the
// host does not say it, as on other systems.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Sums since boot. */
export interface CpuTimes {
  /** All that CPUs were busy with, in ticks, what is stolen included. */
  readonly busy: number;
  /** Ticks in which this machine, a virtual one, had something to run and was not run (proc(5), /proc/stat). */
  readonly steal: number;
}

/** What only grows. */
export interface HostCounters {
  /** Milliseconds. */
  readonly at: number;
  /** Microseconds in which some task waited for a CPU (accounting/psi.rst). */
  readonly waited: number | null;
  readonly times: CpuTimes | null;
  /** Microseconds for which the control group was stopped, having used its quota. */
  readonly throttled: number | null;
}

export interface HostState {
  /** Over the last minute. */
  readonly loadAverage: number | null;
  /** Part of the last 10 s in which some task waited for a CPU, in percent. */
  readonly pressure: number | null;
  /** Different ones of all CPUs. */
  readonly governors: readonly string[];
  /** The CPUs that this process may use, as Linux lists them. */
  readonly allowed: string | null;
  /** CPUs' worth of time that the control group is given; null without a limit. */
  readonly quota: number | null;
}

/** `root`: of the file systems that are looked at. */
export function readHostCounters(root = "/"): HostCounters {
  const read = reader(root);
  return {
    at: performance.now(), waited: pressureIn(read("proc/pressure/cpu"))?.total ?? null, times: timesIn(read("proc/stat")), throttled: limitsOf(read).throttled,
  };
}

export function readHostState(root = "/"): HostState {
  const read = reader(root);
  return {
    loadAverage: firstNumber(read("proc/loadavg")), pressure: pressureIn(read("proc/pressure/cpu"))?.percent ?? null, governors: governorsBelow(root, read),
    allowed: /^Cpus_allowed_list:\s*(\S+)$/m.exec(read("proc/self/status") ?? "")?.[1] ?? null, quota: limitsOf(read).quota,
  };
}

type Read = (...path: string[]) => string | null;

const reader = (root: string): Read => (...path) => {
  try {
    return readFileSync(join(root, ...path), "utf8");
  } catch {
    return null;
  }
};

function pressureIn(text: string | null): { readonly percent: number; readonly total: number } | null {
  const some = /^some avg10=([\d.]+) .*total=(\d+)$/m.exec(text ?? "");
  return some && { percent: Number(some[1]), total: Number(some[2]) };
}

/** user nice system idle iowait irq softirq steal guest guest_nice; the last two are part of user and nice. */
function timesIn(text: string | null): CpuTimes | null {
  const [, fields] = /^cpu +(.*)$/m.exec(text ?? "") ?? [];
  if (fields === undefined) return null;
  const [user, nice, system, , , irq, softirq, steal = 0] = fields.split(" ").map(Number);
  return { busy: user + nice + system + irq + softirq + steal, steal };
}

function governorsBelow(root: string, read: Read): string[] {
  const folder = "sys/devices/system/cpu";
  let cpus: string[];
  try {
    cpus = readdirSync(join(root, folder)).filter((name) => /^cpu\d+$/.test(name));
  } catch {
    return [];
  }
  return [...new Set(cpus.flatMap((cpu) => read(folder, cpu, "cpufreq/scaling_governor")?.trim() ?? []))].sort();
}

interface Limits {
  readonly quota: number | null;
  readonly throttled: number | null;
}

/** Of the control group and those above it, of either version: the tightest quota, and the longest stop. */
function limitsOf(read: Read): Limits {
  // cgroups(7): hierarchy, controllers and path; a path may have colons, as those of Kubernetes' containers.
  const groups = (read("proc/self/cgroup") ?? "").trim().split("\n").map((line) => /^([^:]*):([^:]*):(.*)$/.exec(line)?.slice(1) ?? []);
  const second = groups.find(([id, controllers]) => id === "0" && controllers === "");
  const first = groups.find(([, controllers = ""]) => controllers.split(",").includes("cpu"));
  const limits = [
    ...(second === undefined ? [] : pathsUp(second[2]).map((path) => secondVersion((file) => read("sys/fs/cgroup", path, file)))),
    ...(first === undefined ? [] : pathsUp(first[2]).map((path) => firstVersion((file) => read("sys/fs/cgroup", first[1], path, file)))),
  ];
  const least = (values: readonly (number | null)[], choose: (...known: number[]) => number) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : choose(...known);
  };
  return { quota: least(limits.map(({ quota }) => quota), Math.min), throttled: least(limits.map(({ throttled }) => throttled), Math.max) };
}

/** cgroup-v2.rst: `cpu.max` is "$MAX $PERIOD". */
function secondVersion(read: (file: string) => string | null): Limits {
  const limit = /^(\d+) (\d+)$/m.exec(read("cpu.max") ?? "");
  return { quota: limit && Number(limit[1]) / Number(limit[2]), throttled: numberAfter("throttled_usec", read("cpu.stat")) };
}

/** sched-bwc.rst: −1 is no limit; times are in nanoseconds. */
function firstVersion(read: (file: string) => string | null): Limits {
  const quota = firstNumber(read("cpu.cfs_quota_us"));
  const period = firstNumber(read("cpu.cfs_period_us"));
  const throttled = numberAfter("throttled_time", read("cpu.stat"));
  return { quota: quota === null || period === null || quota < 0 ? null : quota / period, throttled: throttled === null ? null : throttled / 1000 };
}

/** A path and all above it. */
const pathsUp = (path: string): string[] => {
  const names = path.split("/").filter((name) => name !== "");
  return names.map((_, index) => names.slice(0, names.length - index).join("/")).concat("");
};

function firstNumber(text: string | null): number | null {
  const [word] = /^-?[\d.]+/.exec(text ?? "") ?? [];
  return word === undefined ? null : Number(word);
}

function numberAfter(name: string, text: string | null): number | null {
  const [, value] = new RegExp(`^${name} (\\d+)$`, "m").exec(text ?? "") ?? [];
  return value === undefined ? null : Number(value);
}
