// The pieces that random streams are made of. Each stands alone: dropping any one of them from a stream
// leaves a stream that still ends, which is what makes failing streams shrink.

import type { Compressed } from "../../engines/machine/instructions/compressed.ts";
import { decode } from "../../engines/machine/instructions/decode.ts";
import {
  INSTRUCTIONS, MNEMONICS, type Instruction, type Mnemonic,
} from "../../engines/machine/instructions/table.ts";
import { Label, type Assembler } from "./assembler.ts";
import {
  compressedForms, encode, encodeCompressedTransfer, encodeCsr, type CsrMnemonic,
} from "./encode.ts";
import { CSR, FRAME, RAM, RAM_BYTES, SCRATCH_BYTES, STACK } from "./program.ts";
import type { Random } from "./random.ts";

/** What an item may jump to, besides its own labels. */
export interface Targets {
  /** Behind the `skip` items that follow. */
  readonly onward: Label;
  /** Behind the innermost loop. */
  readonly leave: Label;
  readonly shared: SharedCode;
}

export interface Item {
  readonly text: string;
  /** How many of the items that follow `targets.onward` lies behind. */
  readonly skip: number;
  /** Items inside this one, which can be dropped one by one. */
  readonly body: readonly Item[];
  emit(code: Assembler, targets: Targets, body: readonly Item[]): void;
}

/** Functions that streams call. */
export interface SharedCode {
  readonly leaves: readonly Label[]; // return to x1
  readonly skipping: Label; // returns to x1 + 4
  readonly recursive: Label; // calls itself x10 times
}

// ---- registers --------------------------------------------------------------------------------
const GP = 3;
const LINK = 1;
const STACK_POINTER = 2;
const ARGUMENT = 10;
/** Loop counters: what shared code never writes. */
export const COUNTERS = [18, 19, 20, 21, 22, 23, 24, 25, 26, 27] as const;
const LEAF_REGISTERS = [10, 11, 12, 13, 14, 15, 28, 29, 30] as const;

// ---- instructions by kind, from the table -----------------------------------------------------
const ofKind = (...kinds: readonly Instruction["kind"][]): readonly Mnemonic[] =>
  MNEMONICS.filter((mnemonic) => kinds.includes(INSTRUCTIONS[mnemonic].kind));
const COMPUTES = ofKind("compute");
const LOADS = ofKind("load");
const STORES = ofKind("store");
const BRANCHES = ofKind("branch");
const ATOMICS = ofKind("atomic", "atomic-loop");
const RESERVED_LOADS = ofKind("load-reserved");
const COMPRESSED_COMPUTES = compressedForms(({ kind }) => kind === "compute");
const COMPRESSED_ACCESSES = compressedForms(({ kind }) => kind === "load" || kind === "store");
const COMPRESSED_BRANCHES = compressedForms(({ kind }) => kind === "branch");
const COMPRESSED_JUMPS = compressedForms(({ kind }) => kind === "jump");

/** The first address behind RAM. */
const END = BigInt(RAM) + BigInt(RAM_BYTES);

/** c.j reaches 2 KiB either way; less, for the instructions between a test of it and the jump. */
const COMPRESSED_REACH = 2000;

const bytesOf = (mnemonic: Mnemonic): number => {
  const instruction: Instruction = INSTRUCTIONS[mnemonic];
  return "bytes" in instruction ? instruction.bytes : 0;
};

/** Makes items that write only registers they may write. */
export class ItemMaker {
  readonly #random: Random;
  readonly #kept: ReadonlySet<number>;

  /** `kept`: registers that no item may write, gp apart. */
  constructor(random: Random, kept: readonly number[]) {
    this.#random = random;
    this.#kept = new Set([GP, ...kept]);
  }

  #target(): number {
    for (;;) {
      const register = this.#random.between(0, 31);
      if (!this.#kept.has(register)) return register;
    }
  }

  /** A register to write that is not x0, nor one of `others`. */
  #fresh(...others: readonly number[]): number {
    for (;;) {
      const register = this.#target();
      if (register !== 0 && !others.includes(register)) return register;
    }
  }

  #any(): number {
    return this.#random.between(0, 31);
  }

  compute(mnemonic: Mnemonic = this.#random.pick(COMPUTES)): Item {
    const rd = this.#target();
    // Now and then both sources are one register.
    const rs1 = this.#any();
    const rs2 = this.#random.chance(1, 10) ? rs1 : this.#any();
    const immediate = this.#random.chance(1, 4) ? this.#random.pick([0, 1, -1, -2048 << 12, 2047]) : this.#random.bits();
    return simple(mnemonic, (code) => code.raw(4, encode(mnemonic, { rd, rs1, rs2, immediate })));
  }

  computeCompressed(): Item {
    for (;;) {
      const word = this.#compressedWord(this.#random.pick(COMPRESSED_COMPUTES));
      const decoded = decode(word);
      if (decoded === null || this.#kept.has(decoded.rd)) continue;
      // Forms share words: c.add with no rs2 is a jump.
      if (INSTRUCTIONS[MNEMONICS[decoded.number]].kind !== "compute") continue;
      return simple(`c.${MNEMONICS[decoded.number]}`, (code) => code.raw(2, word));
    }
  }

  #compressedWord(form: Compressed): number {
    return form.match | (this.#random.bits() & ~form.mask & 0xffff);
  }

  /** A load or store of any width and alignment inside the scratch buffer. */
  access(): Item {
    const random = this.#random;
    const mnemonic = random.pick(random.chance(1, 2) ? LOADS : STORES);
    const bytes = bytesOf(mnemonic);
    const to = random.chance(1, 2)
      ? random.between(0, SCRATCH_BYTES - bytes) : random.between(0, SCRATCH_BYTES / bytes - 1) * bytes;
    if (random.chance(1, 3)) {
      const operands = { rd: this.#target(), rs1: GP, rs2: this.#any(), immediate: to };
      return simple(`${mnemonic} gp`, (code) => code.op(mnemonic, operands));
    }
    const pointer = this.#fresh();
    const immediate = random.between(-1500, 1500);
    const operands = { rd: this.#target(), rs1: pointer, rs2: this.#any(), immediate };
    return simple(`pointer; ${mnemonic}`, (code) => {
      code.op("addi", { rd: pointer, rs1: GP, immediate: to - immediate });
      code.op(mnemonic, operands);
    });
  }

  accessCompressed(): Item {
    for (;;) {
      const form = this.#random.pick(COMPRESSED_ACCESSES);
      const word = this.#compressedWord(form);
      const decoded = decode(word);
      if (decoded === null || this.#kept.has(decoded.rd) || this.#kept.has(decoded.rs1)) continue;
      const to = this.#random.between(0, SCRATCH_BYTES - 8);
      return simple(`pointer; c.${form.expands}`, (code) => {
        code.op("addi", { rd: decoded.rs1, rs1: GP, immediate: to - decoded.immediate });
        code.raw(2, word);
      });
    }
  }

  #alignedPointer(code: Assembler, pointer: number, to: number): void {
    code.op("addi", { rd: pointer, rs1: GP, immediate: to & ~7 });
  }

  atomic(): Item {
    const mnemonic = this.#random.pick(ATOMICS);
    const pointer = this.#fresh();
    const to = this.#random.between(0, SCRATCH_BYTES - 8);
    const half = bytesOf(mnemonic) === 4 && this.#random.chance(1, 2) ? 4 : 0;
    const ordering = this.#random.between(0, 3) << 25;
    const word = encode(mnemonic, { rd: this.#target(), rs1: pointer, rs2: this.#any() }) | ordering;
    return simple(`pointer; ${mnemonic}`, (code) => {
      code.op("addi", { rd: pointer, rs1: GP, immediate: (to & ~7) + half });
      code.raw(4, word);
    });
  }

  /** lr, a few instructions, sc; or the retry loop; or an sc that must fail. */
  reservation(): Item {
    const random = this.#random;
    const load = random.pick(RESERVED_LOADS);
    const store: Mnemonic = load === "lr.w" ? "sc.w" : "sc.d";
    const pointer = this.#fresh();
    const value = this.#fresh(pointer);
    const status = this.#fresh(pointer, value);
    const source = random.chance(1, 2) ? value : this.#any();
    const to = random.between(0, SCRATCH_BYTES - 16);
    const between = new ItemMaker(random, [...this.#kept, pointer]);
    const steps = Array.from({ length: random.between(0, 3) }, () => between.compute());
    const variant = random.pick(["pair", "loop", "other address", "twice", "alone"] as const);
    return item(`pointer; ${load}; ${store} (${variant})`, 0, [], (code, targets) => {
      this.#alignedPointer(code, pointer, to);
      const again = new Label();
      code.bind(again);
      if (variant !== "alone") code.op(load, { rd: value, rs1: pointer });
      for (const step of steps) step.emit(code, targets, []);
      if (variant === "other address") code.op("addi", { rd: pointer, rs1: pointer, immediate: 8 });
      code.op(store, { rd: status, rs1: pointer, rs2: source });
      if (variant === "twice") code.op(store, { rd: value, rs1: pointer, rs2: source });
      if (variant === "loop") code.to(again, "bne", { rs1: status, rs2: 0 });
    });
  }

  /** A forward branch over the next few items, or out of the loop. */
  branch(inLoop: boolean): Item {
    const random = this.#random;
    const mnemonic = random.pick(BRANCHES);
    const rs1 = this.#any();
    const rs2 = random.chance(1, 6) ? rs1 : this.#any();
    const leaving = inLoop && random.chance(1, 4);
    return item(`${mnemonic} ${leaving ? "out" : "onward"}`, random.between(1, 4), [], (code, { onward, leave }) =>
      code.to(leaving ? leave : onward, mnemonic, { rs1, rs2 }));
  }

  /** A compressed branch or jump over the next item. Its reach is 256 bytes. */
  branchCompressed(): Item {
    const form = this.#random.pick([...COMPRESSED_BRANCHES, ...COMPRESSED_JUMPS]);
    const register = this.#random.between(8, 15);
    return item(`c.${form.expands}`, 1, [], (code, { onward }) =>
      code.computed(2, (address) => {
        const distance = onward.address - address;
        // A loop may follow: then the branch becomes a c.nop.
        return distance < 256 ? encodeCompressedTransfer(form, register, distance) : 0x0001;
      }));
  }

  jump(): Item {
    const rd = this.#target();
    return item("jal onward", this.#random.between(0, 2), [], (code, { onward }) => code.to(onward, "jal", { rd }));
  }

  /** Jumps to one of four places by two bits of a register. */
  indirect(): Item {
    const base = this.#fresh();
    const index = this.#fresh(base);
    const selector = this.#any();
    const rd = this.#target();
    const cases = Array.from({ length: 4 }, () => this.compute());
    return item("indirect jump", 0, [], (code, targets) => {
      const end = new Label();
      const first = new Label();
      code.op("andi", { rd: index, rs1: selector, immediate: 3 });
      code.op("slli", { rd: index, rs1: index, immediate: 3 });
      code.addressOf(base, first);
      code.op("add", { rd: base, rs1: base, rs2: index });
      code.op("jalr", { rd, rs1: base, immediate: 0 });
      code.bind(first);
      for (const step of cases) {
        step.emit(code, targets, []);
        code.to(end, "jal", { rd: 0 });
      }
      code.bind(end);
    });
  }

  call(): Item {
    const random = this.#random;
    const leaf = random.bits() >>> 0;
    const pointer = this.#fresh();
    const how = random.pick(["jal", "jalr", "c.jalr"] as const);
    return item(`call (${how})`, 0, [], (code, { shared }) => {
      const label = shared.leaves[leaf % shared.leaves.length];
      if (how === "jal") code.to(label, "jal", { rd: LINK });
      else {
        code.addressOf(pointer, label);
        if (how === "jalr") code.op("jalr", { rd: LINK, rs1: pointer });
        else code.raw(2, 0x9002 | (pointer << 7));
      }
    });
  }

  /** The callee returns behind the instruction that follows the call. */
  callSkipping(): Item {
    const skipped = this.compute();
    return item("call that skips", 0, [], (code, targets) => {
      code.to(targets.shared.skipping, "jal", { rd: LINK });
      skipped.emit(code, targets, []);
    });
  }

  callRecursive(): Item {
    const depth = this.#random.chance(1, 4) ? this.#random.between(200, 600) : this.#random.between(0, 12);
    return item(`recurse ${depth}`, 0, [], (code, { shared }) => {
      code.op("lui", { rd: STACK_POINTER, immediate: (STACK - FRAME) & ~0xfff });
      code.op("add", { rd: STACK_POINTER, rs1: STACK_POINTER, rs2: GP });
      code.op("addi", { rd: STACK_POINTER, rs1: STACK_POINTER, immediate: 256 });
      code.op("addi", { rd: ARGUMENT, rs1: 0, immediate: depth });
      code.to(shared.recursive, "jal", { rd: LINK });
    });
  }

  fence(): Item {
    const mnemonic = this.#random.pick(["fence", "fence.i", "sfence.vma"] as const);
    const { match, mask } = INSTRUCTIONS[mnemonic];
    const word = match | (this.#random.bits() & ~mask);
    return simple(mnemonic, (code) => code.raw(4, word));
  }

  /** CSRs whose every bit the specification defines for all of sscratch, sepc, stval; bits of sstatus that are there. */
  csr(): Item {
    const random = this.#random;
    const rd = this.#target();
    const mnemonic = random.pick(["csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"] as const);
    const source = this.#any();
    switch (random.between(0, 6)) {
      case 0: case 1: case 2: {
        const number = random.pick([CSR.sscratch, CSR.sepc, CSR.stval]);
        if (number === CSR.sepc) {
          // QEMU 7.2 keeps bit 0 of sepc, which the specification has read-only zero: leave it zero.
          const register = this.#fresh();
          return simple(`${mnemonic} sepc`, (code) => {
            code.op("andi", { rd: register, rs1: register, immediate: -2 });
            code.raw(4, encodeCsr(mnemonic, rd, number, mnemonic.endsWith("i") ? source & ~1 : register));
          });
        }
        return simple(`${mnemonic} ${number.toString(16)}`, (code) => code.raw(4, encodeCsr(mnemonic, rd, number, source)));
      }
      case 3: {
        const register = this.#fresh();
        const values = random.bits() & 0xc_0122;
        const form: CsrMnemonic = random.pick(["csrrw", "csrrs", "csrrc"]);
        return simple(`${form} sstatus`, (code) => {
          code.constant(register, values);
          code.raw(4, encodeCsr(form, rd, CSR.sstatus, register));
        });
      }
      case 4: {
        const number = random.pick([CSR.scause, CSR.sip, CSR.scounteren]);
        const form: CsrMnemonic = random.pick(["csrrwi", "csrrsi", "csrrci"]);
        const bits = number === CSR.sip ? source & 2 : number === CSR.scounteren ? source & 7 : source & 15;
        return simple(`${form} ${number.toString(16)}`, (code) => code.raw(4, encodeCsr(form, rd, number, bits)));
      }
      case 5: {
        // A counter's value is nobody's business: only that it can be read.
        const number = random.pick([0xc00, 0xc01, 0xc02]);
        return simple("counter", (code) => {
          code.raw(4, encodeCsr("csrrs", rd, number, 0));
          code.op("sub", { rd, rs1: rd, rs2: rd });
        });
      }
      default: {
        const register = this.#fresh();
        return simple("swap stvec", (code) => {
          code.raw(4, encodeCsr("csrrwi", register, CSR.stvec, 8));
          code.raw(4, encodeCsr("csrrw", register, CSR.stvec, register));
        });
      }
    }
  }

  /** sret to what follows. */
  returnFromTrap(): Item {
    const register = this.#fresh();
    const status = this.#random.pick([0x100, 0x120, 0x122, 0x102]);
    return item("sret", 0, [], (code) => {
      const after = new Label();
      code.addressOf(register, after);
      code.raw(4, encodeCsr("csrrw", 0, CSR.sepc, register));
      code.constant(register, status);
      code.raw(4, encodeCsr("csrrw", 0, CSR.sstatus, register));
      code.op("sret");
      code.bind(after);
    });
  }

  /** An instruction that is not one here. */
  illegal(): Item {
    const random = this.#random;
    if (random.chance(1, 3)) {
      const number = random.pick([0x300, 0x305, 0x341, 0x7c0, 0x5c0, 0x800, 0xf11, 0x600, 0x200, 0x001, 0xb00]);
      const word = encodeCsr(random.pick(["csrrw", "csrrs", "csrrci"]), this.#target(), number, this.#any());
      return simple(`csr ${number.toString(16)}`, (code) => code.raw(4, word));
    }
    if (random.chance(1, 4)) {
      // Read-only: cycle, time, instret. An access that writes is illegal whatever the value.
      const word = encodeCsr("csrrw", this.#target(), random.pick([0xc00, 0xc01, 0xc02]), this.#any());
      return simple("write a counter", (code) => code.raw(4, word));
    }
    if (random.chance(1, 6)) {
      const mnemonic = random.pick(["mret", "hfence.vvma", "hfence.gvma", "hypervisor-access"] as const);
      return simple(mnemonic, (code) => code.op(mnemonic));
    }
    for (;;) {
      const long = random.chance(1, 2);
      const word = long ? random.bits() | 3 : random.bits() & 0xffff;
      if ((!long && (word & 3) === 3) || decode(word) !== null) continue;
      return simple(`illegal ${(word >>> 0).toString(16)}`, (code) => code.raw(long ? 4 : 2, word));
    }
  }

  breakpoint(): Item {
    const compressed = this.#random.chance(1, 2);
    return simple(compressed ? "c.ebreak" : "ebreak", (code) => {
      if (compressed) code.raw(2, 0x9002);
      else code.op("ebreak");
    });
  }

  /** An SBI call to an extension that nobody has. */
  call0(): Item {
    return simple("ecall", (code) => {
      code.constant(17, 0x0999_0000);
      code.op("ecall");
    });
  }

  /** A load or store where there is nothing, or that begins in RAM and ends behind it. */
  accessFault(): Item {
    const random = this.#random;
    const mnemonic = random.pick(random.chance(1, 2) ? LOADS : STORES);
    const pointer = this.#fresh();
    // Where both parts are nowhere, QEMU 7.2 reports an address before the access.
    const across = random.chance(1, 2);
    const address = across ? END - BigInt(random.between(0, bytesOf(mnemonic) - 1)) : this.#nowhere();
    // A store across the end may have stored a part (Volume I, 2.6): let it store nothing new.
    const isStore = STORES.includes(mnemonic);
    const operands = { rd: this.#target(), rs1: pointer, rs2: isStore ? 0 : this.#any() };
    return simple(`${mnemonic} at ${address.toString(16)}`, (code) => {
      literal(code, pointer, address);
      code.op(mnemonic, operands);
    });
  }

  /** A jump to where there is nothing. */
  fetchFault(): Item {
    const pointer = this.#fresh(LINK);
    const address = this.#nowhere();
    return simple(`jump to ${address.toString(16)}`, (code) => {
      literal(code, pointer, address);
      code.op("jalr", { rd: LINK, rs1: pointer });
    });
  }

  misalignedAtomic(): Item {
    const mnemonic = this.#random.pick([...ATOMICS, ...RESERVED_LOADS]);
    const pointer = this.#fresh();
    const to = this.#random.between(0, SCRATCH_BYTES - 8) | 1;
    const operands = { rd: this.#target(), rs1: pointer, rs2: RESERVED_LOADS.includes(mnemonic) ? 0 : this.#any() };
    return simple(`misaligned ${mnemonic}`, (code) => {
      code.op("addi", { rd: pointer, rs1: GP, immediate: to });
      code.op(mnemonic, operands);
    });
  }

  #nowhere(): bigint {
    return this.#random.pick([END, END, END + 64n, 0x1800_0000n, 0x10n, 1n << 40n, 1n << 50n, 1n << 63n, (1n << 64n) - 64n]);
  }

  /** Writes an instruction over another one, twice, running each. */
  selfModifying(): Item {
    const address = this.#fresh();
    const value = this.#fresh(address);
    const kept = new ItemMaker(this.#random, [...this.#kept, address, value]);
    const words = [0, 1].map(() => encode(kept.#random.pick(["add", "xor", "sub", "mul"]),
      { rd: kept.#fresh(), rs1: kept.#any(), rs2: kept.#any() }));
    return item("self-modifying", 0, [], (code) => {
      const slot = new Label();
      const done = new Label();
      code.addressOf(address, slot);
      for (const [index, word] of words.entries()) {
        code.constant(value, word);
        code.op("sw", { rs1: address, rs2: value });
        code.op("fence.i");
        if (index === 0) code.op("jalr", { rd: value, rs1: address });
      }
      // Back here with the second word in place; the slot comes next, its link register says not to return.
      code.op("addi", { rd: value, rs1: 0, immediate: 0 });
      code.bind(slot);
      code.raw(4, words[0]);
      code.to(done, "beq", { rs1: value, rs2: 0 });
      code.op("jalr", { rd: 0, rs1: value });
      code.bind(done);
    });
  }

  /** `body` a few times. With an entry into its middle, the loop is irreducible. */
  loop(counter: number, body: readonly Item[]): Item {
    const random = this.#random;
    const times = random.between(1, 5);
    const middle = random.chance(1, 3) ? random.between(0, body.length) : 0;
    const entry = { mnemonic: random.pick(BRANCHES), rs1: this.#any(), rs2: this.#any() };
    const compressed = random.chance(1, 3) ? random.pick(COMPRESSED_JUMPS) : undefined;
    return item(`loop x${counter} ${times}${middle > 0 ? ` entered at ${middle}` : ""}`, 0, body, (code, targets, rest) => {
      const top = new Label();
      const into = new Label();
      const leave = new Label();
      code.op("addi", { rd: counter, rs1: 0, immediate: times });
      if (middle > 0) code.to(into, entry.mnemonic, entry);
      code.bind(top);
      emitItems(code, rest.slice(0, middle), { leave, shared: targets.shared });
      code.bind(into);
      emitItems(code, rest.slice(middle), { leave, shared: targets.shared });
      code.op("addi", { rd: counter, rs1: counter, immediate: -1 });
      if (compressed !== undefined && code.address - top.address < COMPRESSED_REACH) {
        code.to(leave, "beq", { rs1: counter, rs2: 0 });
        code.computed(2, (address) => encodeCompressedTransfer(compressed, 0, top.address - address));
      } else {
        code.to(top, "bne", { rs1: counter, rs2: 0 });
      }
      code.bind(leave);
    });
  }

  /**
   * Blocks that branch to each other at random, which is seldom reducible; `body` is spread over them. Every
   * block counts down, and the way out is taken at zero.
   */
  maze(counter: number, body: readonly Item[]): Item {
    const random = this.#random;
    const times = random.between(5, 60);
    const size = random.between(2, 10);
    const blocks = Array.from({ length: size }, () => ({
      branch: random.pick(BRANCHES), rs1: this.#any(), rs2: this.#any(), taken: random.between(0, size - 1),
      // Runs on into the next block, or jumps.
      onward: random.chance(1, 2) ? undefined : random.between(0, size - 1),
    }));
    return item(`maze x${counter} of ${size}, ${times} steps`, 0, body, (code, targets, rest) => {
      const labels = blocks.map(() => new Label());
      const leave = new Label();
      code.op("addi", { rd: counter, rs1: 0, immediate: times });
      for (const [index, block] of blocks.entries()) {
        code.bind(labels[index]);
        code.op("addi", { rd: counter, rs1: counter, immediate: -1 });
        code.to(leave, "beq", { rs1: counter, rs2: 0 });
        emitItems(code, rest.filter((_, position) => position % size === index), { leave, shared: targets.shared });
        code.to(labels[block.taken], block.branch, block);
        if (block.onward !== undefined) code.to(labels[block.onward], "jal", { rd: 0 });
      }
      code.to(labels[0], "jal", { rd: 0 });
      code.bind(leave);
    });
  }
}

export function emitItems(
  code: Assembler, items: readonly Item[], targets: { readonly leave: Label; readonly shared: SharedCode },
): void {
  const labels = [...items.map(() => new Label()), new Label()];
  for (const [index, one] of items.entries()) {
    code.bind(labels[index]);
    const onward = labels[Math.min(index + 1 + one.skip, items.length)];
    one.emit(code, { ...targets, onward }, one.body);
  }
  code.bind(labels[items.length]);
}

/** Puts the functions down that streams call. */
export function emitShared(code: Assembler, random: Random): SharedCode {
  const leaves: Label[] = [];
  const skipping = new Label();
  const recursive = new Label();
  const shared: SharedCode = { leaves, skipping, recursive };
  const others = Array.from({ length: 31 }, (_, index) => index + 1)
    .filter((register) => !LEAF_REGISTERS.some((leaf) => leaf === register));
  const maker = new ItemMaker(random, others);
  for (let count = 0; count < 8; count++) {
    const leaf = new Label();
    code.bind(leaf);
    const body = Array.from({ length: random.between(1, 6) }, () => random.pick([
      () => maker.compute(), () => maker.computeCompressed(), () => maker.access(), () => maker.branch(false),
      () => maker.breakpoint(),
    ])());
    emitItems(code, body, { leave: leaf, shared });
    // Some call an earlier one, some end in a jump to one.
    const earlier = count > 0 ? random.pick(leaves) : undefined;
    const ending = earlier === undefined ? "return" : random.pick(["return", "call", "tail call", "c.jr"] as const);
    if (earlier !== undefined && ending === "call") {
      code.op("sd", { rs1: GP, rs2: LINK, immediate: -256 - 8 * count });
      code.to(earlier, "jal", { rd: LINK });
      code.op("ld", { rd: LINK, rs1: GP, immediate: -256 - 8 * count });
    }
    if (earlier !== undefined && ending === "tail call") code.to(earlier, "jal", { rd: 0 });
    else if (ending === "c.jr") code.raw(2, 0x8002 | (LINK << 7));
    else code.op("jalr", { rd: 0, rs1: LINK });
    leaves.push(leaf);
  }
  code.bind(skipping);
  code.op("jalr", { rd: 0, rs1: LINK, immediate: 4 });

  const out = new Label();
  code.bind(recursive);
  code.to(out, "beq", { rs1: ARGUMENT, rs2: 0 });
  code.op("addi", { rd: ARGUMENT, rs1: ARGUMENT, immediate: -1 });
  code.op("sd", { rs1: STACK_POINTER, rs2: LINK });
  code.op("addi", { rd: STACK_POINTER, rs1: STACK_POINTER, immediate: 8 });
  code.to(recursive, "jal", { rd: LINK });
  code.op("addi", { rd: STACK_POINTER, rs1: STACK_POINTER, immediate: -8 });
  code.op("ld", { rd: LINK, rs1: STACK_POINTER });
  code.op("addi", { rd: 11, rs1: 11, immediate: 1 });
  code.bind(out);
  code.op("jalr", { rd: 0, rs1: LINK });
  return shared;
}

function item(text: string, skip: number, body: readonly Item[], emit: Item["emit"]): Item {
  return { text, skip, body, emit };
}

function simple(text: string, emit: (code: Assembler) => void): Item {
  return { text, skip: 0, body: [], emit: (code) => emit(code) };
}

/** register = a 64-bit constant that lies in the code. */
function literal(code: Assembler, register: number, value: bigint): void {
  const place = new Label();
  const after = new Label();
  code.addressOf(register, place);
  code.op("ld", { rd: register, rs1: register });
  code.to(after, "jal", { rd: 0 });
  code.bind(place);
  code.raw(4, Number(BigInt.asIntN(32, value)));
  code.raw(4, Number(BigInt.asIntN(32, value >> 32n)));
  code.bind(after);
}
