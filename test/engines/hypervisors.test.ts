import { describe, expect, test } from "vitest";
import { ENGINES } from "../../engines/engines.ts";
import { BootError } from "../../engines/engine.ts";
import { ticks } from "../../engines/machine/address.ts";
import { CSR } from "../../engines/machine/hart/hart.ts";
import { HART, RAM_BASE } from "../../engines/machine/layout.ts";
import { EngineBench, guest, guests, TICKS_PER_MILLISECOND } from "./fixture.ts";

const VENDOR = 0x0854_4342;
const TIMER = 0x5449_4d45;
const RESET = 0x5352_5354;
const MILLISECOND = 1_000_000;
const ENABLED = (1 << 1) | (1 << 5);
const BEYOND = RAM_BASE + 0x4000_0000;
const GUEST_FETCH = 20;
const GUEST_LOAD = 21;
const GUEST_STORE = 23;
const WFI = 0x1050_0073;
const VECTOR = 0x8020_0040;
const pair = { name: "pair", ends: [0, 1] as const, windowBytes: 0x1000 };

/** Enters a guest's trap handler address, as its start-up code would. */
function withVector(bench: EngineBench): void {
  bench.hart(0).setCsr(CSR.vstvec, VECTOR, 0);
}

describe.each([["uniprocessor"], ["per-core"], ["smp"], ["hosted"]] as const)("%s", (name) => {
  const engine = ENGINES[name];

  test.each([[GUEST_LOAD, 5], [GUEST_STORE, 7], [GUEST_FETCH, 1]])(
    "guest-page fault %i is the guest's own access fault %i", (cause, reflected) => {
      const bench = new EngineBench(engine, [guest("only")]);
      withVector(bench);
      bench.raise(0, cause, BEYOND);
      const hart = bench.hart(0);
      expect([hart.csrNumber(CSR.vscause), hart.csrNumber(CSR.vstval)]).toEqual([reflected, BEYOND]);
      expect(bench.state(0).block[HART.pc >> 2] >>> 0).toBe(VECTOR);
      expect(bench.report().vms[0].state).toBe("running");
    });

  test("a guest whose trap vector cannot be fetched has failed, with its registers kept; the others go on", () => {
    const bench = new EngineBench(engine, guests(2));
    bench.hart(0).setCsr(CSR.vstvec, 0x1000, 0);
    bench.mark(0, 0x1234);
    bench.raise(0, GUEST_LOAD, BEYOND);
    bench.raise(0, GUEST_FETCH, 0x1000);
    const [failed, other] = bench.report().vms;
    expect(failed).toMatchObject({ name: "guest-0", state: "failed" });
    expect(failed.reason).toMatch(/^vCPU 0: exception 20 at pc 0x1000 with value 0x1000; .*x27 0x1234/);
    expect(other.state).toBe("running");
    expect(bench.idles(0)).toBe(false);
    expect(bench.marked(0)).not.toBe(0x1234);
    bench.raise(0, 19, 0x77);
    expect(bench.report().vms[1]).toMatchObject({ state: "failed" });
    expect(bench.report().vms[1].reason).toMatch(/^vCPU 0: exception 19 at pc 0x[0-9a-f]+ with value 0x77/);
    expect(bench.idles(0)).toBe(true);
    bench.pass(30 * MILLISECOND, MILLISECOND);
    expect(bench.idles(0)).toBe(true);
  });

  test("what only a hypervisor may do is an illegal instruction; WFI in user mode too", () => {
    const bench = new EngineBench(engine, [guest("only")]);
    withVector(bench);
    const readHstatus = 0x6000_2573;
    bench.execute(0, readHstatus);
    const hart = bench.hart(0);
    expect([hart.csrNumber(CSR.vscause), hart.csrNumber(CSR.vstval)]).toEqual([2, readHstatus]);
    bench.state(0).block[HART.privilege >> 2] = 0;
    bench.execute(0, WFI);
    expect([hart.csrNumber(CSR.vscause), hart.csrNumber(CSR.vstval)]).toEqual([2, WFI]);
    expect(bench.idles(0)).toBe(false);
  });

  test("a guest that waits sleeps until its timer, and is charged nothing meanwhile", () => {
    const bench = new EngineBench(engine, [guest("only")]);
    bench.hart(0).setCsr(CSR.vsie, ENABLED, 0);
    bench.clock.set(1000);
    bench.call(0, TIMER, 0, 50_000);
    bench.wait(0);
    expect(bench.idles(0)).toBe(true);
    bench.pass(4 * MILLISECOND, 100_000);
    expect(bench.idles(0)).toBe(true);
    bench.pass(MILLISECOND, 1000);
    expect(bench.idles(0)).toBe(false);
    expect(bench.hart(0).csrLow(CSR.vsip)).toBe(1 << 5);
    expect(bench.report().vms[0].cpuTime).toBe(100_000);
  });

  test("a guest with a pending interrupt does not sleep", () => {
    const bench = new EngineBench(engine, guests(2), { channels: [{ ...pair, ends: [0, 0] }] });
    bench.hart(0).setCsr(CSR.vsie, ENABLED, 0);
    bench.mark(0, 1);
    bench.call(0, VENDOR, 1, 0);
    bench.wait(0);
    expect(bench.marked(0)).toBe(1);
  });

  test("a ring wakes a peer that sleeps, which finds the interrupt and the bit", () => {
    const bench = new EngineBench(engine, guests(2), { channels: [pair] });
    bench.mark(0, 1);
    bench.wait(0);
    bench.mark(0, 2);
    bench.clock.set(1000);
    expect(bench.call(0, VENDOR, 1, 0).error).toBe(0);
    expect(bench.marked(0)).toBe(2);
    bench.wait(0);
    expect(bench.marked(0)).toBe(1);
    expect(bench.hasSoftwareInterrupt(0)).toBe(true);
    expect(bench.call(0, VENDOR, 2)).toEqual({ error: 0, value: 1 });
    bench.wait(0);
    expect(bench.idles(0)).toBe(true);
  });

  test.runIf(engine.claims.cpuShare)("a guest that never gives the hart up loses it when its budget is used up", () => {
    const share = { budget: ticks(2 * TICKS_PER_MILLISECOND), period: ticks(10 * TICKS_PER_MILLISECOND) };
    const bench = new EngineBench(engine, guests(2, () => ({ share })));
    bench.mark(0, 1);
    bench.pass(2 * MILLISECOND - 1000, 1000);
    expect(bench.marked(0)).toBe(1);
    bench.pass(1000, 1000);
    expect(bench.marked(0)).toBe(0);
    bench.mark(0, 2);
    bench.pass(100 * MILLISECOND, 1000);
    const [first, second] = bench.report().vms.map(({ cpuTime }) => cpuTime / MILLISECOND);
    // But for the turn that is not over yet.
    expect(first + second).toBeGreaterThanOrEqual(100);
    expect(Math.abs(first - second)).toBeLessThanOrEqual(2);
  });

  test("each guest has its own units page, memory and end", () => {
    const bench = new EngineBench(engine, guests(3));
    expect(new Set(bench.report().vms.map(({ memory }) => memory)).size).toBe(3);
    bench.call(0, VENDOR, 0, RAM_BASE + 0x1_0000);
    expect(bench.report().vms.map(({ unitsPage, memory }) => (unitsPage === 0 ? 0 : unitsPage - memory))).toEqual([0x1_0000, 0, 0]);
    bench.call(0, RESET, 0, 0, 0);
    expect(bench.report().vms.map(({ state }) => state)).toEqual(["finished", "running", "running"]);
  });
});

test("the table scheduler keeps to its windows, and refuses those that exceed the frame", () => {
  const options = { scheduler: "table" };
  const share = { budget: ticks(2 * TICKS_PER_MILLISECOND), period: ticks(10 * TICKS_PER_MILLISECOND) };
  const bench = new EngineBench(ENGINES.uniprocessor, guests(2, () => ({ share })), { options });
  bench.mark(0, 1);
  bench.pass(2 * MILLISECOND, 1000);
  bench.mark(0, 2);
  bench.pass(2 * MILLISECOND, 1000);
  expect(bench.idles(0)).toBe(true);
  bench.pass(6 * MILLISECOND, 1000);
  expect(bench.marked(0)).toBe(1);
  const whole = { budget: share.period, period: share.period };
  expect(() => new EngineBench(ENGINES.uniprocessor, guests(2, () => ({ share: whole })), { options })).toThrow(BootError);
});

test("more guests than the tables hold, or senseless ones, are refused", () => {
  expect(() => new EngineBench(ENGINES.uniprocessor, guests(15))).toThrow(/15 guests with 15 vCPUs: the tables hold 14 with 16/);
  expect(() => new EngineBench(ENGINES.uniprocessor, [guest("none", { vcpus: 0 })])).toThrow(BootError);
  expect(() => new EngineBench(ENGINES.smp, [guest("free", { share: { budget: ticks(0), period: ticks(1) } })])).toThrow(BootError);
  expect(() => new EngineBench(ENGINES.bare, guests(2))).toThrow(BootError);
  expect(() => new EngineBench(ENGINES.uniprocessor, guests(1), { harts: 2 })).toThrow(BootError);
});
