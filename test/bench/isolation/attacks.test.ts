// Real hostile guests on real engines: a few attacks whose outcome follows from what the engine is.

import { describe, expect, test } from "vitest";
import { aloneCase, attackCase, neighbourCase } from "../../../bench/isolation/cases.ts";
import type { IsolationCase } from "../../../bench/isolation/cases.ts";
import { observe, type Observation } from "../../../bench/isolation/observe.ts";
import { planIsolation } from "../../../bench/isolation/plan.ts";
import { IsolationRows } from "../../../bench/isolation/rows.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import { formatReport } from "../../../bench/report/report.ts";
import type { ResultRow } from "../../../bench/results/schema.ts";
import { PATTERN, PATTERN_WORDS } from "../../../bench/isolation/pattern.ts";
import { ModelSession } from "../../../bench/model/session.ts";
import { ENGINES } from "../../../engines/engines.ts";
import { RAM_BASE } from "../../../engines/machine/layout.ts";
import { ATTACKS } from "../../../workloads/attacks.ts";
import { hostileProgram, PROCESS_PAGE } from "../../../workloads/host-programs.ts";

const costs = loadProfile("graviton3");
const attackOf = (name: string) => ATTACKS.find((attack) => attack.name === name)!;

type Attacked = "smp" | "per-core" | "microscheduler";

const seen = (name: string, engine: Attacked, harts = 1): Observation => seenIn(attackCase(attackOf(name), ENGINES[engine], harts, {}));

function seenIn(isolationCase: IsolationCase): Observation {
  const observed = observe(isolationCase, costs);
  if (observed.kind !== "observed") throw new Error(JSON.stringify(observed));
  return observed.observation;
}

describe("under microscheduler, a guest is a peer", { timeout: 120_000 }, () => {
  test("it reads another's secret", () => {
    expect(seen("memory-read", "microscheduler")).toMatchObject({ secretBytes: 16, victimWords: 0, engineWords: 0 });
  });
  test("it overwrites another's memory", () => {
    const { victimWords, victims } = seen("memory-write", "microscheduler");
    expect(victimWords).toBeGreaterThan(500_000);
    expect(victims[0].wrong).toBe("its units page is destroyed");
  });
  test("it wrecks the scheduler, and the harness survives", () => {
    const { engineWords, ended } = seen("memory-queue", "microscheduler");
    expect(engineWords).toBeGreaterThan(0);
    expect(ended).toMatch(/^the engine ended: access fault/);
  });
  test.each(["dma-disk", "dma-port"])("%s: its device reads and writes all memory for it", (name) => {
    const { secretBytes, victimWords, engineWords } = seen(name, "microscheduler");
    expect([secretBytes, victimWords > 0, engineWords > 0]).toEqual([16, true, true]);
  });
  test("it takes the hart away by its timer, and cannot by masking interrupts", () => {
    expect(seen("privilege-timer", "microscheduler").victims.map(({ units }) => units)).toEqual([0, 0]);
    for (const { units } of seen("privilege-mask", "microscheduler").victims) expect(units).toBeGreaterThan(0);
  });
});

describe("under a Type 1 engine, it is not", { timeout: 240_000 }, () => {
  test.each(["memory-read", "memory-write", "memory-queue", "memory-locks", "dma-disk", "dma-port", "dma-switch", "call-addresses", "walk-tables", "privilege-timer", "privilege-code", "fault-vector"])("%s", (name) => {
    const { victims, rounds, cpu, ...rest } = seen(name, "smp");
    expect(cpu?.hostile).toBeLessThan(100);
    expect(rounds).toBeGreaterThan(0);
    expect(rest).toEqual({ privileged: 0, accepted: 0, secretBytes: 0, victimWords: 0, engineWords: 0 });
    for (const { units, wrong } of victims) expect([units > 0, wrong]).toEqual([true, undefined]);
  });
  test("an attack on what an engine does not have is none", () => {
    expect(observe(attackCase(attackOf("memory-locks"), ENGINES["per-core"], 1, {}), costs)).toEqual({ kind: "unsupported", reason: "the engine has no locks" });
  });
  test("who waits for its device holds up nobody's timer", () => {
    const timers = ["schedule-spin", "dma-disk"].map((name) => seen(name, "smp").victims.find(({ kind }) => kind === "timer")!);
    expect(timers.map(({ units }) => units)).toEqual([60, 60]);
    expect(timers[1].latest).toBeLessThan(1.05 * timers[0].latest);
  });
  test("repeats itself", () => {
    expect(seen("storm-doorbell", "smp", 2)).toEqual(seen("storm-doorbell", "smp", 2));
  });
});

describe("a reader of a hostile guest's requests", { timeout: 120_000 }, () => {
  const careless = (isolationCase: IsolationCase): IsolationCase => ({
    ...isolationCase, configuration: {
      ...isolationCase.configuration,
      vms: isolationCase.configuration.vms.map((vm) => (vm.name.startsWith("reader-") ? { ...vm, bootArguments: `reader=careless ${vm.bootArguments}` } : vm)),
    },
  });
  const readerOf = ({ victims }: Observation) => victims.find(({ kind }) => kind === "reader")!;

  test.each(["channel-reach", "channel-change"])("%s: survives if it checks and uses its own copy", (name) => {
    const observation = seen(name, "smp", 2);
    expect(observation).toMatchObject({ secretBytes: 0, victimWords: 0, engineWords: 0 });
    expect(readerOf(observation).wrong).toBeUndefined();
  });
  test.each(["channel-reach", "channel-change"])("%s: is robbed if it looks at the window again, on any engine", (name) => {
    const observation = seenIn(careless(attackCase(attackOf(name), ENGINES.smp, 2, {})));
    expect(observation.secretBytes > 0 || readerOf(observation).wrong !== undefined).toBe(true);
  });
});

test("rows, and the matrix from them, in lines of 80 columns", { timeout: 120_000 }, () => {
  const rows = new IsolationRows("graviton3");
  const [read, locks] = [attackOf("memory-read"), attackOf("memory-locks")];
  const cases = [
    aloneCase(ENGINES.bare),
    ...[ENGINES["per-core"], ENGINES.microscheduler].flatMap((engine) => [neighbourCase(read, engine, 1, {}), attackCase(read, engine, 1, {}), attackCase(locks, engine, 1, {})]),
  ];
  const all: ResultRow[] = cases.flatMap((one) => rows.of(one, observe(one, costs)));
  const outcome = (engine: string) => all.find((row) => row.metric === "isolation" && row.engine === engine);
  expect([outcome("per-core"), outcome("microscheduler")]).toMatchObject([{ value: 0, status: "ok", class: "exact" }, { value: 2, status: "ok" }]);
  expect(all.filter(({ status }) => status === "unsupported").map(({ reason }) => reason)).toEqual(["the engine has no locks", "the engine has no locks"]);
  const report = formatReport(all);
  expect(report).toContain("memory-read   contained  ESCAPED");
  expect(report).toContain("microscheduler, memory-read: 16 secret bytes");
  for (const line of report.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

test("a scheduler that samples is robbed, which is no failure of an engine that does not claim to keep shares", { timeout: 120_000 }, () => {
  const credit = { scheduler: "credit" };
  const rows = new IsolationRows("graviton3");
  const evade = attackOf("schedule-evade");
  const engine = ENGINES.uniprocessor;
  const all = [
    aloneCase(ENGINES.bare), ...[{}, credit].flatMap((settings) => [neighbourCase(evade, engine, 1, settings), attackCase(evade, engine, 1, settings)]),
  ].flatMap((one) => rows.of(one, observe(one, costs)));
  const found = (metric: string, options: string) => all.find((row) => row.workload === "attack-schedule-evade" && row.metric === metric && row.options === options);
  expect(found("isolation-hostile-cpu", "scheduler=credit")?.value).toBeGreaterThan(95);
  expect(found("isolation-share", "scheduler=credit")).toMatchObject({ status: "ok" });
  expect(found("isolation-share", "scheduler=credit")?.value).toBeLessThan(20);
  expect(found("isolation-share", "")?.value).toBeGreaterThan(95);
  expect(found("fairness", "")?.value).toBeGreaterThan(found("fairness", "scheduler=credit")?.value ?? 1);
  const report = formatReport(all);
  expect(report).toContain("schedule-evade  contained");
  expect(report).toMatch(/evade {3}U1 {7}98 % {9}9\d\.\d %/);
});

test("where queues grow, a flood takes the heap and honest guests fail; where they are static, neither", { timeout: 120_000 }, () => {
  const flood = attackOf("flood-doorbells");
  const rows = new IsolationRows("graviton3");
  const all = [
    aloneCase(ENGINES.bare), ...[{}, { queues: "growing" }].flatMap((settings) => [neighbourCase(flood, ENGINES.smp, 2, settings), attackCase(flood, ENGINES.smp, 2, settings)]),
  ].flatMap((one) => rows.of(one, observe(one, costs)));
  const found = (metric: string, options: string, subject = "") => all.find((row) => (
    row.workload === "attack-flood-doorbells" && row.metric === metric && row.options === options && row.subject === subject));
  expect(found("isolation-reached", "queues=growing", "wrong-guests")).toMatchObject({ status: "ok" });
  expect(found("engine-heap", "queues=growing", "after")?.value).toBe(found("engine-heap", "queues=growing", "size")?.value);
  expect(found("engine-heap-refused", "queues=growing")?.value).toBeGreaterThan(0);
  expect(found("isolation", "")?.value).toBeLessThan(2);
  expect(found("isolation-share", "")).toMatchObject({ status: "ok" });
  expect(found("engine-heap", "", "after")).toBeUndefined();
  expect(formatReport(all)).toContain("flood-doorbells  S2  static");
});

describe("processes of a host's", { timeout: 120_000 }, () => {
  const page = (session: ModelSession, index: number): Buffer => {
    const start = session.report().processes![index].memory - RAM_BASE;
    return Buffer.from(session.ram().slice(start, start + PROCESS_PAGE.bytes));
  };

  test("do to memory of their own what they would do to that of others, and say so", () => {
    const own = (act: "load" | "store", offset: number) => hostileProgram(act, 10, { base: RAM_BASE + offset, bytes: 0x100 }, PATTERN_WORDS);
    const { configuration } = aloneCase(ENGINES.bare);
    const processes = [own("store", 0x800), own("load", 0)];
    const session = new ModelSession({ engine: "hosted", options: {}, harts: 1, configuration: { ...configuration, processes } }, costs);
    session.run(12_000_000);
    const pages = [page(session, 0), page(session, 1)];
    expect(pages.map((each) => [each.readBigUInt64LE(PROCESS_PAGE.rounds), each.readBigUInt64LE(PROCESS_PAGE.survived)])).toEqual([[1n, 1n], [1n, 1n]]);
    expect(pages.map((each) => each.toString("latin1").split(PATTERN).length - 1)).toEqual([0x100 / 8 + 1, 1]);
    expect(pages[1].subarray(PROCESS_PAGE.loot, PROCESS_PAGE.loot + 0x100)).toEqual(pages[1].subarray(0, 0x100));
  });

  test("reach nothing on a Type 2, and take CPU time; a Type 1 has none", () => {
    const rows = new IsolationRows("graviton3");
    const attacks = ["host-memory", "host-privilege", "host-cpu"].map(attackOf);
    const all = [
      aloneCase(ENGINES.bare), ...attacks.flatMap((attack) => [ENGINES.hosted, ENGINES.smp].flatMap((engine) => [neighbourCase(attack, engine, 1, {}), attackCase(attack, engine, 1, {})])),
    ].flatMap((one) => rows.of(one, observe(one, costs)));
    const found = (metric: string) => attacks.map(({ name }) => all.find((row) => row.workload === `attack-${name}` && row.engine === "hosted" && row.metric === metric)!);
    expect(found("isolation").map(({ value, status }) => [value, status])).toEqual([[0, "ok"], [0, "ok"], [1, "ok"]]);
    // Every process has done what it is for.
    expect(found("isolation-rounds").slice(0, 2).map(({ value }) => value)).toEqual(attacks.slice(0, 2).map(({ processes, targets }) => processes!.length * targets!.length));
    expect(found("isolation-share")[2].value).toBeLessThan(95);
    expect(found("isolation-hostile-cpu")[2].value).toBeGreaterThan(60);
    expect(all.filter(({ engine }) => engine === "smp").every(({ status, reason }) => status === "unsupported" && reason === "the engine has no host")).toBe(true);
    expect(formatReport(all)).toMatch(/host-memory +contained +–/);
  });
});

test("every engine is attacked, on the harts that it has", () => {
  const plan = planIsolation({ engines: undefined, harts: undefined, settings: {}, quick: false }, Object.values(ENGINES), ENGINES.bare, costs);
  expect(new Set(plan.map(({ engine }) => engine))).toEqual(new Set(Object.keys(ENGINES)));
  expect(plan.filter(({ engine, harts }) => engine === "uniprocessor" && harts > 1)).toEqual([]);
  expect(plan.flatMap(({ workload, engine, harts }) => (workload === "reach" ? [`${engine} ${harts}`] : [])).sort()).toEqual(["hosted 2", "microscheduler 2", "per-core 2", "smp 2", "uniprocessor 1"]);
  const settings = new Set(plan.filter(({ attack, setting }) => attack === undefined && setting !== "").map(({ setting }) => setting));
  expect(plan.filter(({ attack, setting }) => attack !== undefined && !settings.has(setting))).toEqual([]);
  const weak = plan.filter(({ attack, options }) => attack !== undefined && options.scheduler === "credit");
  expect(new Set(weak.map(({ attack }) => attack?.name))).toEqual(new Set(["schedule-evade", "schedule-boost"]));
  expect(new Set(weak.map(({ engine, harts }) => `${engine} ${harts}`))).toEqual(new Set(["uniprocessor 1", "per-core 4", "smp 4"]));
  expect(plan.filter(({ options }) => options.queues === "growing").map(({ workload, engine }) => [workload, engine])).toEqual([
    ["attack-none-channels-pairs", "smp"], ["attack-flood-doorbells", "smp"],
  ]);
});
