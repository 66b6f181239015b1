// What is exact must not depend on what has been translated when: a machine that only interprets gives the same.

import { expect, test } from "vitest";
import { anchorCase } from "../../../bench/anchors/machine-run.ts";
import { prepareCaseMachine } from "../../../bench/case-machine.ts";
import { lookaheadOf } from "../../../bench/model/lookahead.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import { readMachine } from "../../../bench/read-machine.ts";
import { offeredInWindows } from "../../../bench/traffic/measure-network.ts";
import type { EngineName } from "../../../engines/engine.ts";
import { ENGINES } from "../../../engines/engines.ts";
import { cycles } from "../../../engines/machine/address.ts";
import { createModelMachine } from "../../../engines/machine/model/machine.ts";
import { offer } from "../../../engines/machine/network/steering.ts";
import { connectWire } from "../../../engines/machine/network/wire.ts";
import { Core, type CoreOptions } from "../../../engines/machine/translator/core.ts";

const MEGACYCLE = 1_000_000;

function figures(workload: string, engineName: EngineName, harts: number, ready: number, options: CoreOptions) {
  const benchCase = anchorCase(workload, engineName, harts);
  const { configuration, traffic } = benchCase;
  const engine = ENGINES[engineName];
  const machine = prepareCaseMachine(benchCase, 1);
  const { memory, ports } = machine;
  const cores: Core[] = [];
  const model = createModelMachine({
    memory, harts, mode: engine.mode, software: engine.create({ memory, harts }, configuration, {}), costs: loadProfile("graviton3"),
    core: (...parts) => {
      cores.push(new Core(...parts, options));
      return cores[0];
    },
    lookahead: lookaheadOf(configuration),
    wire: ports > 0 ? connectWire(memory, memory.deviceArea()) : [],
  });
  model.run(cycles(ready));
  if (traffic !== undefined) for (const port of traffic.traffic.ports) offer(memory, memory.deviceArea(), port, offeredInWindows(traffic));
  expect(model.run(cycles(ready + 2 * MEGACYCLE))).toEqual({ kind: "reached" });
  const reading = readMachine(machine, benchCase);
  return {
    translated: cores[0].statistics().units,
    units: reading.vms.reduce((sum, { units }) => sum + (units?.units ?? 0), 0),
    exact: { reading, clocks: Array.from({ length: harts }, (_, hart) => model.cycles(hart)), locks: model.lockTimes() },
  };
}

// With the cycles for which their guests may set themselves up, in turns on a hart some of them.
test.each([
  ["forward", "microscheduler", 1, 150 * MEGACYCLE], ["pipeline", "smp", 2, 150 * MEGACYCLE], ["smp-guest", "smp", 2, 20 * MEGACYCLE],
  ["contend", "smp", 4, MEGACYCLE], ["paging-fault", "uniprocessor", 1, 10 * MEGACYCLE], ["channel-stream", "per-core", 2, MEGACYCLE],
] as const)("%s on %s, %i harts: the same to the cycle, interpreted and translated", (workload, engine, harts, ready) => {
  const interpreted = figures(workload, engine, harts, ready, { hotThreshold: Infinity });
  const translated = figures(workload, engine, harts, ready, {});
  expect([interpreted.translated, translated.translated > 0, translated.units > 0]).toEqual([0, true, true]);
  expect(translated.exact).toEqual(interpreted.exact);
});
