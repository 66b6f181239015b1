import { expect, test } from "vitest";
import { ENGINES } from "../../engines/engines.ts";
import { CSR } from "../../engines/machine/hart/hart.ts";
import { FIRMWARE_BYTES, HART, RAM_BASE } from "../../engines/machine/layout.ts";
import { microscheduler } from "../../engines/microscheduler/description.ts";
import { EngineBench, guests, MEMORY_BYTES } from "./fixture.ts";

const VENDOR = 0x0854_4342;
const TIMER = 0x5449_4d45;
const HART_STATE = 0x48_534d;
const RESET = 0x5352_5354;
const MILLISECOND = 1_000_000;
const TIMER_PENDING = 1 << 5;
const SUPERVISOR = 1;
const BEYOND = RAM_BASE + 0x4000_0000;
const LOAD_ACCESS = 5;
/** Of the test's image. */
const ENTRY_OFFSET = 4;

test("guests see physical addresses, each image moved to its own slot", () => {
  const bench = new EngineBench(microscheduler, guests(3));
  for (let index = 0; index < 3; index++) {
    bench.mark(0, index + 1);
    const slot = RAM_BASE + FIRMWARE_BYTES + index * MEMORY_BYTES;
    expect(bench.report().vms[index].memory).toBe(slot);
    expect(bench.state(0).block[HART.pc >> 2] >>> 0).toBe(slot + ENTRY_OFFSET);
    expect(bench.hart(0).xNumber(11)).toBeGreaterThan(slot);
    expect(bench.hart(0).xNumber(11)).toBeLessThan(slot + MEMORY_BYTES);
    bench.call(0, VENDOR, 3);
  }
  expect(bench.marked(0)).toBe(1);
});

test("exceptions, supervisor CSRs and WFI are the guest's own: nothing leaves", () => {
  const bench = new EngineBench(microscheduler, guests(2));
  bench.hart(0).setCsr(CSR.stvec, 0x8020_0040, 0);
  bench.mark(0, 1);
  bench.raise(0, LOAD_ACCESS, BEYOND);
  expect([bench.hart(0).csrNumber(CSR.scause), bench.hart(0).csrNumber(CSR.stval)]).toEqual([LOAD_ACCESS, BEYOND]);
  expect(bench.state(0).block[HART.privilege >> 2]).toBe(SUPERVISOR);
  bench.wait(0);
  expect(bench.marked(0)).toBe(1);
  expect(bench.state(0).traps).toBe(0);
});

test("a guest that waits keeps its turn; the next one's comes by time", () => {
  const bench = new EngineBench(microscheduler, guests(2));
  bench.mark(0, 1);
  bench.wait(0);
  bench.pass(5 * MILLISECOND - 1000, 1000);
  expect(bench.marked(0)).toBe(1);
  bench.pass(1000, 1000);
  expect(bench.marked(0)).toBe(0);
  expect(bench.report().vms[0].cpuTime).toBe(5 * MILLISECOND);
});

test("a timer that comes due while others run is pending at the guest's next turn", () => {
  const bench = new EngineBench(microscheduler, guests(2));
  bench.mark(0, 1);
  bench.call(0, TIMER, 0, 10);
  bench.call(0, VENDOR, 3);
  bench.mark(0, 2);
  bench.clock.set(20);
  bench.deliver(0);
  expect(bench.hart(0).csrLow(CSR.sip)).toBe(0);
  bench.call(0, VENDOR, 3);
  expect(bench.marked(0)).toBe(1);
  expect(bench.hart(0).csrLow(CSR.sip)).toBe(TIMER_PENDING);
});

test("doorbells cross harts without a lock, to whoever runs and whoever does not", () => {
  const bench = new EngineBench(microscheduler, guests(3, (index) => ({ hart: index % 2 })), {
    harts: 2, channels: [{ name: "a", ends: [1, 0], windowBytes: 0x1000 }, { name: "b", ends: [1, 2], windowBytes: 0x1000 }],
  });
  bench.call(1, VENDOR, 1, 0);
  bench.call(1, VENDOR, 1, 1);
  bench.deliver(0);
  expect(bench.hasSoftwareInterrupt(0)).toBe(true);
  expect(bench.call(0, VENDOR, 2)).toEqual({ error: 0, value: 1 });
  bench.hart(0).clearCsrBits(CSR.sip, 2);
  bench.call(0, VENDOR, 3);
  expect(bench.hasSoftwareInterrupt(0)).toBe(true);
  expect(bench.call(0, VENDOR, 2)).toEqual({ error: 0, value: 1 });
  expect(bench.report()).toMatchObject({ locks: [], sharedMutableWords: 6 });
});

test("a second vCPU takes its turns beside the first, and goes with it", () => {
  const bench = new EngineBench(microscheduler, guests(1, () => ({ vcpus: 2 })));
  bench.mark(0, 1);
  bench.call(0, VENDOR, 3);
  expect(bench.marked(0)).toBe(1);
  expect(bench.call(0, HART_STATE, 0, 1, RAM_BASE + FIRMWARE_BYTES, 9).error).toBe(0);
  bench.call(0, VENDOR, 3);
  expect([bench.hart(0).xNumber(10), bench.hart(0).xNumber(11)]).toEqual([1, 9]);
  bench.call(0, RESET, 0, 0, 0);
  expect(bench.idles(0)).toBe(true);
});

test("every other engine gives guests the same addresses", () => {
  for (const name of ["uniprocessor", "per-core", "smp"] as const) {
    const bench = new EngineBench(ENGINES[name], guests(2));
    const first = bench.hart(0).xNumber(11);
    bench.wait(0);
    expect(bench.hart(0).xNumber(11)).toBe(first);
    expect(first).toBeLessThan(RAM_BASE + MEMORY_BYTES);
  }
});
