// The model clock, by engines small enough to add their cycles up by hand.

import { describe, expect, test } from "vitest";
import { cycles, hartId, ticks } from "../../../engines/machine/address.ts";
import type { Hart } from "../../../engines/machine/hart/hart.ts";
import { LOCK_KINDS, type LockName } from "../../../engines/locks/kinds.ts";
import { Locks } from "../../../engines/locks/locks.ts";
import { readExitCounts, readRetired } from "../../../engines/machine/hart/counters.ts";
import { TRANSFER } from "./costs.ts";
import { lineAt, modelMachine } from "./software.ts";

const LOCK = lineAt(0);
const NODES = lineAt(8);
const [COUNTER, SEQUENCE, FLAG] = [lineAt(100), lineAt(101), lineAt(102)];
const INSTRUCTIONS = 11;
/** trapCause, advance; entry, return. */
const TRAP = 3 + 2 * 3 + 50 + 70;

describe("a hart's clock", () => {
  test("counts an instruction a cycle, and what the engine's primitives do", () => {
    const times: number[] = [];
    const { machine } = modelMachine(1, { call: (hart) => times.push(hart.now()) });
    machine.run(cycles(1_000_000));
    expect(times.length).toBeGreaterThan(5_000);
    // now() is a CSR read itself.
    const steps = new Set(times.slice(1).map((time, index) => time - times[index]));
    expect([...steps]).toEqual([INSTRUCTIONS + TRAP + 3]);
  });

  test("is all accounted for", () => {
    const { machine, memory } = modelMachine(1, { call: () => undefined });
    machine.run(cycles(1_000_000));
    const { guest, engine, waiting, idle } = machine.cycles(0);
    const calls = readExitCounts(memory, 0).total;
    expect(guest).toBe(readRetired(memory, 0) + calls);
    expect(waiting + idle).toBe(0);
    expect(engine).toBeGreaterThan(calls * TRAP);
    expect(guest + engine).toBeGreaterThanOrEqual(1_000_000);
    expect(guest + engine).toBeLessThan(1_000_000 + TRAP);
  });

  test("pays for lines by who held them", () => {
    const spent: number[][] = [[], []];
    const { machine } = modelMachine(2, {
      call(hart) {
        const begun = hart.now();
        hart.memory.add(COUNTER, 1);
        spent[hart.id].push(hart.now() - begun);
      },
    });
    machine.run(cycles(100_000));
    // One has it from memory, then each from the other: the atomic operation, the line's way, the second now().
    const all = spent.flat();
    expect(all.filter((cost) => cost === 100 + 20 + 3).length).toBe(1);
    expect(all.filter((cost) => cost >= TRANSFER + 20 + 3).length).toBeGreaterThan(50);
  });

  test("goes on while a store waits for its line, up to an atomic operation", () => {
    const spent: number[][] = [];
    const { machine } = modelMachine(1, {
      call(hart) {
        const begun = hart.now();
        hart.memory.store(lineAt(200 + spent.length), 1);
        const stored = hart.now();
        hart.memory.add(COUNTER, 1);
        spent.push([stored - begun, hart.now() - stored]);
      },
    });
    machine.run(cycles(20_000));
    // The store and the second now(); then the rest of the line's way from memory, the atomic operation, the third now().
    expect(spent.length).toBeGreaterThan(10);
    for (const times of spent.slice(1)) expect(times).toEqual([2 + 3, 100 - 5 + 2 + 20 + 3]);
  });

  test("stands still while a hart idles, until its timer", () => {
    const woken: number[] = [];
    const arm = (hart: Hart) => {
      hart.setTimer(ticks(hart.time() + 500));
      hart.idle();
    };
    const { machine } = modelMachine(1, { call: arm, interrupt: (hart) => { woken.push(hart.now()); arm(hart); } });
    machine.run(cycles(1_000_000));
    expect(woken.length).toBeGreaterThan(15);
    // The interrupt is taken at a whole tick of 100 cycles: entry, trapCause and now() come after.
    for (const time of woken) expect((time - 50 - 3 - 3) % 100).toBe(0);
    expect(machine.cycles(0).idle).toBeGreaterThan(900_000);
  });
});

describe("harts", () => {
  test("are interrupted when the interrupt has come their way", () => {
    let sent = 0;
    const delays: number[] = [];
    const { machine } = modelMachine(2, {
      start: (hart) => hart.id === 1 && hart.idle(),
      call(hart) {
        if (sent !== 0 || hart.now() < 10_000) return; // the other one has its context from here, and then idles
        sent = hart.now();
        hart.sendIpi(hartId(1));
      },
      interrupt(hart) {
        delays.push(hart.now() - sent);
        hart.clearIpi();
        hart.idle();
      },
    });
    machine.run(cycles(30_000));
    // interruptSend, the way, interruptDelivery, entry, trapCause, now.
    expect(delays).toEqual([11 + TRANSFER + 300 + 50 + 3 + 3]);
  });

  test("that run guests stay within the lookahead of each other", () => {
    const last = [0, 0, 0];
    let spread = 0;
    const { machine } = modelMachine(3, {
      call(hart) {
        last[hart.id] = hart.now();
        if (Math.min(...last) > 0) spread = Math.max(spread, last[hart.id] - Math.min(...last));
      },
    });
    machine.run(cycles(500_000));
    expect(spread).toBeGreaterThan(0);
    expect(spread).toBeLessThan(2 * (INSTRUCTIONS + TRAP + 3));
  });

  test("that all wait for ever are a deadlock, which says who waits for what", () => {
    const { machine } = modelMachine(2, {
      call(hart) {
        if (hart.id === 0) hart.memory.awaitEqual(FLAG, 1);
        else hart.idle();
      },
    });
    expect(machine.run(cycles(1_000_000))).toEqual({
      kind: "deadlock",
      waits: [`hart 0 waits for the word at 0x${FLAG.toString(16)} to be 1`, "hart 1 idles: no interrupt is pending and no timer set"],
    });
  });

  test("that have halted end the run", () => {
    const { machine } = modelMachine(2, { call: (hart) => hart.halt() });
    expect(machine.run(cycles(1_000_000))).toEqual({ kind: "halted" });
  });

  test("answer each other while their engines wait", () => {
    const { machine, word } = modelMachine(2, {
      call(hart) {
        if (hart.id === 1) return;
        hart.memory.store(FLAG, 1);
        hart.sendIpi(hartId(1));
        while (hart.memory.atomicLoad(FLAG) === 1) hart.relax();
        hart.memory.add(COUNTER, 1);
      },
      interrupt(hart) {
        hart.clearIpi();
        hart.memory.atomicStore(FLAG, 0);
      },
    });
    expect(machine.run(cycles(1_000_000))).toEqual({ kind: "reached" });
    expect(word(COUNTER)).toBeGreaterThan(100);
  });
});

interface Acquisition { readonly hart: number; readonly wanted: number; readonly number: number }

/** So many harts that raise a counter in two steps, between which all others have their turn. */
function contend(harts: number, kind: LockName | "none") {
  const locks = kind === "none" ? undefined : new Locks(LOCK_KINDS[kind], NODES, false);
  const acquisitions: Acquisition[] = [];
  const test = modelMachine(harts, {
    call(hart) {
      const { memory } = hart;
      const wanted = hart.now();
      locks?.acquire(hart, LOCK);
      const number = memory.add(SEQUENCE, 1);
      const before = memory.load(COUNTER);
      hart.relax();
      memory.store(COUNTER, before + 1);
      locks?.release(hart, LOCK);
      acquisitions.push({ hart: hart.id, wanted, number });
    },
  });
  return { ...test, acquisitions };
}

describe.each(["test-and-set", "ticket", "mcs"] as const)("a %s lock", (kind) => {
  test("keeps harts apart, and times them from outside", () => {
    const { machine, word } = contend(6, kind);
    expect(machine.run(cycles(2_000_000))).toEqual({ kind: "reached" });
    const entered = word(SEQUENCE);
    expect(entered).toBeGreaterThan(100);
    expect(entered - word(COUNTER)).toBeLessThanOrEqual(1); // one may be inside
    const [times, ...more] = machine.lockTimes();
    expect([times.lock, more.length]).toEqual([LOCK, 0]);
    const acquired = times.waiting.counts.reduce((sum, count) => sum + count, 0);
    expect(acquired - entered).toBeLessThanOrEqual(1);
    expect(times.waiting.maximum).toBeGreaterThan(TRANSFER);
    expect(times.holding.sum / acquired).toBeGreaterThan(8 * 7); // relax() alone
    expect(machine.cycles(3).waiting).toBeGreaterThan(500_000);
  });

  test("gives the same results every time", () => {
    const results = [0, 1].map(() => {
      const { machine, acquisitions } = contend(5, kind);
      machine.run(cycles(300_000));
      machine.run(cycles(500_000));
      return { acquisitions, clocks: [0, 1, 2, 3, 4].map((hart) => machine.cycles(hart)), times: machine.lockTimes() };
    });
    expect(results[1]).toEqual(results[0]);
  });
});

test("an engine that keeps state where no primitive sees it is found out", () => {
  let calls = 0;
  const { machine } = modelMachine(2, {
    call(hart) {
      hart.memory.load(lineAt(++calls));
      hart.memory.add(COUNTER, 1);
    },
  });
  expect(() => machine.run(cycles(100_000))).toThrow(/otherwise at the second time/);
});

test("without a lock they lose counts", () => {
  const { machine, word } = contend(6, "none");
  machine.run(cycles(2_000_000));
  expect(word(COUNTER)).toBeLessThan(word(SEQUENCE) / 2);
});

test.each(["ticket", "mcs"] as const)("a %s lock is taken in the order in which harts came for it", (kind) => {
  const { machine, acquisitions } = contend(6, kind);
  machine.run(cycles(1_000_000));
  const order = acquisitions.toSorted((a, b) => a.number - b.number);
  // In turn, once all have come: nobody is passed by twice.
  const settled = order.slice(20, 80).map(({ hart }) => hart);
  for (let index = 6; index < settled.length; index++) expect(settled[index]).toBe(settled[index - 6]);
});

test("handing a ticket lock over costs half a transfer more with every hart that waits, an MCS lock the same with any number", () => {
  const perAcquisition = (kind: LockName, harts: number) => {
    const { machine, word } = contend(harts, kind);
    machine.run(cycles(3_000_000));
    const before = word(SEQUENCE);
    machine.run(cycles(9_000_000));
    return 6_000_000 / (word(SEQUENCE) - before);
  };
  const slope = (kind: LockName) => (perAcquisition(kind, 20) - perAcquisition(kind, 8)) / 12 / TRANSFER;
  expect(slope("ticket")).toBeCloseTo(1 / 2, 2);
  expect(slope("mcs")).toBeCloseTo(0, 2);
});
