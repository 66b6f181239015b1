// What is measured on running engines, and that it finds what it looks for.

import { expect, test } from "vitest";
import { allocatedByEngine, type AllocatingFunction, type AllocationSpan, measureAllocation } from "../../../bench/bounds/allocation.ts";
import { deepestStack } from "../../../bench/bounds/stack.ts";
import { anchorCase } from "../../../bench/anchors/machine-run.ts";
import { prepareCaseMachine } from "../../../bench/case-machine.ts";
import { REPOSITORY } from "../../../bench/tcb/tcb.ts";
import type { Engine } from "../../../engines/engine.ts";
import { ENGINES } from "../../../engines/engines.ts";
import type { Hart } from "../../../engines/machine/hart/hart.ts";
import { EXTENSION } from "../../../engines/sbi/numbers.ts";
import { EngineBench, guests } from "../../engines/fixture.ts";

const EXITS = 20_000;
const KEPT: AllocationSpan = { warmUp: 10_000, exits: EXITS, what: "kept" };

/** An engine that keeps something of every exit. */
class Hoarder implements Engine {
  readonly #engine: Engine;
  readonly #hoard: { readonly cause: number }[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  boot(hart: Hart): void {
    this.#engine.boot(hart);
  }

  start(hart: Hart): void {
    this.#engine.start(hart);
  }

  trap(hart: Hart): void {
    this.keep(hart);
    this.#engine.trap(hart);
  }

  keep(hart: Hart): void {
    this.#hoard.push({ cause: hart.trapCause() });
  }
}

function allocated(span: AllocationSpan, wrap: (engine: Engine) => Engine = (engine) => engine): AllocatingFunction[] {
  const { uniprocessor } = ENGINES;
  const benchCase = anchorCase("hypercall-base", "uniprocessor", 1, { guests: "1" });
  const machine = prepareCaseMachine(benchCase, 1);
  return measureAllocation(machine, uniprocessor, wrap(uniprocessor.create({ memory: machine.memory, harts: 1 }, benchCase.configuration, {})), span, REPOSITORY);
}

test("an engine keeps nothing of its exits in the host's heap; one that does is found", { timeout: 60_000 }, () => {
  // By all functions: what is inlined asks in the name of its caller. The host keeps some itself, such as compiled code, but not with every exit.
  const kept = (functions: readonly AllocatingFunction[]): number => functions.reduce((sum, { bytes }) => sum + bytes, 0) / EXITS;
  const engine = allocated(KEPT);
  expect(allocatedByEngine(engine) / EXITS).toBeLessThan(8);
  expect(kept(allocated(KEPT, (hoarded) => new Hoarder(hoarded)))).toBeGreaterThan(kept(engine) + 16);
});

test("frames of an engine are counted from its trap() on", () => {
  const bench = new EngineBench(ENGINES.smp, guests(2));
  const often = (call: () => void) => deepestStack(() => { for (let count = 0; count < 30; count++) call(); });
  const status = often(() => { bench.call(0, EXTENSION.hartState, 2, 0); });
  const wait = often(() => { bench.wait(0); });
  for (const frames of [status, wait]) {
    expect(frames).toBeGreaterThan(4);
    expect(frames).toBeLessThan(16);
  }
  expect(often(() => { bench.report(); })).toBe(0);
});
