// What a hostile guest is told of the machine that it attacks: where things lie, found by booting one like it.

import type { Configuration, EngineReport } from "../../engines/engine.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import { parseElf } from "../../engines/loader/elf.ts";
import { type Attack, secretOf, type Target } from "../../workloads/attacks.ts";
import { hostileProgram, PROCESS_PAGE, type ProcessAct } from "../../workloads/host-programs.ts";
import { ModelSession } from "../model/session.ts";
import { type IsolationCase, PERIOD } from "./cases.ts";
import { PATTERN_WORDS } from "./pattern.ts";

const PAGE_BYTES = 4096;
/** A secret, with the word that marks it at so many bytes from the start: a sector, and less than a frame. */
const SECRET_BYTES = 512;
const SECRET_MARGIN = 64;
/** The first instructions of an image, by which it is found, and how many pages from there on are taken for its code. */
const ENTRY_BYTES = 32;
const CODE_BYTES = 2 * PAGE_BYTES;

export interface Place {
  readonly base: number;
  readonly bytes: number;
}

/** Everything that may be attacked, in physical memory. */
export interface Places {
  /** Memory of the victim, where its secret lies in it, and its first code. */
  readonly victim: Place;
  readonly secret: Place;
  readonly code: Place;
  readonly tables: EngineReport["tables"];
  /** Each guest's memory. */
  readonly memory: readonly Place[];
  /** Each process's of the host's; absent where there is no host. */
  readonly processes?: readonly Place[];
}

/** Of the machines looked at last: attacks in the same surroundings have the same. */
const found = new Map<string, Places>();

export function placesIn(isolationCase: IsolationCase, costs: CostModel): Places {
  const places = found.get(isolationCase.setting) ?? findPlaces(isolationCase, costs);
  found.set(isolationCase.setting, places);
  return places;
}

function findPlaces(isolationCase: IsolationCase, costs: CostModel): Places {
  const scout = new ModelSession(isolationCase, costs);
  scout.run(1);
  const { vms, tables, processes } = scout.report();
  const { configuration: { vms: machines }, victim: index } = isolationCase;
  const memory = vms.map((vm, index): Place => ({ base: vm.memory, bytes: machines[index].memoryBytes }));
  const victim = memory[index];
  const seen = Buffer.from(scout.ram().slice(victim.base - RAM_BASE, victim.base - RAM_BASE + victim.bytes));
  const secret = seen.indexOf(`secret=${secretOf(machines[index].name)}`) - SECRET_MARGIN;
  const code = seen.indexOf(firstCode(machines[index].image));
  const placeAt = (offset: number, alignment: number, bytes: number): Place => ({ base: victim.base + Math.floor(Math.max(0, offset) / alignment) * alignment, bytes });
  return { victim, secret: placeAt(secret, 8, SECRET_BYTES), code: placeAt(code, PAGE_BYTES, CODE_BYTES), tables, memory, ...(processes === undefined ? {} : { processes: processes.map(({ memory }) => ({ base: memory, bytes: PROCESS_PAGE.bytes })) }) };
}

function firstCode(image: Uint8Array): Uint8Array {
  const elf = parseElf(image);
  return elf.ok ? image.subarray(elf.value.segments[0].offset).subarray(0, ENTRY_BYTES) : new Uint8Array();
}

/** The places that an attack is aimed at; empty where the engine has no such thing. */
export function placesOf({ victim, secret, code, tables }: Places, { targets = [] }: Pick<Attack, "targets">): Place[] {
  return targets.flatMap((target: Target) => (
    target === "secret" ? [secret] : target === "code" ? [code] : target === "memory" ? [victim] : tables.filter(({ name }) => name === target)));
}

/** The processes of the host's, each doing an act to a target. */
export function instructProcesses(configuration: Configuration, acts: readonly ProcessAct[], begin: number, targets: readonly Place[], { processes = [] }: Places): Configuration {
  const each = acts.flatMap((act) => targets.map((target) => ({ act, target })));
  return {
    ...configuration, processes: processes.map((process, index) => {
      const { act, target } = each[index % each.length];
      return hostileProgram(act, begin, aim(process, target), PATTERN_WORDS);
    }),
  };
}

/** By its physical address; where the process sees its own memory there, by the address that would mean it if that had no limit. */
function aim(process: Place, { base, bytes }: Place): Place {
  return { base: base < RAM_BASE + process.bytes ? RAM_BASE + base - process.base : base, bytes };
}

/** The guests, with the hostile ones told what they need: when to begin (ticks), how long a period is, and where `targets`, the victim and they themselves lie. */
export function instruct({ vms, ...rest }: Configuration, counted: readonly boolean[], begin: number, targets: readonly Place[], { victim, memory }: Places): Configuration {
  return {
    ...rest,
    vms: vms.map((vm, index) => (counted[index] ? vm : {
      ...vm,
      bootArguments: [
        vm.bootArguments, `begin=${begin}`, `tick=${PERIOD}`, `own=${memory[index].base}`, `victim=${victim.base}`,
        ...targets.flatMap(({ base, bytes }, number) => [`target${number}=${base}`, `bytes${number}=${bytes}`]),
      ].join(" "),
    })),
  };
}
