import { readHostCounters } from "../../../bench/noise/host-state.ts";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { BenchCase } from "../../../bench/case.ts";
import { type BenchRequest, parseCommandLine } from "../../../bench/cli.ts";
import { UsageError } from "../../../bench/exit-code.ts";
import { planRun } from "../../../bench/plan-run.ts";
import type { ResultRow } from "../../../bench/results/schema.ts";
import { runCases } from "../../../bench/run.ts";
import { readCapture } from "../../../bench/traffic/capture.ts";
import { capturedFrames, writeDepartures } from "../../../bench/traffic/capture-files.ts";
import { vocabularyOf } from "../../../bench/vocabulary.ts";
import type { EngineDescription } from "../../../engines/engine.ts";
import { ENGINES } from "../../../engines/engines.ts";
import type { LoggedFrame } from "../../../engines/machine/network/steering.ts";
import { CATALOGUE } from "../../../workloads/catalogue.ts";

const fixture = (name: string) => fileURLToPath(new URL(`captures/${name}`, import.meta.url));
const engines: readonly EngineDescription[] = Object.values(ENGINES);
const folder = mkdtempSync(join(tmpdir(), "tcbench-forward-"));
afterAll(() => rmSync(folder, { recursive: true }));

function cases(words: string, pcap?: string, workload = "forward"): readonly BenchCase[] {
  const file = pcap === undefined ? "" : ` --pcap ${pcap}`;
  const request = parseCommandLine(`--clock wall --workload ${workload} ${words}${file}`.split(" "), vocabularyOf(engines, CATALOGUE)) as BenchRequest;
  return planRun(request, engines, CATALOGUE, 2, undefined, pcap === undefined ? undefined : capturedFrames(pcap).frames).wall!.cases;
}

/** Short, and without the search: tests share the host. */
async function measure(list: readonly BenchCase[], timing = { windowMs: 30, warmUpMs: 100 }): Promise<{ rows: ResultRow[]; departed: LoggedFrame[] }> {
  const rows: ResultRow[] = [];
  const departed: LoggedFrame[] = [];
  await runCases(list, {
    timing: { ...timing, samples: 3, watchdogMs: 20_000 }, cores: 2, look: readHostCounters, revision: "test",
    progress: { begin: () => undefined, say: () => undefined, end: () => undefined },
    before: new Map(), keep: (more) => rows.push(...more.filter(({ sample }) => sample === null)), departed: (frames) => departed.push(...frames), interrupted: () => false,
  });
  return { rows, departed };
}

const value = (rows: readonly ResultRow[], metric: string) => rows.find((row) => row.metric === metric)?.value;
const withTraffic = (benchCase: BenchCase, more: Partial<NonNullable<BenchCase["traffic"]>>): BenchCase => (
  benchCase.traffic === undefined ? benchCase : { ...benchCase, traffic: { ...benchCase.traffic, search: false, ...more } });

describe("traffic through guests", { timeout: 120_000 }, () => {
  test.each(Object.keys(ENGINES))("is forwarded, checked and timed on %s", async (engine) => {
    const [benchCase] = cases(`--engine ${engine} --harts 1 --set size=imix`);
    const { rows, departed } = await measure([withTraffic(benchCase, { log: true })]);
    expect(rows[0].reason).not.toContain("wrong");
    expect(["ok", "contaminated"]).toContain(rows[0].status);
    expect(value(rows, "packet-rate")).toBeGreaterThan(0);
    expect(value(rows, "packet-latency-p50")).toBeGreaterThan(0);
    expect(value(rows, "copies-per-packet")).toBe(0);
    // Each goes on to the neighbour at the other port, one hop older.
    expect(departed.length).toBeGreaterThan(100);
    for (const { port, bytes } of departed.slice(0, 100)) expect([bytes[5], bytes[22]]).toEqual([port, 63]);
    expect(departed.every(({ departure }, index) => index === 0 || departure >= departed[index - 1].departure)).toBe(true);
  });

  test("is addressed to the guests' interfaces on a virtual switch, whose copies are counted", async () => {
    const [benchCase] = cases("--engine per-core --harts 2 --set nic=switch");
    const { rows } = await measure([withTraffic(benchCase, { latency: false })]);
    expect(["ok", "contaminated"]).toContain(rows[0].status);
    expect(value(rows, "copies-per-packet")).toBeGreaterThan(1); // two for each, some of them outside the windows
    expect(value(rows, "packet-load")).toBeUndefined();
  });

  test("at a fixed rate gives the latency of the windows, and is not searched", async () => {
    const [benchCase] = cases("--engine uniprocessor --harts 1 --set rate=2000 --set flows=10 --set zipf=0");
    expect(benchCase.traffic?.search).toBe(false);
    const { rows } = await measure([benchCase]);
    expect(value(rows, "packet-load")).toBe(2000);
    expect(value(rows, "zero-loss-rate")).toBeUndefined();
    expect(value(rows, "packet-latency-max")).toBeGreaterThan(0);
  });

  test("that a guest filters by other rules is a failed row with the frame that shows it", async () => {
    const [good] = cases("--engine uniprocessor --harts 1");
    const otherRules = good.configuration.vms.map((vm) => ({ ...vm, bootArguments: vm.bootArguments.replace("rules=1000", "rules=100") }));
    const { rows } = await measure([{ ...withTraffic(good, {}), configuration: { ...good.configuration, vms: otherRules } }]);
    expect(rows.map(({ status }) => status)).toEqual(["failed"]);
    expect(rows[0].reason).toMatch(/^wrong frames at port \d: \d+ forbidden.*; the first, forbidden, of 60 bytes: 02 00 74 63 00|flows that arrive at port \d and should be forwarded never left/);
  });

  test("of a capture that a forwarder wrote is forwarded again", async () => {
    const [benchCase] = cases("--engine microscheduler --harts 1");
    const { departed } = await measure([withTraffic(benchCase, { log: true })]);
    const path = join(folder, "departed.pcap");
    writeDepartures(path, departed.slice(0, 3000), new Date(0).toISOString());
    expect(readCapture(readFileSync(path)).kind).toBe("capture");
    const [replayed] = cases("--engine smp --harts 1", path);
    const { rows } = await measure([withTraffic(replayed, {})]);
    expect(["ok", "contaminated"]).toContain(rows[0].status);
    expect(value(rows, "packet-rate")).toBeGreaterThan(0);
  });

  test.each(["forward", "pipeline"])("of a capture whose addresses no rule knows goes through %s", async (workload) => {
    const [benchCase] = cases("--engine per-core --harts 1", fixture("loopback.pcapng"), workload);
    expect(benchCase.parameters).toEqual({ unmatched: "allow" });
    // Three guests share the hart, and the first has its rules to prepare.
    const { rows, departed } = await measure([withTraffic(benchCase, { log: true })], { windowMs: 200, warmUpMs: 1_000 });
    expect(rows[0].reason).not.toContain("wrong");
    expect(["ok", "contaminated"]).toContain(rows[0].status);
    expect(departed.length).toBeGreaterThan(20);
  });
});

describe("capture files on the command line", () => {
  test("that cannot be used are refused in one line", () => {
    expect(() => capturedFrames(fixture("raw-ip.pcap"))).toThrow(new UsageError(`--pcap ${fixture("raw-ip.pcap")}: its link type is 101, not Ethernet (1)`));
    expect(() => capturedFrames(join(folder, "none"))).toThrow("there is no such file");
    expect(() => writeDepartures(join(folder, "no/such/folder"), [], new Date(0).toISOString())).toThrow(UsageError);
    expect(() => cases("--harts 1", fixture("udp.pcap"), "compute-hash")).toThrow("no selected workload has traffic");
    expect(() => cases("--engine smp --harts 1 --set unmatched=deny", fixture("loopback-128-bytes.pcap"))).toThrow("of its 12 frames the guests forward none");
    expect(capturedFrames(fixture("loopback-128-bytes.pcap")).warning).toMatch(/^warning: 6 of the 18 frames/);
  });
});
