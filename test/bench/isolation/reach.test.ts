// What a real guest can change on real engines, and on one that maps too much.

import { expect, test } from "vitest";
import { reachCase } from "../../../bench/isolation/cases.ts";
import { reach, type Reached } from "../../../bench/isolation/reach.ts";
import { IsolationRows } from "../../../bench/isolation/rows.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import { formatReport } from "../../../bench/report/report.ts";
import type { EngineDescription, EngineName } from "../../../engines/engine.ts";
import { ENGINES } from "../../../engines/engines.ts";
import type { PhysicalAddress } from "../../../engines/machine/address.ts";
import { ENTRY, ENTRY_BYTES, TABLE } from "../../../engines/machine/hart/second-stage.ts";
import { FIRMWARE_BYTES, RAM_BASE, RIGHT } from "../../../engines/machine/layout.ts";
import type { PhysicalMemory } from "../../../engines/machine/memory.ts";

const costs = loadProfile("graviton3");
const PAGE = 4096;
const tried = (engine: EngineName, harts: number): Reached => reach(reachCase(ENGINES[engine], harts, {}), costs);
const rowsOf = (engine: EngineName, reached: Reached) => new IsolationRows("graviton3").of(reachCase(ENGINES[engine], 1, {}), { kind: "reached", reached });
const registersOf = ({ registers }: Reached): Record<string, number> => Object.fromEntries(registers.map(({ kind, reached }) => [kind, reached]));
const NO_REGISTER = { "timer": 0, "software-interrupt": 0, "interrupt-controller": 0, "console": 0, "disk": 0, "csr": 0 };

test("under microscheduler, all memory is within a guest's reach, and every device", () => {
  const reached = tried("microscheduler", 2);
  expect(Object.values(reached.pages).map(({ all, reached: pages }) => pages / all)).toEqual([1, 1, 1, 1]);
  expect(reached.pages.engine.all).toBe(FIRMWARE_BYTES / PAGE);
  // Of the console's registers two are read-only; the PLIC has priorities of 31 sources, and enables and a threshold for each of 4 contexts.
  expect(registersOf(reached)).toMatchObject({ "timer": 2, "software-interrupt": 2, "interrupt-controller": 31 + 4 + 4, "console": 6, "csr": 0 });
  expect(registersOf(reached).disk).toBeGreaterThan(8);
  const rows = rowsOf("microscheduler", reached);
  expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(["ok"]));
  expect(rows.find(({ metric, subject }) => metric === "reach-memory" && subject === "engine")).toMatchObject({ value: FIRMWARE_BYTES, samples: FIRMWARE_BYTES / PAGE });
  expect(formatReport(rows)).toMatch(/engine +own +guests +engine +rest[^]*microscheduler +1,024 +2,048 +2,048 /);
});

test.each(["uniprocessor", "per-core", "smp", "hosted"] as const)("under %s, only its own memory", (engine) => {
  const reached = tried(engine, Math.min(2, ENGINES[engine].maximumHarts));
  expect(reached.pages.own.reached).toBe(reached.pages.own.all);
  expect([reached.pages.guests.reached, reached.pages.engine.reached, reached.pages.rest.reached]).toEqual([0, 0, 0]);
  expect(registersOf(reached)).toEqual(NO_REGISTER);
  expect(reached.lost).toBe(0);
  expect(new Set(rowsOf(engine, reached).map(({ status }) => status))).toEqual(new Set(["ok"]));
});

test("an engine that claims isolation has failed when its second stage has a region too many", () => {
  const reached = reach(reachCase(ENGINES.smp, 1, {}), costs, {
    mode: ENGINES.smp.mode,
    create: (platform, ...rest) => {
      const engine = ENGINES.smp.create(platform, ...rest);
      return {
        boot: (hart) => {
          engine.boot(hart);
          mapOneMore(platform.memory, { base: RAM_BASE + 2 * FIRMWARE_BYTES, bytes: PAGE, physical: RAM_BASE + FIRMWARE_BYTES - PAGE, rights: RIGHT.read | RIGHT.write });
        },
        start: (hart) => engine.start(hart),
        trap: (hart) => engine.trap(hart),
      };
    },
  } satisfies Pick<EngineDescription, "mode" | "create">);
  expect([reached.pages.guests.reached, reached.pages.engine.reached, reached.pages.rest.reached]).toEqual([0, 1, 0]);
  const rows = rowsOf("smp", reached);
  expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(["failed"]));
  expect(rows[0].reason).toBe("a guest changed memory that is not its own: 0 pages of others, 1 of the engine, 0 beside those");
});

test("one that leaves a guest registers, or does not survive it, has failed; so has a peer that keeps its memory", () => {
  const [peer, guest] = [tried("microscheduler", 1), tried("smp", 1)];
  expect(rowsOf("smp", { ...guest, registers: peer.registers })[0]).toMatchObject({ status: "failed", reason: expect.stringMatching(/^a guest changed registers: 1 of timer, /) });
  expect(rowsOf("smp", { ...guest, lost: 1 })[0].status).toBe("failed");
  expect(rowsOf("microscheduler", guest)[0].status).toBe("failed");
});

/** In the first second stage that the engine has written: that of the guest that tries. */
function mapOneMore(memory: PhysicalMemory, region: Readonly<Record<keyof typeof ENTRY, number>>): void {
  const first = memory.offset(RAM_BASE as PhysicalAddress) >> 2;
  const isTable = (word: number) => memory.i32[word] > 0 && memory.i32[word + 2] === (RAM_BASE | 0) && memory.i32[word + 3] === 0
    && memory.i32[word + (TABLE.regions + ENTRY.rights >> 2)] === (RIGHT.read | RIGHT.write | RIGHT.execute);
  let table = first;
  while (!isTable(table)) table++;
  const entry = table + (TABLE.regions + memory.i32[table]++ * ENTRY_BYTES >> 2);
  for (const field of ["base", "bytes", "physical", "rights"] as const) memory.i32[entry + (ENTRY[field] >> 2)] = region[field] | 0;
}
