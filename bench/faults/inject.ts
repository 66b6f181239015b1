// Injects one fault after another into the victim, each into a machine that has just been booted, and observes from outside
// what becomes of the victim, of the guests beside it, and of the engine.

import { ENGINES } from "../../engines/engines.ts";
import type { PhysicalAddress } from "../../engines/machine/address.ts";
import { GUEST_CSRS } from "../../engines/machine/hart/upset.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { STEADY_DIGEST, VICTIM } from "../../workloads/faults.ts";
import { checkGuest } from "../check-guest.ts";
import type { ModelSession } from "../model/session.ts";
import type { Execution } from "../read-machine.ts";
import type { UnitsReading } from "../units-page.ts";
import type { FaultCase } from "./cases.ts";
import type { Fault } from "./draw.ts";
import type { Effect, Reach, Recovery } from "./effect.ts";
import { KeptMachine } from "./kept-machine.ts";
import { type GuestParts, partsOf, type Range } from "./parts.ts";

/** In cycles: by EARLIEST all guests do their work, on engines that boot fast, and on others STEPS later; faults come in the SPAN behind
 *  that; SETTLED after all guests began they have had their effect, and who then does nothing in the TAIL hangs. */
const EARLIEST = 700_000;
const STEP = 100_000;
const LATEST = 40_000_000;
/** How much longer than is said here it may take where turns are long: as long as it takes all guests to have some in the TAIL. */
const SCALES = [1, 2, 4, 8, 16] as const;
const SPAN = 400_000;
const SETTLED = 600_000;
const TAIL = 300_000;
/** While the victim waits for its turn, or for a timer, a fault waits for it: so much longer, so often. */
const PATIENCE = { cycles: 500, times: 1_000 } as const;

/** In cycles: a victim that the engine has started again is looked at so often, for so long. */
const RECOVERY = { step: 1_000, most: 12_000_000 } as const;

const REGISTERS = 32;
const BITS_OF_A_BYTE = 8;
const WORD_BYTES = 8;
/** Bytes before and behind the pc. */
const NEARBY = 256;

/** What there is to compare with. */
interface Undisturbed {
  readonly pages: readonly PhysicalAddress[];
  readonly victim: GuestParts;
  readonly memory: PhysicalAddress;
  /** Of the guests beside the victim. */
  readonly constant: readonly { readonly name: string; readonly range: Range; readonly bytes: Uint8Array }[];
}

export type Judgement = Omit<Effect, "fault">;
type Teller = (reach: Reach, effect: Effect["effect"], what: string) => Judgement;

/** What harm there is to a guest. */
interface Harm {
  readonly effect: Effect["effect"];
  readonly what: string;
}

interface Seen {
  readonly units: readonly (UnitsReading | undefined)[];
  readonly guestCycles: readonly number[];
}

export class Injector {
  readonly #case: FaultCase;
  readonly #machine: KeptMachine;
  /** When all guests do their work. */
  readonly #begin: number;
  #scale = 1;
  readonly #undisturbed: Undisturbed;

  /** Runs the machine once without a fault. Throws where that does not go as it should. */
  constructor(faultCase: FaultCase, costs: CostModel) {
    this.#case = faultCase;
    this.#machine = new KeptMachine(faultCase, costs);
    const session = this.#machine.start();
    session.run(EARLIEST - session.now());
    while (late(session, faultCase).length > 0 && session.now() < LATEST) session.run(STEP);
    this.#begin = session.now();
    this.#undisturbed = this.#note(session);
    const why = this.#findScale();
    if (why !== undefined) throw new Error(`without a fault: ${why}`);
  }

  /** Finds the scale on which the machine shows that it does what it should; or answers why there is none. */
  #findScale(): string | undefined {
    let why: string | undefined;
    for (const scale of SCALES) {
      this.#scale = scale;
      const session = this.#machine.start();
      session.run(this.#begin - session.now());
      const { reach, account } = this.#judge(session, undefined);
      if (reach === "masked") return undefined;
      why = account;
    }
    return why;
  }

  inject(fault: Fault): Effect {
    return { fault, ...this.disturb(fault.moment, (session, execution) => this.#flip(session, execution, fault)) };
  }

  /** What comes of something done to the machine when the victim first executes after `moment`, as of a fault. */
  disturb(moment: number, doing: (session: ModelSession, execution: Execution) => string): Judgement {
    const session = this.#machine.start();
    session.run(this.#begin - session.now() + Math.floor(moment * SPAN * this.#scale));
    const execution = this.#awaitVictim(session);
    if (execution === undefined) return { reach: "masked", effect: "", account: "the victim did not execute" };
    return this.#judge(session, doing(session, execution));
  }

  #note(session: ModelSession): Undisturbed {
    const { configuration: { vms }, engine } = this.#case;
    const { vms: reports } = session.report();
    const waiting = late(session, this.#case);
    if (waiting.length > 0) throw new Error(`${waiting.join(", ")} not ready after ${session.now()} cycles; ${session.whereabouts()}`);
    const parts = vms.map((vm, index) => partsOf(vm, reports[index].memory, ENGINES[engine].mode));
    const ram = session.ram();
    return {
      pages: reports.map(({ unitsPage }) => unitsPage as PhysicalAddress),
      victim: parts[VICTIM],
      memory: reports[VICTIM].memory,
      constant: parts.flatMap(({ constant }, index) => (index === VICTIM ? [] : constant.map((range) => (
        { name: vms[index].name, range, bytes: ram.slice(range.from, range.from + range.bytes) })))),
    };
  }

  /** Where the victim executes, now or soon. */
  #awaitVictim(session: ModelSession): Execution | undefined {
    const { memory } = this.#undisturbed;
    const { memoryBytes } = this.#case.configuration.vms[VICTIM];
    for (let waited = 0; waited < PATIENCE.times * this.#scale; waited++) {
      const execution = session.execution(memory, memoryBytes);
      if (execution !== undefined) return execution;
      session.run(PATIENCE.cycles);
    }
    return undefined;
  }

  #flip(session: ModelSession, { hart, pc }: Execution, { place, where, bit }: Fault): string {
    const when = `at cycle ${session.now()}`;
    if (place === "register") {
      const x = Math.floor(where * REGISTERS);
      return `bit ${session.upset(hart, { kind: "register", x, bit })} of ${x === 0 ? "pc" : `x${x}`} ${when}`;
    }
    if (place === "csr") {
      const csr = GUEST_CSRS[Math.floor(where * GUEST_CSRS.length)];
      return `bit ${session.upset(hart, { kind: "csr", csr, bit })} of CSR 0x${csr.toString(16)} ${when}`;
    }
    const at = place === "code" ? this.#byteOfCode(pc - RAM_BASE, where) : this.#byteOfData(session.ram(), where);
    const within = bit % BITS_OF_A_BYTE;
    session.ram()[at] ^= 1 << within;
    this.#machine.recheck();
    return `bit ${within} of the byte at 0x${(RAM_BASE + at).toString(16)} (${place}) ${when}`;
  }

  /** One near what the victim executes: most of an image is of no use any more once it has begun its work. */
  #byteOfCode(pc: number, where: number): number {
    const { from, bytes } = this.#undisturbed.victim.code;
    const first = Math.min(Math.max(pc - NEARBY, from), from + bytes - 2 * NEARBY);
    return first + Math.floor(where * 2 * NEARBY);
  }

  /** One of the next word upwards that is not zero: most of the memory that an image has is not in use. */
  #byteOfData(ram: Uint8Array, where: number): number {
    const { from, bytes } = this.#undisturbed.victim.data;
    const used = (at: number) => ram.subarray(at, at + WORD_BYTES).some((byte) => byte !== 0);
    const drawn = Math.floor(where * bytes);
    const byte = drawn % WORD_BYTES;
    for (let passed = 0; passed < bytes; passed += WORD_BYTES) {
      const at = from + ((drawn - byte + passed) % bytes);
      if (used(at)) return at + byte;
    }
    return from + drawn;
  }

  /** Runs on to the end, and says how far the fault that was flipped got. */
  #judge(session: ModelSession, flipped: string | undefined): Judgement {
    const told: Teller = (reach, effect, what) => ({ reach, effect, account: flipped === undefined ? what : `${flipped}: ${what}` });
    const ended = this.#run(session, Math.max(0, this.#begin + SETTLED * this.#scale - session.now()));
    if (ended !== undefined) return told("engine", "ended", ended);
    const recovery = this.#case.options["restart"] === "on" ? this.#recover(session) : undefined;
    const before = this.#see(session);
    const endedLate = this.#run(session, TAIL * this.#scale);
    if (endedLate !== undefined) return told("engine", "ended", endedLate);
    const after = this.#see(session);
    const lost = after.guestCycles.findIndex((cycles, hart) => cycles === before.guestCycles[hart]);
    if (lost >= 0) return told("engine", "hart", `hart ${lost} has executed no guest for ${TAIL * this.#scale} cycles`);
    session.rest();
    const [broken] = session.invariants();
    if (broken !== undefined) return told("engine", "tables", broken);
    const judgement = this.#judgeGuests(session, before, after, told);
    if (recovery === undefined || judgement.reach !== "masked") return judgement;
    return { ...told("guest", "restarted", `does its work again after ${recovery.unit} cycles`), recovery };
  }

  /** Runs on until a victim that has failed does its work again, and says how long that took it. */
  #recover(session: ModelSession): Recovery | undefined {
    const { state, restarts } = session.report().vms[VICTIM];
    if (state === "running" && restarts === undefined) return undefined;
    const page = this.#undisturbed.pages[VICTIM];
    for (let waited = 0; waited < RECOVERY.most; waited += RECOVERY.step) {
      if (this.#run(session, RECOVERY.step) !== undefined) return undefined;
      const { state: now, restarts: done } = session.report().vms[VICTIM];
      const units = session.units(page)?.units ?? 0;
      if (now === "running" && done !== undefined && units > 0) return { instruction: done.restartedAt - done.failedAt, unit: session.now() - done.failedAt };
    }
    return undefined;
  }

  #judgeGuests(session: ModelSession, before: Seen, after: Seen, told: Teller): Judgement {
    const { vms } = this.#case.configuration;
    const states = session.report().vms;
    const harmOf = (index: number) => harmTo(states[index].state, states[index].reason, before.units[index], after.units[index]);
    for (const [index, { name }] of vms.entries()) {
      const harm = index === VICTIM ? undefined : harmOf(index);
      if (harm !== undefined) return told("others", harm.effect, `${name} ${harm.what}`);
    }
    const ram = session.ram();
    const touched = this.#undisturbed.constant.find(({ range, bytes }) => Buffer.compare(ram.subarray(range.from, range.from + range.bytes), bytes) !== 0);
    if (touched !== undefined) return told("others", "memory", `memory of ${touched.name} has changed that nobody writes`);
    const harm = harmOf(VICTIM);
    return harm === undefined ? told("masked", "", "no effect") : told("guest", harm.effect, `${vms[VICTIM].name} ${harm.what}`);
  }

  /** Why the machine did not run on. */
  #run(session: ModelSession, duration: number): string | undefined {
    try {
      const outcome = session.run(duration);
      if (outcome.kind === "reached") return undefined;
      return outcome.kind === "halted" ? "the engine halted every hart" : `deadlock: ${outcome.waits.join("; ")}`;
    } catch (error) {
      return `the engine ended: ${(error as Error).message.split("\n")[0]}`;
    }
  }

  #see(session: ModelSession): Seen {
    return { units: this.#undisturbed.pages.map((page) => session.units(page)), guestCycles: session.cycles().map(({ guest }) => guest) };
  }
}

/** The guests that do not yet do their work. */
function late(session: ModelSession, { configuration: { vms } }: FaultCase): string[] {
  const reports = session.report().vms;
  return vms.filter((_, index) => session.units(reports[index].unitsPage as PhysicalAddress)?.ready !== true).map(({ name }) => name);
}

function harmTo(state: string, reason: string | undefined, before: UnitsReading | undefined, after: UnitsReading | undefined): Harm | undefined {
  if (state !== "running") return { effect: "ended", what: `${state}: ${reason?.split(";")[0] ?? "no reason given"}` };
  if (before === undefined || after === undefined) return { effect: "wrong", what: "has destroyed its units page" };
  const wrong = checkGuest(after, STEADY_DIGEST);
  if (wrong !== undefined) return { effect: "wrong", what: wrong };
  return after.units === before.units ? { effect: "hung", what: "has done nothing since" } : undefined;
}
