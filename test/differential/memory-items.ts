// Loads, stores and atomic operations, in the scratch buffer and where there is nothing.

import { decode } from "../../engines/machine/instructions/decode.ts";
import type { Mnemonic } from "../../engines/machine/instructions/table.ts";
import { Label, type Assembler } from "./assembler.ts";
import { bytesOf, GP, mnemonicsOf, type Choice } from "./choice.ts";
import { compressedWord, compute } from "./compute-items.ts";
import { compressedForms, encode } from "./encode.ts";
import { item, literal, simple, type Item } from "./item.ts";
import { RAM, RAM_BYTES, SCRATCH_BYTES } from "./program.ts";

const LOADS = mnemonicsOf("load");
const STORES = mnemonicsOf("store");
const ATOMICS = mnemonicsOf("atomic", "atomic-loop");
const RESERVED_LOADS = mnemonicsOf("load-reserved");
const COMPRESSED_ACCESSES = compressedForms(({ kind }) => kind === "load" || kind === "store");
/** The first address behind RAM. */
const END = BigInt(RAM) + BigInt(RAM_BYTES);

/** A load or store of any width and alignment inside the scratch buffer. */
export function access(choice: Choice): Item {
  const random = choice.random;
  const mnemonic = random.pick(random.chance(1, 2) ? LOADS : STORES);
  const bytes = bytesOf(mnemonic);
  const to = random.chance(1, 2)
    ? random.between(0, SCRATCH_BYTES - bytes) : random.between(0, SCRATCH_BYTES / bytes - 1) * bytes;
  if (random.chance(1, 3)) {
    const operands = { rd: choice.target(), rs1: GP, rs2: choice.any(), immediate: to };
    return simple(`${mnemonic} gp`, (code) => code.op(mnemonic, operands));
  }
  const pointer = choice.fresh();
  const immediate = random.between(-1500, 1500);
  const operands = { rd: choice.target(), rs1: pointer, rs2: choice.any(), immediate };
  return simple(`pointer; ${mnemonic}`, (code) => {
    code.op("addi", { rd: pointer, rs1: GP, immediate: to - immediate });
    code.op(mnemonic, operands);
  });
}

export function accessCompressed(choice: Choice): Item {
  for (;;) {
    const form = choice.random.pick(COMPRESSED_ACCESSES);
    const word = compressedWord(choice, form);
    const decoded = decode(word);
    if (decoded === null || choice.kept.has(decoded.rd) || choice.kept.has(decoded.rs1)) continue;
    const to = choice.random.between(0, SCRATCH_BYTES - 8);
    return simple(`pointer; c.${form.expands}`, (code) => {
      code.op("addi", { rd: decoded.rs1, rs1: GP, immediate: to - decoded.immediate });
      code.raw(2, word);
    });
  }
}

export function atomic(choice: Choice): Item {
  const mnemonic = choice.random.pick(ATOMICS);
  const pointer = choice.fresh();
  const to = choice.random.between(0, SCRATCH_BYTES - 8);
  const half = bytesOf(mnemonic) === 4 && choice.random.chance(1, 2) ? 4 : 0;
  const ordering = choice.random.between(0, 3) << 25;
  const word = encode(mnemonic, { rd: choice.target(), rs1: pointer, rs2: choice.any() }) | ordering;
  return simple(`pointer; ${mnemonic}`, (code) => {
    code.op("addi", { rd: pointer, rs1: GP, immediate: (to & ~7) + half });
    code.raw(4, word);
  });
}

/** lr, a few instructions, sc; or the retry loop; or an sc that must fail. */
export function reservation(choice: Choice): Item {
  const random = choice.random;
  const load = random.pick(RESERVED_LOADS);
  const store: Mnemonic = load === "lr.w" ? "sc.w" : "sc.d";
  const pointer = choice.fresh();
  const value = choice.fresh(pointer);
  const status = choice.fresh(pointer, value);
  const source = random.chance(1, 2) ? value : choice.any();
  const to = random.between(0, SCRATCH_BYTES - 16);
  const between = choice.keeping(pointer);
  const steps = Array.from({ length: random.between(0, 3) }, () => compute(between));
  const variant = random.pick(["pair", "loop", "other address", "twice", "alone"] as const);
  return item(`pointer; ${load}; ${store} (${variant})`, 0, [], (code, targets) => {
    alignedPointer(code, pointer, to);
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

export function misalignedAtomic(choice: Choice): Item {
  const mnemonic = choice.random.pick(choice.random.chance(1, 4) ? RESERVED_LOADS : ATOMICS);
  const pointer = choice.fresh();
  const to = choice.random.between(0, SCRATCH_BYTES - 8) | 1;
  const operands = { rd: choice.target(), rs1: pointer, rs2: RESERVED_LOADS.includes(mnemonic) ? 0 : choice.any() };
  return simple(`misaligned ${mnemonic}`, (code) => {
    code.op("addi", { rd: pointer, rs1: GP, immediate: to });
    code.op(mnemonic, operands);
  });
}

/** A load or store where there is nothing, or a load that begins in RAM and ends behind it. */
export function accessFault(choice: Choice): Item {
  const { random } = choice;
  const mnemonic = random.pick(random.chance(1, 2) ? LOADS : STORES);
  const pointer = choice.fresh();
  // Of a store across the end, QEMU stores the first part; where both parts are nowhere, QEMU 7.2 reports an
  // address before the access.
  const across = LOADS.includes(mnemonic) && random.chance(1, 2);
  const address = across ? END - BigInt(random.between(0, bytesOf(mnemonic) - 1)) : nowhere(choice);
  const operands = { rd: choice.target(), rs1: pointer, rs2: choice.any() };
  return simple(`${mnemonic} at ${address.toString(16)}`, (code) => {
    literal(code, pointer, address);
    code.op(mnemonic, operands);
  });
}

/**
 * Several accesses from one base close to the end of RAM, which moves between them and has a copy: the first
 * ones may succeed where the last ones fault.
 */
export function accessesAtTheEnd(choice: Choice): Item {
  const { random } = choice;
  const pointers = [choice.fresh()];
  pointers.push(choice.fresh(...pointers));
  const kept = choice.keeping(...pointers);
  const base = END - BigInt(random.between(0, 64));
  /** What each pointer holds. */
  const holds = [base, base];
  const steps = Array.from({ length: random.between(3, 10) }, () => {
    const which = random.between(0, 1);
    const pointer = pointers[which];
    if (random.chance(1, 4)) {
      const from = random.between(0, 1);
      const immediate = random.pick([0, 8, -16, 24, 48, random.between(-40, 40)]);
      holds[which] = holds[from] + BigInt(immediate);
      const source = pointers[from];
      return simple("move", (code) => code.op("addi", { rd: pointer, rs1: source, immediate }));
    }
    if (random.chance(1, 5)) return compute(kept);
    const mnemonic = random.pick(random.chance(1, 2) ? LOADS : STORES);
    const bytes = bytesOf(mnemonic);
    const distance = random.between(-64, 40);
    // QEMU stores the first part of what lies across the end, and reports an address before what lies behind it.
    const aligned = STORES.includes(mnemonic) || distance >= 0;
    const address = END + BigInt(aligned ? Math.floor(distance / bytes) * bytes : distance);
    const operands = { rd: kept.target(), rs1: pointer, rs2: choice.any(), immediate: Number(address - holds[which]) };
    return simple(mnemonic, (code) => code.op(mnemonic, operands));
  });
  return item("accesses at the end of RAM", 0, [], (code, targets) => {
    literal(code, pointers[0], base);
    code.op("addi", { rd: pointers[1], rs1: pointers[0] });
    for (const step of steps) step.emit(code, targets, []);
  });
}

/** An address where neither machine has anything. */
export function nowhere(choice: Choice): bigint {
  return choice.random.pick([END, END, END + 64n, 0x1800_0000n, 0x10n, 1n << 40n, 1n << 50n, 1n << 63n, (1n << 64n) - 64n]);
}

function alignedPointer(code: Assembler, pointer: number, to: number): void {
  code.op("addi", { rd: pointer, rs1: GP, immediate: to & ~7 });
}
