// A guest whose trap vector a flipped bit has made an address that no double holds exactly: it traps there for ever, and the
// translator must find out once that there is nothing to translate, not each time.

import { expect, test } from "vitest";
import { faultCase } from "../../../bench/faults/cases.ts";
import { KeptMachine } from "../../../bench/faults/kept-machine.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import { ENGINES } from "../../../engines/engines.ts";
import { CSR } from "../../../engines/machine/hart/csr-numbers.ts";
import { BANK, SUPERVISOR_BANK } from "../../../engines/machine/hart/csr-slots.ts";
import { hartBlock, threadArea } from "../../../engines/machine/memory.ts";
import { HOTNESS, lookupIndex } from "../../../engines/machine/translator/abi.ts";

test("a translation that there cannot be is not asked for again and again", { timeout: 30_000 }, () => {
  const benchCase = faultCase(ENGINES.microscheduler, 1, {}, 1, 1);
  const session = new KeptMachine(benchCase, loadProfile("graviton3")).start();
  session.run(800_000);
  const [victim] = session.report().vms;
  const { memoryBytes } = benchCase.configuration.vms[0];
  while (session.execution(victim.memory, memoryBytes) === undefined) session.run(500);
  expect([session.upset(0, { kind: "csr", csr: CSR.stvec, bit: 60 }), session.upset(0, { kind: "register", x: 0, bit: 60 })]).toEqual([60, 60]);
  const i32 = new Int32Array(session.ram().buffer);
  const vector = i32[(hartBlock(0) >> 2) + SUPERVISOR_BANK + BANK.tvec] >>> 0;
  session.run(100_000);
  // A hot address that cannot be translated is given a long rest: a negative count.
  expect(i32[(threadArea(0) + HOTNESS.offset + 4 * lookupIndex(0, vector)) >> 2]).toBeLessThan(0);
});
