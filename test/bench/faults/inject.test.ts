// Faults in real machines: what is seen of those whose effect is known, and that nothing but the seed decides what is.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faultCase } from "../../../bench/faults/cases.ts";
import { drawFault } from "../../../bench/faults/draw.ts";
import type { Effect } from "../../../bench/faults/effect.ts";
import { runCampaigns } from "../../../bench/faults/faults.ts";
import { Injector } from "../../../bench/faults/inject.ts";
import { faultRows } from "../../../bench/faults/rows.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import type { ModelSession } from "../../../bench/model/session.ts";
import { formatReport } from "../../../bench/report/report.ts";
import type { EngineName } from "../../../engines/engine.ts";
import { ENGINES } from "../../../engines/engines.ts";
import { RAM_BASE } from "../../../engines/machine/layout.ts";
import { VM } from "../../../engines/virtual-machine/record.ts";

const costs = loadProfile("graviton3");
const SEED = 7;
const FAULTS = 16;
const caseOf = (engine: EngineName, faults = FAULTS) => faultCase(ENGINES[engine], undefined, {}, SEED, faults);
const NEVER = new AbortController().signal;

describe("what is seen", { timeout: 60_000 }, () => {
  let injector: Injector | undefined;
  beforeAll(() => { injector = new Injector(caseOf("smp"), costs); });
  afterAll(() => { injector = undefined; });
  const seen = (doing: (session: ModelSession) => void) => {
    const { reach, effect } = (injector as Injector).disturb(0.5, (session) => { doing(session); return "done"; });
    return [reach, effect];
  };
  /** Of the guest `busy-0`. */
  const besides = (session: ModelSession) => session.report().vms[1];
  const table = (session: ModelSession, name: string) => session.report().tables.find((candidate) => candidate.name === name)!.base - RAM_BASE;

  test("nothing, where nothing is done", () => expect(seen(() => {})).toEqual(["masked", ""]));
  test("a guest whose every instruction is illegal ends, and it alone", () => {
    expect(seen((session) => session.ram().fill(0, session.report().vms[0].memory - RAM_BASE, session.report().vms[0].memory - RAM_BASE + 0x2000))[0]).toBe("guest");
  });
  test("another guest's memory that nobody writes", () => {
    expect(seen((session) => { session.ram()[besides(session).memory - RAM_BASE + 0x3_0000] ^= 1; })).toEqual(["others", "memory"]);
  });
  test("another guest's wrong work", () => {
    expect(seen((session) => { session.ram()[besides(session).unitsPage - RAM_BASE + 0x10] ^= 1; })).toEqual(["others", "wrong"]);
  });
  test("the engine's records", () => {
    expect(seen((session) => { session.ram()[table(session, "virtual-machines") + VM.ramBytes] ^= 1; })).toEqual(["engine", "tables"]);
  });
  test("the engine's end", () => {
    expect(seen((session) => session.ram().fill(0x55, table(session, "run-queue"), table(session, "run-queue") + 0x100))[0]).toBe("engine");
  });
});

describe.each(["smp", "microscheduler"] as const)("%s", (engine) => {
  test("a machine that is kept gives what one does that is made for each fault", { timeout: 60_000 }, () => {
    const kept = new Injector(caseOf(engine), costs);
    const numbers = [2, 13, 22];
    expect(numbers.map((number) => kept.inject(drawFault(1, number)))).toEqual(numbers.map((number) => new Injector(caseOf(engine), costs).inject(drawFault(1, number))));
  });
});

test("under microscheduler, a peer's fault can end the scheduler: a store that goes astray", { timeout: 60_000 }, () => {
  const { reach, effect, account } = new Injector(caseOf("microscheduler"), costs).inject(drawFault(1, 219));
  expect([reach, effect]).toEqual(["engine", "ended"]);
  expect(account).toMatch(/^bit 6 of the byte at 0x80200d1d \(code\) at cycle \d+: the engine ended: access fault/);
});

test("Type 1 engines contain faults, and rows are the same for any number of threads", { timeout: 120_000 }, async () => {
  const cases = (["per-core", "smp"] as const).map((engine) => caseOf(engine));
  const one = cases.flatMap((each) => {
    const injector = new Injector(each, costs);
    return faultRows(each, { kind: "effects", effects: Array.from({ length: FAULTS }, (_, number) => injector.inject(drawFault(SEED, number))) }, "graviton3");
  });
  const many: typeof one = [];
  await runCampaigns(cases, costs, 3, NEVER, (index, result) => many.push(...faultRows(cases[index], result, "graviton3")));
  expect(many).toEqual(one);
  expect(one.filter(({ status }) => status !== "ok")).toEqual([]);
  expect(one.filter(({ metric }) => metric === "fault-containment").map(({ engine, value, samples, options }) => [engine, value, samples, options])).toEqual(
    cases.map(({ engine }) => [engine, 100, FAULTS, `faults=${FAULTS} seed=${SEED}`]));
  expect(one.some(({ subject }) => subject === "guest ended")).toBe(true);
});

test("the report, in lines of 80 columns", () => {
  const effects = Array.from({ length: 1_000 }, (_, number): Effect => ({ fault: drawFault(1, number), reach: number < 990 ? "masked" : "others", effect: number < 990 ? "" : "hung", account: "" }));
  const report = formatReport(faultRows(faultCase(ENGINES.microscheduler, undefined, {}, 1, 1_000), { kind: "effects", effects }, "graviton3"));
  expect(report).toMatch(/microscheduler +1000 +990 +0 +10 +0 +99\.0 % +98\.2–99\.5/);
  for (const line of report.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

test("a fault that gets through fails an engine that claims that none does, and only that", () => {
  const effect = (reach: Effect["reach"], number: number): Effect => ({ fault: drawFault(SEED, number), reach, effect: reach === "masked" ? "" : "ended", account: `account ${number}` });
  const campaign = { kind: "effects", effects: [effect("masked", 0), effect("others", 1), effect("guest", 2)] } as const;
  const failed = faultRows(caseOf("smp", 3), campaign, "graviton3").filter(({ status }) => status === "failed");
  expect(failed[0]).toMatchObject({ metric: "fault-containment", samples: 3, reason: "1 of 3 faults with seed 7 were not contained" });
  expect(failed.filter(({ metric }) => metric === "case").map(({ subject, reason }) => [subject, reason])).toEqual([["fault 1", "fault 1 of seed 7: account 1"]]);
  expect(faultRows(caseOf("microscheduler", 3), campaign, "graviton3").every(({ status }) => status === "ok")).toBe(true);
});
