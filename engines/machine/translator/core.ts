// The generated core of one thread: it compiles the interpreter, and translates what turns out to be hot.

import { setFlagsFromString } from "node:v8";

import { decode, instructionBytes } from "../instructions/decode.ts";
import type { Decoded } from "../instructions/decode.ts";
import { EXIT, FIRST_PAGED_SPACE, HART, LEAVE, RAM_BASE } from "../layout.ts";
import type { CoreImports, GeneratedCore } from "../core.ts";
import { threadArea } from "../memory.ts";
import type { PhysicalMemory } from "../memory.ts";
import { encodeModule } from "../wasm/module.ts";
import { I32, I64 } from "../wasm/opcodes.ts";
import { HOTNESS, lookupIndex, TYPE, TYPES } from "./abi.ts";
import { discover } from "./blocks.ts";
import { reachOf } from "./check-reach.ts";
import { CodeClasses } from "./code-classes.ts";
import type { CoreStatistics } from "./core-statistics.ts";
import { chopBlocks } from "./chop.ts";
import { codeOf } from "./code-runs.ts";
import { compileUnit, instantiateUnit } from "./compile-unit.ts";
import type { CompiledUnit } from "./compile-unit.ts";
import { Fetched } from "./fetched.ts";
import type { RamWindow } from "./unit-builder.ts";
import { INTERPRETER_LOCALS } from "./interpret-instruction.ts";
import { DECODE_LEFT, DECODE_MOVED, interpreterBody } from "./interpreter.ts";
import { RESOLVE_LOCALS, resolveBody } from "./memory-access.ts";
import { plan } from "./plan.ts";
import { moved, PlacedUnits } from "./placed-units.ts";
import { Predecoded } from "./predecoded.ts";
import { RememberedEntries } from "./remembered-entries.ts";
import { makeReducible } from "./split.ts";
import { REMEMBER_LOCALS, rememberBody } from "./remember.ts";
import { TranslationTable } from "./translation-table.ts";
import type { TranslatedUnit } from "./translation-table.ts";
import { unrollLoops } from "./unroll.ts";

export interface CoreOptions {
  /** How often a pc is looked up in vain before what begins there is translated; Infinity: never. */
  readonly hotThreshold?: number;
  /** Whether guests whose code is the same execute the same translations, which are slower by what reading the place of
   *  their RAM costs: for a thread that runs many. */
  readonly shared?: boolean;
  /** Whether code that is the same at different addresses is compiled once: for a thread that runs many guests in one
   *  address space. */
  readonly placed?: boolean;
}

const DEFAULT_HOT_THRESHOLD = 50;
const INITIAL_SLOTS = 1024;
const NEVER = 0x7fff_ffff;
const INSTRUCTION_ACCESS_FAULT = 1; // scause
const ILLEGAL_INSTRUCTION = 2;
// The hints that say which checks hardly ever fail keep the slow paths out of V8's register allocation. V8 ships the
// proposal (https://github.com/WebAssembly/branch-hinting) behind this flag; without it the section is ignored.
setFlagsFromString("--experimental-wasm-branch-hinting");

/** A pc that could not be translated is not tried again for this many look-ups. */
const RETRY_AFTER = -100_000;

// Function numbers in the interpreter's module: imports first.
const IMPORT = { system: 0, device: 1, decode: 2, translate: 3, jump: 4, outside: 5, locate: 6, translateTail: 7 } as const;
const RESOLVE = 8;
const PAGE_BYTES = 0x1000;
/** Between this and the end of the address space a pc could not be told from MISSING. */
const LAST_PAGE = -PAGE_BYTES;

export class Core implements GeneratedCore {
  readonly #memory: PhysicalMemory;
  readonly #area: number;
  readonly #imports: CoreImports;
  readonly #functions = new WebAssembly.Table({ element: "anyfunc", initial: INITIAL_SLOTS });
  readonly #predecoded: Predecoded;
  readonly #table: TranslationTable;
  /** Null: every space has its own translations. */
  readonly #classes: CodeClasses | null;
  /** Null: every place has its own units. */
  readonly #placed: PlacedUnits | null;
  readonly #spaceField: typeof HART.space | typeof HART.translations;
  readonly #resolve: WebAssembly.ExportValue;
  readonly #remember: WebAssembly.ExportValue;
  readonly #pages: number;
  readonly #hotThreshold: number;
  readonly #runBare: (state: number) => number;
  readonly #remembered = new RememberedEntries();
  #runPaged: ((state: number) => number) | null = null;
  #instructions = 0;
  #milliseconds = 0;

  constructor(memory: PhysicalMemory, thread: number, imports: CoreImports, options: CoreOptions = {}) {
    this.#memory = memory;
    this.#area = threadArea(thread);
    this.#imports = imports;
    this.#pages = memory.wasm.buffer.byteLength / 0x1_0000;
    const threshold = options.hotThreshold ?? DEFAULT_HOT_THRESHOLD;
    this.#hotThreshold = Number.isFinite(threshold) ? Math.max(1, threshold) : NEVER;
    this.#spaceField = options.shared === true ? HART.translations : HART.space;
    const instance = this.#instantiateInterpreter(false);
    this.#runBare = instance.exports["run"] as (state: number) => number;
    this.#resolve = instance.exports["resolve"];
    this.#predecoded = new Predecoded(memory, this.#area);
    this.#remember = instance.exports["remember"];
    this.#table = new TranslationTable(memory, this.#area, this.#functions);
    this.#placed = options.placed === true ? new PlacedUnits(memory.u8) : null;
    this.#classes = options.shared === true ? new CodeClasses(memory, this.#area, this.#table) : null;
  }

  statistics(): CoreStatistics {
    return { units: this.#table.size, spaces: this.#table.spaces, slots: this.#table.slots, instructions: this.#instructions, milliseconds: this.#milliseconds };
  }

  readonly run = (state: number): number => {
    for (;;) {
      const exit = this.#isPaged(state) ? this.#interpretPaged(state) : this.#runBare(state);
      if (exit !== EXIT.translation) return exit;
    }
  };

  /** fence.i on the hart at `state`: forgets every instruction of its guest that is no longer what it was. */
  flush(state: number): void {
    const space = this.#memory.i32[(state + HART.space) >> 2];
    this.#classes?.fence(space);
    const isPaged = space >= FIRST_PAGED_SPACE;
    // What is not under page tables may be the same guest's as what is.
    this.#table.dropChanged((other) => other >= FIRST_PAGED_SPACE || (this.#classes === null && (isPaged || other === space)));
  }

  revalidate(state: number): boolean {
    const space = this.#memory.i32[(state + HART.space) >> 2];
    return this.#table.dropMoved(space, (address) => this.#imports.fetch(state, address, "look-ahead"));
  }

  forgetPaged(): void {
    this.#table.forgetPaged();
  }

  /** Memory has been written from outside the machine: forgets every instruction that is no longer what it was. */
  recheck(): void {
    this.#classes?.fence(FIRST_PAGED_SPACE);
    this.#table.dropChanged((space) => space >= FIRST_PAGED_SPACE || this.#classes === null);
  }

  /** Few guests page before they have run for a while: the interpreter for them is made when one does. */
  #interpretPaged(state: number): number {
    this.#runPaged ??= this.#instantiateInterpreter(true).exports["run"] as (state: number) => number;
    return this.#runPaged(state);
  }

  #isPaged(state: number): boolean {
    return this.#memory.i32[(state + HART.paged) >> 2] !== 0;
  }

  #instantiateInterpreter(paged: boolean): WebAssembly.Instance {
    const interpreter = interpreterBody({ ...IMPORT, spaceField: this.#spaceField, resolve: RESOLVE, paged }, this.#hotThreshold);
    const resolver = resolveBody();
    const remember = rememberBody(IMPORT.locate);
    const bytes = encodeModule({
      types: TYPES,
      imports: [
        { name: "system", type: TYPE.service },
        { name: "device", type: TYPE.service },
        { name: "decode", type: TYPE.request },
        { name: "translate", type: TYPE.request },
        { name: "jump", type: TYPE.request },
        { name: "outside", type: TYPE.request },
        { name: "locate", type: TYPE.service },
        { name: "translateTail", type: TYPE.request },
      ],
      memoryPages: this.#pages,
      functions: [
        {
          type: TYPE.resolve, exportName: "resolve", body: resolver.bytes(),
          locals: [{ type: I32, count: RESOLVE_LOCALS.i32 }, { type: I64, count: RESOLVE_LOCALS.i64 }],
        },
        {
          type: TYPE.request, exportName: "run", body: interpreter.bytes(), unlikely: interpreter.unlikely(),
          locals: [{ type: I32, count: INTERPRETER_LOCALS.i32 }, { type: I64, count: INTERPRETER_LOCALS.i64 }],
        },
        {
          type: TYPE.remember, exportName: "remember", body: remember.bytes(),
          locals: [{ type: I32, count: REMEMBER_LOCALS.i32 }, { type: I64, count: REMEMBER_LOCALS.i64 }],
        },
      ],
    });
    return new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      m: {
        memory: this.#memory.wasm, table: this.#functions, system: this.#imports.system, device: this.#imports.device,
        decode: (state: number) => this.#decode(state),
        translate: (state: number) => this.#translate(state),
        jump: this.#jump,
        outside: (state: number) => this.#outside(state),
        locate: this.#imports.locate,
        translateTail: (state: number) => this.#translateTail(state),
      },
    });
  }

  // ---- predecoding ----------------------------------------------------------------------------------

  /** Fetches and predecodes the instruction at HART.pc; answers where, or what became of the fault. */
  #decode(state: number): number {
    const pc = this.#address(state + HART.pc);
    const host = this.#fetchOffset(state, pc, "access");
    if (host === null) return this.#fetchFault(state, 0);
    // The interpreter looks for instructions of which four bytes lie in the fast window, or in the page they begin in.
    const together = this.#isPaged(state) ? host % PAGE_BYTES <= PAGE_BYTES - 4 : pc - RAM_BASE <= this.#address(state + HART.ramLimit);
    // Read once: other harts may write to it.
    let word = together ? this.#word(host) : this.#half(host);
    const isLong = instructionBytes(word & 0xffff) === 4;
    if (isLong && !together) {
      const second = this.#fetchOffset(state, pc + 2, "access");
      if (second === null) return this.#fetchFault(state, 2);
      word |= this.#half(second) << 16;
    }
    const instruction = isLong ? word : word & 0xffff;
    const decoded = decode(instruction);
    if (decoded === null) return this.#illegal(state, instruction);
    return together ? this.#predecoded.keep(pc, word, decoded) : this.#predecoded.pass(decoded);
  }

  #word(host: number): number {
    const { u8, i32 } = this.#memory;
    return host % 4 === 0 ? i32[host >> 2] : u8[host] | (u8[host + 1] << 8) | (u8[host + 2] << 16) | (u8[host + 3] << 24);
  }

  #half(host: number): number {
    return this.#memory.u8[host] | (this.#memory.u8[host + 1] << 8);
  }

  /** Host offset of the two instruction bytes at `pc`, if they lie in executable RAM. */
  #fetchOffset(state: number, pc: number, kind: "access" | "look-ahead"): number | null {
    const { i32 } = this.#memory;
    if (this.#isPaged(state)) {
      const host = this.#imports.fetch(state, pc, kind);
      return host < 0 ? null : host;
    }
    const bytes = this.#address(state + HART.ramLimit) + 8;
    const within = pc - RAM_BASE;
    if (within < 0 || within + 2 > bytes) return null;
    return i32[(state + HART.ramOffset) >> 2] + within;
  }

  /** The fetch fails `ahead` bytes behind HART.pc. In halves: the address may be any, beyond 2^53 too. */
  #fetchFault(state: number, ahead: 0 | 2): number {
    const { i32 } = this.#memory;
    const low = (i32[(state + HART.pc) >> 2] + ahead) | 0;
    i32[(state + HART.trapValue) >> 2] = low;
    i32[(state + HART.trapValue + 4) >> 2] = i32[(state + HART.pc + 4) >> 2] + (low >>> 0 < ahead ? 1 : 0);
    this.#charge(state);
    return this.#answer(this.#imports.trap(state, INSTRUCTION_ACCESS_FAULT));
  }

  #illegal(state: number, word: number): number {
    const compressed = (word & 3) !== 3;
    this.#memory.i32[(state + HART.trapValue) >> 2] = compressed ? word & 0xffff : word;
    this.#memory.i32[(state + HART.trapValue + 4) >> 2] = 0;
    this.#charge(state);
    return this.#answer(this.#imports.trap(state, ILLEGAL_INSTRUCTION));
  }

  #answer(answer: number): number {
    return answer === LEAVE ? DECODE_LEFT : DECODE_MOVED;
  }

  /** An instruction that faults while it is fetched uses up fuel like any other: a fault loop ends its slice. */
  #charge(state: number): void {
    this.#memory.i32[(state + HART.fuel) >> 2]--;
  }

  // ---- translation ----------------------------------------------------------------------------------

  /** Generated code reports an indirect jump from HART.jumpSource to HART.pc. */
  readonly #jump = (state: number): number => {
    this.#table.noteJump(this.#memory.i32[(state + this.#spaceField) >> 2], this.#address(state + HART.jumpSource), this.#address(state + HART.pc));
    return 0;
  };

  /** The unit entered at HART.pc stopped at an access outside the RAM window. */
  #outside(state: number): number {
    this.#table.noteOutside(this.#memory.i32[(state + this.#spaceField) >> 2], this.#address(state + HART.pc), this.#isPaged(state));
    return 0;
  }

  /** The address in a 64-bit field, as a signed number. */
  #address(field: number): number {
    const { i32 } = this.#memory;
    return i32[(field + 4) >> 2] * 2 ** 32 + (i32[field >> 2] >>> 0);
  }

  /** Makes HART.pc an entry of a translated unit. Answers 1, or 0 if the interpreter has to go on. */
  #translate(state: number): number {
    const { i32 } = this.#memory;
    const pc = this.#address(state + HART.pc);
    const space = this.#translationsOf(state);
    // From the low half: a guest may trap for ever at an address that is none, beyond 2^53 too.
    const hotness = this.#area + HOTNESS.offset + lookupIndex(space, i32[(state + HART.pc) >> 2] >>> 0) * 4;
    i32[hotness >> 2] = 0;
    if (this.#table.install(space, pc)) return 1;
    // No unit is on the host's stack: the interpreter asks.
    if (space >= FIRST_PAGED_SPACE && this.#table.isFull) this.forgetPaged();
    if (this.#build(state, space, pc, false)) return 1;
    i32[hotness >> 2] = RETRY_AFTER;
    return 0;
  }

  /** What is left of slices often ends behind HART.pc, in a unit that would go further: it gets a tail unit. */
  #translateTail(state: number): number {
    const pc = this.#address(state + HART.pc);
    const space = this.#translationsOf(state);
    const begin = this.#table.unitAt(space, pc);
    if (begin !== undefined) this.#build(state, space, begin, true);
    this.#table.refuseTail(space, pc);
    return 0;
  }

  /** Number of the translations for the space that the hart is in, which has some from now on. */
  #translationsOf(state: number): number {
    const { i32 } = this.#memory;
    const number = i32[(state + HART.space) >> 2];
    if (this.#classes === null || number >= FIRST_PAGED_SPACE) return number;
    return this.#classes.of({ number, offset: i32[(state + HART.ramOffset) >> 2] >>> 0, limit: this.#address(state + HART.ramLimit) });
  }

  #build(state: number, space: number, pc: number, isTail: boolean): boolean {
    const started = performance.now(); // oxlint-disable-line no-restricted-globals -- reported only
    const stops = isTail ? null : this.#table.stops(space, pc);
    const built = (stops === null && this.#placeAgain(state, space, pc, isTail)) || this.#buildAnew(state, space, pc, isTail, stops);
    this.#milliseconds += performance.now() - started; // oxlint-disable-line no-restricted-globals -- reported only
    return built;
  }

  #buildAnew(state: number, space: number, pc: number, isTail: boolean, stops: ((pc: number) => boolean) | null): boolean {
    const fetched = new Fetched();
    const shape = isTail ? chopBlocks : unrollLoops;
    const jumps = new Map<number, readonly number[]>();
    const unit = shape(makeReducible(discover(pc, {
      fetch: (at) => this.#fetchForTranslation(state, at, fetched),
      targetsOf: (at) => {
        const targets = this.#table.jumpTargets(space, at);
        jumps.set(at, targets);
        return targets;
      },
      stopsAt: stops ?? (() => false),
    })));
    if (unit.blocks[0].count === 0) return false;
    const window = this.#window(state);
    const paging = this.#isPaged(state) ? this.#remembered.paging(space, this.#memory.i32[(state + HART.tlb) >> 2] - state) : null;
    const isResolving = this.#table.isResolving(space, pc);
    const planned = plan(unit, isResolving ? null : reachOf(window, paging !== null, this.#table.isApart(space, pc)), isTail);
    const placed = this.#placed !== null && paging === null && stops === null;
    const surroundings = { space, spaceField: this.#spaceField, window, paging, placed };
    const compiled = compileUnit(planned, surroundings, this.#pages, (target) => this.#table.slotOfCalled(space, target, isTail));
    const translated: TranslatedUnit = {
      pc, isTail,
      entries: planned.entries.map((block) => ({ pc: unit.blocks[block].pc, fuel: planned.longest[block] })),
      jumps: unit.blocks.flatMap(({ ending }) => (ending.kind === "jump-register" ? [ending.instruction.pc] : [])),
      code: codeOf(unit.blocks, fetched, this.#memory.u8, (at) => this.#fetchOffset(state, at, "look-ahead")),
    };
    if (placed) this.#placed?.add(space, { unit: translated, compiled, jumps, isResolving });
    this.#add(space, translated, compiled, 0);
    this.#instructions += unit.blocks.reduce((sum, block) => sum + block.count, 0);
    return true;
  }

  /** Takes a unit made for the same code at another place. */
  #placeAgain(state: number, space: number, pc: number, isTail: boolean): boolean {
    if (this.#placed === null || this.#isPaged(state)) return false;
    const ram = this.#memory.i32[(state + HART.ramOffset) >> 2] >>> 0;
    const found = this.#placed.find(space, pc, isTail, this.#table.isResolving(space, pc), ram, (at) => this.#table.jumpTargets(space, at));
    if (found === undefined) return false;
    const by = pc - found.unit.pc;
    this.#add(space, moved(found.unit, by), found.compiled, by);
    return true;
  }

  #add(space: number, unit: TranslatedUnit, compiled: CompiledUnit, by: number): void {
    const slots = compiled.called.map((target) => this.#table.slotOfCalled(space, target + by, unit.isTail));
    this.#table.add(space, unit, instantiateUnit(compiled, {
      memory: this.#memory.wasm, table: this.#functions, system: this.#imports.system, resolve: this.#resolve, jump: this.#jump,
      locate: this.#imports.locate, remember: this.#remember,
    }, unit.pc, slots));
    this.#classes?.added(space, unit);
  }

  /** Everything of a space is translated for one RAM window: a space number stands for it (HART.space). */
  #window(state: number): RamWindow {
    const offset = this.#memory.i32[(state + HART.ramOffset) >> 2] >>> 0;
    return { offset: this.#classes === null ? offset : null, limit: this.#address(state + HART.ramLimit) };
  }

  #fetchForTranslation(state: number, pc: number, fetched: Fetched): Decoded | null {
    const locate = (at: number): number | null => this.#fetchOffset(state, at, "look-ahead");
    const read = (host: number): number => this.#half(host);
    const half = pc >= LAST_PAGE && pc < 0 ? null : fetched.half(pc, locate, read);
    if (half === null) return null;
    if (instructionBytes(half) === 2) return decode(half);
    const second = fetched.half(pc + 2, locate, read);
    return second === null ? null : decode(half | (second << 16));
  }
}
