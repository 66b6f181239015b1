// Guests of one image on one hart that share translations, in an address space each or, with none of their own, at
// different addresses: what each executes is what its own memory holds, and what is the same is translated once.

import { describe, expect, test } from "vitest";
import { guestPhysical, physical } from "../../engines/machine/address.ts";
import { CONTEXT_BYTES, type EngineMode, type Hart } from "../../engines/machine/hart/hart.ts";
import { SECOND_STAGE_BYTES, writeSecondStage } from "../../engines/machine/hart/second-stage.ts";
import { RIGHT } from "../../engines/machine/layout.ts";
import type { Software } from "../../engines/machine/machine.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { Assembler, Label } from "./assembler.ts";
import { encode } from "./encode.ts";
import { makeMachine, runUntilHalted } from "./machine.ts";
import { whole } from "./memory-map.ts";

const RAM = 0x8000_0000;
const GUEST_BYTES = 0x20_0000;
const CODE = RAM + 0x1_0000;
const FIRST = RAM + 0x3_0000;
const SECOND = RAM + 0x4_0000;
const DATA = RAM + 0x5_0000;
const REQUEST = 0;
const PATCH = 8;
const LIMIT = 10_000_000;
const RA = 1;
const T0 = 5;
const T1 = 6;
const T2 = 7;
const A0 = 10;
/** What a guest is asked to do next: call the first function, or the second; or patch the first and call it. */
const ASKED = { first: 0, second: 1, patch: 2 } as const;
const CALLS = 20;

const returning = (value: number): number => encode("addi", { rd: A0, immediate: value });

function program(): Uint8Array {
  const code = new Assembler(CODE);
  const at = (address: number): Label => Object.assign(new Label(), { address });
  const [loop, first, patch] = [new Label(), new Label(), new Label()];
  code.bind(loop);
  code.addressOf(T0, at(DATA));
  code.op("ld", { rd: T1, rs1: T0, immediate: REQUEST });
  code.op("sd", { rs1: T0, rs2: 0, immediate: REQUEST });
  code.to(first, "beq", { rs1: T1 });
  code.op("addi", { rd: T1, rs1: T1, immediate: -1 });
  code.to(patch, "bne", { rs1: T1 });
  code.to(at(SECOND), "jal", { rd: RA });
  code.op("ecall");
  code.to(loop, "jal");
  code.bind(patch);
  code.addressOf(T2, at(FIRST));
  code.op("lw", { rd: T1, rs1: T0, immediate: PATCH });
  code.op("sw", { rs1: T2, rs2: T1 });
  code.op("fence.i");
  code.bind(first);
  code.addressOf(T2, at(FIRST));
  code.op("jalr", { rd: RA, rs1: T2 });
  code.op("ecall");
  code.to(loop, "jal");
  return code.finish();
}

/** Lets each guest run until it calls, in turn. `asked` says what guest `guest` is to do for its call `call`. */
class Turns implements Software {
  readonly seen: number[][];
  readonly #mode: EngineMode;
  readonly #views: readonly DataView[];
  readonly #calls: number;
  readonly #asked: (guest: number, call: number) => number;
  #guest = 0;

  constructor(mode: EngineMode, views: readonly DataView[], calls: number, asked: (guest: number, call: number) => number) {
    this.seen = views.map(() => []);
    this.#mode = mode;
    this.#views = views;
    this.#calls = calls;
    this.#asked = asked;
  }

  boot(hart: Hart): void {
    this.#views.forEach((_, guest) => {
      if (this.#mode === "machine") return hart.resetContext(contextOf(guest), physicalOf(guest) + CODE - RAM, 0, 0);
      writeSecondStage(hart.memory, stageOf(guest), [{
        base: guestPhysical(RAM), bytes: GUEST_BYTES, physical: physical(physicalOf(guest)), rights: RIGHT.read | RIGHT.write | RIGHT.execute,
      }]);
      hart.resetContext(contextOf(guest), CODE, 0, 0);
    });
  }

  start(hart: Hart): void {
    this.#enter(hart, 0);
  }

  trap(hart: Hart): void {
    const guest = this.#guest;
    this.seen[guest].push(Number(whole(hart.xLow(A0), hart.xHigh(A0))));
    hart.advance();
    if (this.seen.every((seen) => seen.length === this.#calls)) return hart.halt();
    hart.saveContext(contextOf(guest));
    this.#enter(hart, (guest + 1) % this.seen.length);
  }

  #enter(hart: Hart, guest: number): void {
    this.#guest = guest;
    this.#views[guest].setBigUint64(DATA - RAM + REQUEST, BigInt(this.#asked(guest, this.seen[guest].length)), true);
    hart.loadContext(contextOf(guest));
    if (this.#mode === "hypervisor") hart.setSecondStage(stageOf(guest), guest + 1);
  }
}

const physicalOf = (guest: number): number => RAM + (guest + 1) * GUEST_BYTES;
const contextOf = (guest: number) => physical(RAM + 0x800 + guest * CONTEXT_BYTES);
const stageOf = (guest: number) => physical(RAM + 0x1_0000 + guest * SECOND_STAGE_BYTES);

/** What guests return whose functions return `functions`; how many units they had, and for how many instructions these
 *  were made. */
function run(
  mode: EngineMode, functions: readonly (readonly [number, number])[], calls: number, asked: (guest: number, call: number) => number,
  slice = 100_000,
): { readonly seen: readonly number[][]; readonly units: number; readonly instructions: number } {
  const memory = PhysicalMemory.create((functions.length + 1) * GUEST_BYTES, 1);
  const code = program();
  const views = functions.map(([first, second], guest) => {
    const from = memory.offset(physical(physicalOf(guest)));
    const view = new DataView(memory.wasm.buffer, from, GUEST_BYTES);
    memory.u8.set(code, from + CODE - RAM);
    for (const [at, value] of [[FIRST, first], [SECOND, second]] as const) {
      view.setInt32(at - RAM, returning(value), true);
      view.setInt32(at - RAM + 4, encode("jalr", { rs1: RA }), true);
    }
    view.setInt32(DATA - RAM + PATCH, returning(100), true);
    return view;
  });
  const tier = { hotThreshold: 3, slice, mode, shared: mode === "hypervisor", placed: mode === "machine" } as const;
  const software = new Turns(mode, views, calls, asked);
  const { machine, core } = makeMachine(memory, software, tier);
  const end = runUntilHalted(machine, tier, LIMIT);
  expect(end.halted).toBe(true);
  const { units, instructions } = core.statistics();
  return { seen: software.seen, units, instructions };
}

const times = (count: number, value: number): number[] => new Array<number>(count).fill(value);

describe.each(["hypervisor", "machine"] as const)("under a %s-mode engine", (mode) => {
  test("guests of one image execute one translation", () => {
    const alone = run(mode, [[1, 2]], CALLS, () => ASKED.first);
    const four = run(mode, [[1, 2], [1, 2], [1, 2], [1, 2]], CALLS, () => ASKED.first);
    expect(four.seen).toEqual([0, 1, 2, 3].map(() => times(CALLS, 1)));
    expect(alone.units).toBeGreaterThan(1);
    // What turns hot first depends on which guest ran before.
    expect(four.instructions).toBeLessThanOrEqual(2 * alone.instructions);
  });

  test("a guest of another image has its own", () => {
    const { seen, instructions } = run(mode, [[1, 2], [3, 2], [1, 2]], CALLS, () => ASKED.first);
    expect(seen).toEqual([times(CALLS, 1), times(CALLS, 3), times(CALLS, 1)]);
    const alone = run(mode, [[1, 2]], CALLS, () => ASKED.first);
    expect(instructions).toBeGreaterThan(alone.instructions);
    expect(instructions).toBeLessThanOrEqual(2 * alone.instructions);
  });

  test.each([100_000, 3])("one that writes to its code leaves the others as they were, in slices of %i", (slice) => {
    // Guest 1 patches its first function after CALLS calls, guest 2 after twice as many.
    const asked = (guest: number, call: number): number => (call === guest * CALLS && guest > 0 ? ASKED.patch : ASKED.first);
    const { seen } = run(mode, [[1, 2], [1, 2], [1, 2], [1, 2]], 5 * CALLS, asked, slice);
    const patchedAfter = (calls: number): number[] => [...times(calls, 1), ...times(5 * CALLS - calls, 100)];
    expect(seen).toEqual([times(5 * CALLS, 1), patchedAfter(CALLS), patchedAfter(2 * CALLS), patchedAfter(3 * CALLS)]);
  });

  test("those that write the same to their code share again what is made of it", () => {
    const guests = [[1, 2], [1, 2], [1, 2], [1, 2]] as const;
    const asked = (_: number, call: number): number => (call === CALLS ? ASKED.patch : ASKED.first);
    const alone = run(mode, guests.slice(0, 1), 3 * CALLS, asked);
    const four = run(mode, guests, 3 * CALLS, asked);
    expect(four.seen).toEqual(guests.map(() => [...times(CALLS, 1), ...times(2 * CALLS, 100)]));
    // Who writes first leaves the class as it is, and founds another.
    expect(four.instructions).toBeLessThan(2 * alone.instructions);
  });

  test("what differs is noticed where it is first translated", () => {
    const asked = (_: number, call: number): number => (call < CALLS ? ASKED.first : ASKED.second);
    const { seen } = run(mode, [[1, 2], [1, 3], [1, 2]], 3 * CALLS, asked);
    expect(seen).toEqual([2, 3, 2].map((second) => [...times(CALLS, 1), ...times(2 * CALLS, second)]));
  });
});
