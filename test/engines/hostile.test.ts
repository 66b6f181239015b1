// A guest that calls and traps at random: no Type 1 engine throws, and nobody else notices.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ENGINES } from "../../engines/engines.ts";
import { EngineBench, guests } from "./fixture.ts";

const VENDOR = 0x0854_4342;
const RESET = 0x5352_5354;
const EXTENSIONS = [0, 1, 2, 3, 8, 0x10, 0x5449_4d45, 0x73_5049, 0x5246_4e43, 0x48_534d, RESET, 0x4442_434e, VENDOR, -1];
const EDGES = [0, 1, 2, 3, 31, 32, 0xfff, 0x1000, 0x8000_0000, 0x801f_f000, 0x8020_0000, 0xffff_ffff, 2 ** 32, 2 ** 52, 2 ** 62, -1, -4096];
const CAUSES = [1, 5, 7, 19, 20, 21, 22, 23];
const SYSTEM_WORDS = [0x1050_0073, 0x1020_0073, 0x3020_0073, 0x6000_2573, 0x3000_2573, 0x6200_0073, 0x6800_4073];

type Act =
  | { readonly kind: "call"; readonly extension: number; readonly operation: number; readonly values: readonly number[] }
  | { readonly kind: "trap"; readonly cause: number; readonly value: number }
  | { readonly kind: "system"; readonly word: number };

const value = fc.oneof(fc.constantFrom(...EDGES), fc.integer());
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({
    kind: fc.constant("call" as const), extension: fc.constantFrom(...EXTENSIONS),
    operation: fc.oneof(fc.nat({ max: 8 }), value), values: fc.array(value, { minLength: 3, maxLength: 3 }),
  }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("trap" as const), cause: fc.constantFrom(...CAUSES), value }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("system" as const), word: fc.constantFrom(...SYSTEM_WORDS) }) },
);

function perform(bench: EngineBench, one: Act): void {
  if (one.kind === "call") bench.call(0, one.extension, one.operation, ...one.values);
  else if (one.kind === "trap") bench.raise(0, one.cause, one.value);
  else bench.execute(0, one.word);
}

describe.each(["uniprocessor", "per-core", "smp", "hosted"] as const)("%s", (name) => {
  test("a hostile guest ends itself at most", () => {
    fc.assert(fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const bench = new EngineBench(ENGINES[name], guests(2, () => ({ vcpus: 2 })), {
        channels: [{ name: "pair", ends: [0, 1], windowBytes: 0x1000 }],
      });
      // The honest guest waits; the hostile one is on the hart whenever something is done below.
      bench.call(0, VENDOR, 3);
      for (let register = 5; register < 32; register++) bench.hart(0).setX(register, 0x1000 + register, register);
      bench.wait(0);
      const [hostile, honest] = [0, 1];
      for (const one of acts) {
        if (bench.idles(0) || bench.marked(0) === 0x1000 + 27) break;
        perform(bench, one);
        bench.clock.cycles += 10_000;
        bench.deliver(0);
      }
      expect(bench.report().vms[honest].state).toBe("running");
      if (bench.report().vms[hostile].state === "running" && !bench.idles(0) && bench.marked(0) !== 0x1000 + 27) {
        // It rings the honest guest, and makes way.
        bench.call(0, VENDOR, 1, 0);
        bench.call(0, RESET, 0, 0, 0);
        bench.deliver(0);
      }
      if (bench.idles(0)) return;
      expect(bench.marked(0)).toBe(0x1000 + 27);
      for (let register = 5; register < 32; register++) {
        if (register === 10 || register === 11 || register === 16 || register === 17) continue;
        expect([bench.hart(0).xLow(register), bench.hart(0).xHigh(register)]).toEqual([0x1000 + register, register]);
      }
    }), { numRuns: 150 });
  });
});
