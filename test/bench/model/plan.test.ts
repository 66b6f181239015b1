import { describe, expect, test } from "vitest";
import { caseLabel } from "../../../bench/case.ts";
import { type BenchRequest, parseCommandLine } from "../../../bench/cli.ts";
import { UsageError } from "../../../bench/exit-code.ts";
import { isWholeSweep, modelEstimatesMs, planModelCases, planSweep } from "../../../bench/model/plan.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import { planRun } from "../../../bench/plan-run.ts";
import { estimatesMs } from "../../../bench/plan.ts";
import { vocabularyOf } from "../../../bench/vocabulary.ts";
import type { EngineDescription } from "../../../engines/engine.ts";
import { ENGINES } from "../../../engines/engines.ts";
import { CATALOGUE } from "../../../workloads/catalogue.ts";

const engines: readonly EngineDescription[] = Object.values(ENGINES);

const request = (words: string) => parseCommandLine(words.split(" ").filter((word) => word !== ""), vocabularyOf(engines, CATALOGUE)) as BenchRequest;
const plan = (words: string, profile = "uniform-128") => planModelCases(request(words), engines, CATALOGUE, loadProfile(profile));
const harts = (words: string, profile?: string) => [...new Set(plan(words, profile).map(({ benchCase }) => benchCase.harts))].sort((a, b) => a - b);
const run = (words: string, cores = 2) => planRun(request(words), engines, CATALOGUE, cores, request(words).clock === "wall" ? undefined : loadProfile("uniform-128"));
const seconds = (milliseconds: readonly number[]) => milliseconds.reduce((sum, each) => sum + each, 0) / 1000;

describe("the plan of the model clock", () => {
  test("a default run has every engine, and 1 to 32 harts; a full one as many as the profile has cores", () => {
    expect(new Set(plan("").map(({ benchCase }) => benchCase.engine))).toEqual(new Set(Object.keys(ENGINES)));
    expect(harts("")).toEqual([1, 2, 4, 8, 16, 32]);
    expect(harts("--full")).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
    expect(harts("--full", "spacemit-k1")).toEqual([1, 2, 4, 8]);
  });

  test("both clocks end within five minutes on two cores, quick within 40 s", () => {
    const both = (words: string) => {
      const { wall, model } = run(words);
      return seconds(wall === undefined ? [] : estimatesMs(wall)) + seconds(modelEstimatesMs(model)) / 2;
    };
    expect(both("")).toBeLessThan(300);
    expect(both("--quick")).toBeLessThan(40);
  });

  test("every case is there once, and a quick run's cases are the sweep's, measured alike", () => {
    const all = plan("--full").map((modelCase) => [caseLabel(modelCase.benchCase), modelCase.timing] as const);
    const sweep = new Map(all);
    expect(sweep.size).toBe(all.length);
    expect(planSweep(engines, CATALOGUE, loadProfile("uniform-128")).map(caseLabel)).toEqual([...sweep.keys()]);
    const quick = plan("--quick");
    expect(quick.length).toBeGreaterThan(10);
    for (const { benchCase, timing } of quick) expect(timing).toEqual(sweep.get(caseLabel(benchCase)));
    for (const { benchCase, timing } of plan("--engine smp --workload contend --harts 4")) expect(timing).toEqual(sweep.get(caseLabel(benchCase)));
  });

  test("kinds of lock and thinking guests are compared unless something is set", () => {
    const settings = (words: string) => plan(words).map(({ benchCase }) => Object.values({ ...benchCase.options, ...benchCase.parameters }).join(" "));
    expect(settings("--workload contend --engine smp --harts 8")).toEqual(expect.arrayContaining(["", "big", "big mcs 4000", "big 4000", "4000"]));
    expect(settings("--workload contend --engine smp --harts 8 --set think=7")).toEqual(["7"]);
    expect(settings("--workload contend --engine per-core --harts 8")).toEqual(["", "4000"]);
  });

  test("the baseline comes before the engines measured against it", () => {
    for (const [, cases] of Map.groupBy(plan(""), ({ benchCase }) => benchCase.workload)) {
      expect(cases.findIndex(({ benchCase }) => benchCase.engine === "bare")).toBeLessThanOrEqual(0);
    }
  });

  test("a run that does not ask for the baseline has the cases of it that it needs, so that its rows are the sweep's", () => {
    const labels = (words: string) => plan(words).map(({ benchCase }) => caseLabel(benchCase));
    expect(labels("--engine hosted --workload compute-hash --harts 8")).toEqual(["compute-hash on bare, 1 hart", "compute-hash on hosted, 8 harts"]);
    expect(labels("--engine smp --workload ipi")).toEqual(["ipi on bare, 2 harts", "ipi on smp, 1 hart", "ipi on smp, 2 harts"]);
    expect(labels("--engine smp --workload contend --harts 4 --set lock=mcs")).toEqual(["contend on smp lock=mcs, 4 harts"]);
  });

  test("only a run that selects nothing measures the whole sweep", () => {
    expect(isWholeSweep(request(""))).toBe(true);
    expect(isWholeSweep(request("--full --clock model"))).toBe(true);
    for (const words of ["--quick", "--engine smp", "--workload timer", "--harts 2", "--set lock=mcs"]) expect(isWholeSweep(request(words))).toBe(false);
  });

  test("what cannot be is refused in one line", () => {
    expect(() => plan("--harts 16", "spacemit-k1")).toThrow(UsageError);
    expect(() => run("--engine uniprocessor --harts 2")).toThrow(new UsageError("no selected workload runs on a selected engine with so many harts"));
    expect(() => run("--harts 4")).toThrow(/this host has 2 cores; --clock model measures it on any host/);
    expect(run("--harts 4 --clock model").wall).toBeUndefined();
    expect(() => run("--clock wall --workload timer --pcap-out x")).toThrow(/no selected workload has traffic/);
  });
});
