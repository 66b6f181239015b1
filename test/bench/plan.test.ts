import { describe, expect, test } from "vitest";
import type { EngineDescription } from "../../engines/engine.ts";
import { ENGINES } from "../../engines/engines.ts";
import { caseLabel } from "../../bench/case.ts";
import { type BenchRequest, parseCommandLine } from "../../bench/cli.ts";
import { UsageError } from "../../bench/exit-code.ts";
import { estimatesMs, planCases, type Plan } from "../../bench/plan.ts";
import { vocabularyOf } from "../../bench/vocabulary.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";

const engines: readonly EngineDescription[] = Object.values(ENGINES);

const estimateMs = (plan: Plan): number => estimatesMs(plan).reduce((sum, milliseconds) => sum + milliseconds, 0);

function plan(words: string, cores = 2) {
  const request = parseCommandLine(words.split(" ").filter((word) => word !== ""), vocabularyOf(engines, CATALOGUE)) as BenchRequest;
  return planCases(request, engines, CATALOGUE, cores);
}

describe("the plan", () => {
  test("a default run has every engine, 1 and 2 harts, and ends in a little over three minutes", () => {
    const full = plan("");
    expect(new Set(full.cases.map((benchCase) => benchCase.engine))).toEqual(new Set(Object.keys(ENGINES)));
    expect(new Set(full.cases.map((benchCase) => benchCase.harts))).toEqual(new Set([1, 2]));
    expect(estimateMs(full)).toBeLessThan(185_000);
    expect(full.timing.samples).toBeGreaterThanOrEqual(5);
  });

  test("a quick run has every engine and ends within half a minute", () => {
    const quick = plan("--quick");
    expect(new Set(quick.cases.map((benchCase) => benchCase.engine))).toEqual(new Set(Object.keys(ENGINES)));
    expect(estimateMs(quick)).toBeLessThan(30_000);
  });

  test("never more harts than cores unless asked", () => {
    expect(Math.max(...plan("", 1).cases.map((benchCase) => benchCase.harts))).toBe(1);
    expect(() => plan("--harts 4")).toThrow(UsageError);
    expect(plan("--harts 4 --allow-oversubscription --engine smp").cases.every((benchCase) => benchCase.harts === 4)).toBe(true);
    expect(plan("--engine uniprocessor --harts 2").cases).toEqual([]);
  });

  test("the baseline runs one guest with a hart for each vCPU, and only what needs no vendor call", () => {
    const cases = plan("--engine bare").cases;
    expect(cases.every(({ configuration, harts }) => configuration.vms.length === 1 && configuration.vms[0].vcpus === harts)).toBe(true);
    expect(cases.filter(({ harts }) => harts > 1).map(({ workload }) => workload)).toEqual(["ipi"]);
    expect(cases.map((benchCase) => benchCase.workload)).not.toContain("contend");
    expect(cases.map((benchCase) => benchCase.workload)).toContain("legacy");
  });

  test("the baseline of a workload comes before the engines measured against it", () => {
    for (const [, cases] of Map.groupBy(plan("").cases, (benchCase) => benchCase.workload)) {
      const baseline = cases.findIndex((benchCase) => benchCase.engine === "bare");
      expect(baseline).toBeLessThanOrEqual(0);
    }
  });

  test("a setting reaches the engines and workloads that have it, and shows in the label", () => {
    const cases = plan("--set lock=mcs --set think=500 --workload contend --harts 2").cases;
    const [smp] = cases.filter((benchCase) => benchCase.engine === "smp");
    const [perCore] = cases.filter((benchCase) => benchCase.engine === "per-core");
    expect(smp.options).toEqual({ lock: "mcs" });
    expect(perCore.options).toEqual({});
    expect(perCore.parameters).toEqual({ think: "500" });
    expect(smp.configuration.vms[0].bootArguments).toContain("think=500");
    expect(caseLabel(smp)).toBe("contend on smp lock=mcs think=500, 2 harts");
  });

  test("locks are timed in a second pass, never in the pass that is reported", () => {
    const cases = plan("--engine smp --workload contend --harts 2").cases;
    expect(cases.map((benchCase) => benchCase.lockTiming)).toEqual([false, true]);
    expect(cases[1].options).toEqual({ "lock-timing": "on" });
    expect(plan("--engine smp --workload compute-hash --harts 1").cases).toHaveLength(1);
    expect(plan("--engine smp --workload compute-hash --harts 1 --lock-timing").cases).toHaveLength(2);
  });

  test("traffic: quick runs count packets; full ones also time them, and search the rate without loss of one router or where asked", () => {
    const traffic = (words: string) => plan(words).cases.flatMap((benchCase) => (
      benchCase.traffic === undefined ? [] : [{ workload: benchCase.workload, latency: benchCase.traffic.latency, search: benchCase.traffic.search }]));
    expect(new Set(traffic("--quick").map(({ latency, search }) => latency || search))).toEqual(new Set([false]));
    expect(traffic("").every(({ latency }) => latency)).toBe(true);
    expect(traffic("").every(({ workload, search }) => search === (workload === "forward"))).toBe(true);
    expect(traffic("--workload pipeline").every(({ search }) => search)).toBe(true);
    expect(traffic("--workload forward --set rate=5000").some(({ search }) => search)).toBe(false);
    const kept = plan("--workload forward --pcap-out x").cases.map((benchCase) => benchCase.traffic?.log);
    expect(kept.filter((log) => log === true)).toHaveLength(1);
  });

  test("shares of the guests add up to the harts", () => {
    for (const benchCase of plan("").cases) {
      const due = benchCase.configuration.vms.reduce((sum, { share, vcpus }) => sum + (vcpus * share.budget) / share.period, 0);
      expect(due).toBeLessThanOrEqual(benchCase.harts);
      expect(due).toBeGreaterThan(benchCase.harts - 0.01);
    }
  });
});
