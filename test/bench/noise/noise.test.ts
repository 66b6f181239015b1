// samples/ has files of a virtual machine with two CPUs, recorded while it was quiet and while it was busy, in a control group
// with half a CPU's quota; what it has not (version 2 of control groups, governors) is written here as the kernel's documentation has it.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type HostCounters, type HostState, readHostCounters, readHostState } from "../../../bench/noise/host-state.ts";
import { contamination, hostWarnings } from "../../../bench/noise/noise.ts";

const sample = (name: string): string => fileURLToPath(new URL(`samples/${name}`, import.meta.url));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tcbench-noise-"));
  cpSync(sample("quiet"), root, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

/** The quiet host, but for these files. */
function hostWith(files: Readonly<Record<string, string>>): HostState {
  put(files);
  return readHostState(root);
}

function put(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

describe("what Linux says of a host", () => {
  test("while it is quiet, and while it is not", () => {
    expect(readHostState(sample("quiet"))).toEqual({ loadAverage: 0.42, pressure: 1.07, governors: [], allowed: "0-1", quota: null });
    expect(readHostState(sample("busy"))).toEqual({ loadAverage: 4.8, pressure: 62.83, governors: [], allowed: "1", quota: 0.5 });
    expect(readHostCounters(sample("quiet"))).toMatchObject({ waited: 13_695_636_675, times: { busy: 4_255_336, steal: 70_036 }, throttled: 0 });
    expect(readHostCounters(sample("busy"))).toMatchObject({ waited: 15_528_094_434, throttled: 37_515.594 });
  });

  test("nothing, where there is none of it", () => {
    expect(readHostState(join(root, "nowhere"))).toEqual({ loadAverage: null, pressure: null, governors: [], allowed: null, quota: null });
    expect(readHostCounters(join(root, "nowhere"))).toMatchObject({ waited: null, times: null, throttled: null });
  });

  test("the tightest limit of a control group and those above it counts (cgroup-v2.rst), and every governor once", () => {
    expect(hostWith({
      "proc/self/cgroup": "0::/kubepods.slice/pod.slice/container.scope\n",
      "sys/fs/cgroup/kubepods.slice/cpu.max": "max 100000\n",
      "sys/fs/cgroup/kubepods.slice/pod.slice/cpu.max": "150000 100000\n",
      "sys/fs/cgroup/kubepods.slice/pod.slice/container.scope/cpu.max": "200000 100000\n",
      "sys/fs/cgroup/kubepods.slice/pod.slice/container.scope/cpu.stat": "usage_usec 100\nuser_usec 60\nsystem_usec 40\nnr_periods 9\nnr_throttled 4\nthrottled_usec 12345\n",
      "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
      "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "powersave\n",
      "sys/devices/system/cpu/cpu10/cpufreq/scaling_governor": "performance\n",
    })).toMatchObject({ quota: 1.5, governors: ["performance", "powersave"] });
    expect(readHostCounters(root).throttled).toBe(12_345);
  });

  test("a control group may have colons in its path, as a container's in Kubernetes", () => {
    expect(hostWith({
      "proc/self/cgroup": "0::/pod1.slice:cri-containerd:ab12\n", "sys/fs/cgroup/pod1.slice:cri-containerd:ab12/cpu.max": "50000 100000\n",
    })).toMatchObject({ quota: 0.5 });
  });
});

describe("warnings before a run", () => {
  test("none on a quiet host", () => {
    expect(hostWarnings(readHostState(root), 2, 2)).toEqual([]);
    expect(hostWarnings(hostWith({ "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance\n" }), 2, 2)).toEqual([]);
  });

  test.each<readonly [Readonly<Record<string, string>>, number, RegExp]>([
    [{ "proc/loadavg": "3.10 2.00 1.00 1/96 1\n" }, 2, /^warning: the load average is 3\.1 on 2 cores; stop other work/],
    [{ "proc/pressure/cpu": "some avg10=45.00 avg60=1 avg300=1 total=1\n" }, 2, /^warning: tasks waited for a CPU in 45 % of the last 10 s; stop other work/],
    [{ "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "schedutil\n" }, 2, /governor schedutil.*; cpupower frequency-set -g performance/],
    [{ "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "150000\n" }, 2, /^warning: the control group has 1\.5 CPUs' worth of time for 2 harts: .*; raise cpu\.max .*, or use --harts 1\.$/],
    [{}, 4, /^warning: 4 harts on 2 cores \(of the host's, CPUs 0-1 are allowed\) share cores.*; leave --allow-oversubscription out/],
  ])("%j for %i harts: one, with its remedy", (files, harts, expected) => {
    expect(hostWarnings(hostWith(files), 2, harts)).toEqual([expect.stringMatching(expected)]);
  });
});

describe("a case is contaminated", () => {
  const before: HostCounters = { at: 0, waited: 1_000_000, times: { busy: 1000, steal: 10 }, throttled: 500 };
  const after = (more: Partial<HostCounters>): HostCounters => ({ at: 1000, waited: 1_100_000, times: { busy: 1200, steal: 15 }, throttled: 500, ...more });
  const seen = (more: Partial<HostCounters>, cpuToWall = 0.99) => contamination({ harts: 2, cores: 2, cpuToWall, during: [before, after(more)] });

  test("by nothing on a host that leaves it alone, or says nothing", () => {
    expect(seen({})).toBeUndefined();
    expect(seen({ waited: null, times: null, throttled: null })).toBeUndefined();
    expect(contamination({ harts: 2, cores: 2, cpuToWall: 0.95, during: undefined })).toBeUndefined();
  });

  test("with the reason and the remedy in one line", () => {
    expect(contamination({ harts: 4, cores: 2, cpuToWall: 1, during: undefined })).toBe("oversubscribed: 4 harts on 2 cores; use --harts 2");
    expect(seen({}, 0.5)).toMatch(/^harts had the CPU for 50 % of the time they wanted it; stop other work/);
    expect(seen({ throttled: 60_500 })).toBe("the control group's CPU quota stopped it for 60 of 1000 ms; raise cpu.max");
    expect(seen({ times: { busy: 1200, steal: 30 } })).toMatch(/took 10 % of its CPU time \(steal\); use one that shares no cores/);
    expect(seen({ times: { busy: 1010, steal: 20 } })).toBeUndefined(); // too few ticks to tell
    expect(seen({ waited: 1_500_000 })).toBe("tasks waited for a CPU in 50 % of the time; stop other work, or run again");
  });

  test("by what was recorded while other work ran", () => {
    const [quiet, busy] = [sample("quiet"), sample("busy")].map((path) => readHostCounters(path));
    expect(contamination({ harts: 2, cores: 2, cpuToWall: 0.99, during: [{ ...quiet, at: 0 }, { ...busy, at: 2_400_000, throttled: 0 }] })).toMatch(/^tasks waited for a CPU in 76 % of the time/);
  });
});
