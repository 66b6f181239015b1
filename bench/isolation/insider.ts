// What a hostile guest is told of the machine that it attacks: where things lie, found by booting one like it.

import type { Configuration, EngineReport } from "../../engines/engine.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import { secretOf, type Target } from "../../workloads/attacks.ts";
import { ModelSession } from "../model/session.ts";
import { type IsolationCase, PERIOD } from "./cases.ts";

const PAGE_BYTES = 4096;

export interface Place {
  readonly base: number;
  readonly bytes: number;
}

/** Everything that may be attacked, in physical memory. */
export interface Places {
  readonly victim: Place;
  readonly secret: Place;
  readonly tables: EngineReport["tables"];
  /** Where each guest's memory is. */
  readonly memory: readonly number[];
}

export function findPlaces(isolationCase: IsolationCase, costs: CostModel): Places {
  const scout = new ModelSession(isolationCase, costs);
  scout.run(1);
  const { vms, tables } = scout.report();
  const { configuration: { vms: machines }, counted } = isolationCase;
  const index = counted.indexOf(true);
  const victim = { base: vms[index].memory, bytes: machines[index].memoryBytes };
  const start = victim.base - RAM_BASE;
  const at = Buffer.from(scout.ram().slice(start, start + victim.bytes)).indexOf(`secret=${secretOf(machines[index].name)}`);
  const first = Math.floor(Math.max(0, at) / PAGE_BYTES) * PAGE_BYTES;
  return { victim, secret: { base: victim.base + first, bytes: PAGE_BYTES }, tables, memory: vms.map(({ memory }) => memory) };
}

/** The place that an attack is aimed at; undefined where the engine has no such thing. */
export function placeOf(places: Places, target: Target): Place | undefined {
  return target === "secret" ? places.secret : target === "victim" ? places.victim : places.tables.find(({ name }) => name === target);
}

/** The guests, with the hostile ones told what they need: when to begin (ticks), how long a period is, and where `place` and they themselves lie. */
export function instruct({ vms, ...rest }: Configuration, counted: readonly boolean[], begin: number, place: Place | undefined, { memory }: Places): Configuration {
  return {
    ...rest,
    vms: vms.map((vm, index) => (counted[index] ? vm : {
      ...vm,
      bootArguments: [
        vm.bootArguments, `begin=${begin}`, `tick=${PERIOD}`,
        ...(place === undefined ? [] : [`target=${place.base}`, `bytes=${place.bytes}`, `own=${memory[index]}`]),
      ].join(" "),
    })),
  };
}
