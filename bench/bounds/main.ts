// `npm run bounds`: that what a guest makes an engine do is bounded. From the sources: whether anything that a trap can lead to
// recurs or allocates, and how deep it nests. On the running engine, under attack: how deep it was seen, and what was allocated.

import { Piscina } from "piscina";
import { ENGINES } from "../../engines/engines.ts";
import type { EngineDescription } from "../../engines/engine.ts";
import { ATTACKS } from "../../workloads/attacks.ts";
import type { BenchCase } from "../case.ts";
import { attackCase, type IsolationCase, neighbourCase } from "../isolation/cases.ts";
import { observe } from "../isolation/observe.ts";
import { loadProfile } from "../model/profile.ts";
import { type Column, formatTable } from "../report/table.ts";
import { reachOf, REPOSITORY } from "../tcb/tcb.ts";
import { WORKER_OPTIONS } from "../worker-options.ts";
import { allocatedByEngine, type AllocatingFunction, type AllocationSpan } from "./allocation.ts";
import type { AllocationTask } from "./allocation-worker.ts";
import { type ReachableFunction, withSources } from "./call-graph.ts";
import { allFrom, depthOf } from "./depth.ts";
import { deepestStack } from "./stack.ts";

const WORKER = new URL("allocation-worker.ts", import.meta.url).href;
const PROFILE = "graviton3";
/** Attacks that nest faults, and one that calls the engine with whatever there is. */
const NESTING = ["fault-handler", "flood-calls"];
/** Attacks whose every round leaves the guest on every engine. */
const LEAVING = ["flood-calls", "schedule-yield"];
const WARM_UP_EXITS = 50_000;
const EXITS = 100_000;

interface Bounds {
  readonly engine: EngineDescription;
  readonly trap: ReachableFunction;
  /** Frames seen beside a neighbour that behaves, and by attack. */
  readonly seen: ReadonlyMap<string, number>;
  /** Bytes by attack and kind, per million exits. */
  readonly allocated: ReadonlyMap<string, number>;
}

const shared = Object.values<EngineDescription>(ENGINES).filter(({ maximumVms }) => maximumVms > 1);
const modules = await Promise.all(shared.map(async (engine) => (await reachOf(engine)).map(({ path }) => path)));
console.error("reading the sources");
const traps = withSources(REPOSITORY, (sources) => shared.map(({ entry }, index) => (
  sources.reachable({ entry: `engines/${entry}`, method: "trap", modules: modules[index] }))));
const bounds: Bounds[] = [];
for (const [index, engine] of shared.entries()) bounds.push({ engine, trap: traps[index], seen: framesSeen(engine), allocated: await allocations(engine) });
console.log(report(bounds));

function framesSeen(engine: EngineDescription): ReadonlyMap<string, number> {
  const costs = loadProfile(PROFILE);
  const deepest = (isolationCase: IsolationCase): number => {
    console.error(`${engine.name}: the stack, ${isolationCase.workload}`);
    return deepestStack(() => {
      const observed = observe(isolationCase, costs);
      if (observed.kind !== "observed") throw new Error(`${isolationCase.workload} on ${engine.name} was not carried out`);
    });
  };
  const attacks = NESTING.map(attackNamed);
  return new Map([
    ["none", deepest(neighbourCase(attacks[0], engine, 1, {}))],
    ...attacks.map((attack): [string, number] => [attack.name, deepest(attackCase(attack, engine, 1, {}))]),
  ]);
}

async function allocations(engine: EngineDescription): Promise<ReadonlyMap<string, number>> {
  const bytes = new Map<string, number>();
  for (const attack of LEAVING.map(attackNamed)) {
    for (const what of ["kept", "passing"] as const) {
      console.error(`${engine.name}: ${attack.name}, what it allocates that is ${what}`);
      const functions = await profile(attackCase(attack, engine, 1, {}), { warmUp: WARM_UP_EXITS, exits: EXITS, what });
      const all = functions.reduce((sum, one) => sum + one.bytes, 0);
      bytes.set(`${attack.name} ${what}`, (1e6 * (what === "kept" ? all : allocatedByEngine(functions))) / EXITS);
    }
  }
  return bytes;
}

/** On a thread of its own, so that what the host's compiler learnt from one case is nothing to the next. */
async function profile(benchCase: BenchCase, span: AllocationSpan): Promise<AllocatingFunction[]> {
  const pool = new Piscina({ ...WORKER_OPTIONS, filename: WORKER, minThreads: 1, maxThreads: 1 });
  try {
    return await (pool.run({ benchCase, span } satisfies AllocationTask) as Promise<AllocatingFunction[]>);
  } finally {
    await pool.destroy();
  }
}

function attackNamed(name: string): (typeof ATTACKS)[number] {
  const attack = ATTACKS.find((candidate) => candidate.name === name);
  if (attack === undefined) throw new Error(`no attack is called ${name}`);
  return attack;
}

function report(rows: readonly Bounds[]): string {
  const name: Column<Bounds> = { title: "engine", align: "left", text: ({ engine }) => engine.name };
  const right = (title: string, text: (row: Bounds) => string): Column<Bounds> => ({ title, align: "right", text });
  const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
  const recursive = rows.flatMap(({ engine, trap }) => {
    const depth = depthOf(trap);
    return depth.kind === "recursive" ? [`${engine.name} recurs: ${depth.cycle.map((one) => `${one.name} (${one.place})`).join(" → ")}`] : [];
  });
  const sites = rows.flatMap(({ engine, trap }) => [...allFrom(trap)].flatMap((one) => one.allocations.map((site) => `${engine.name} allocates in ${one.name}: ${site}`)));
  const deepest = rows.flatMap(({ engine, trap }) => {
    const depth = depthOf(trap);
    return depth.kind === "bounded" ? [`${engine.name}: ${depth.chain.map((one) => one.name).join(" → ")}`] : [];
  });
  return [
    "What a trap can lead to, from the sources: calls followed from the engine's trap(), the machine's primitives being leaves",
    "  frames: the longest chain of calls; seen: the most on the stack at loads and stores of engine state, while hostile guests behave or attack",
    formatTable([
      name, right("functions", ({ trap }) => whole(allFrom(trap).size)),
      right("recursion", ({ trap }) => (depthOf(trap).kind === "recursive" ? "yes" : "none")),
      right("allocating expressions", ({ trap }) => whole([...allFrom(trap)].reduce((sum, { allocations: found }) => sum + found.length, 0))),
      right("frames", ({ trap }) => { const depth = depthOf(trap); return depth.kind === "bounded" ? whole(depth.chain.length) : "unbounded"; }),
      ...["none", ...NESTING].map((attack) => right(attack === "none" ? "seen" : attack, ({ seen }) => whole(seen.get(attack) ?? 0))),
    ], rows),
    "", "The longest chains", ...deepest, ...recursive, ...sites,
    "", "Bytes of the host's heap that were allocated while the engine handled exits, per million of them (V8's sampling heap profiler)",
    "  kept: what a full collection leaves, of everything in the hart's thread, compiled guest code included",
    "  passing: all that functions of the engine asked for, collected since: numbers that V8 puts into memory between calls",
    formatTable([
      name, ...LEAVING.flatMap((attack) => (["kept", "passing"] as const).map((what) => right(`${attack}: ${what}`, ({ allocated }) => whole(allocated.get(`${attack} ${what}`) ?? 0)))),
    ], rows),
  ].join("\n");
}
