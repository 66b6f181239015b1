// Branches, jumps, calls and loops, and code that changes itself.

import { Label } from "./assembler.ts";
import { ARGUMENT, GP, LINK, mnemonicsOf, STACK_POINTER, type Choice } from "./choice.ts";
import { compute } from "./compute-items.ts";
import { compressedForms, encode, encodeCompressedTransfer } from "./encode.ts";
import { emitItems, item, type Item } from "./item.ts";
import { FRAME, STACK } from "./program.ts";

const BRANCHES = mnemonicsOf("branch");
const COMPRESSED_BRANCHES = compressedForms(({ kind }) => kind === "branch");
const COMPRESSED_JUMPS = compressedForms(({ kind }) => kind === "jump");
/** c.j reaches 2 KiB either way; less, for the instructions between a test of it and the jump. */
const COMPRESSED_REACH = 2000;

/** A forward branch over the next few items, or out of the loop. */
export function branch(choice: Choice, inLoop: boolean): Item {
  const random = choice.random;
  const mnemonic = random.pick(BRANCHES);
  const rs1 = choice.any();
  const rs2 = random.chance(1, 6) ? rs1 : choice.any();
  const leaving = inLoop && random.chance(1, 4);
  return item(`${mnemonic} ${leaving ? "out" : "onward"}`, random.between(1, 4), [], (code, { onward, leave }) =>
    code.to(leaving ? leave : onward, mnemonic, { rs1, rs2 }));
}

/** A compressed branch or jump over the next item. Its reach is 256 bytes. */
export function branchCompressed(choice: Choice): Item {
  const form = choice.random.pick([...COMPRESSED_BRANCHES, ...COMPRESSED_JUMPS]);
  const register = choice.random.between(8, 15);
  return item(`c.${form.expands}`, 1, [], (code, { onward }) =>
    code.computed(2, (address) => {
      const distance = onward.address - address;
      // A loop may follow: then the branch becomes a c.nop.
      return distance < 256 ? encodeCompressedTransfer(form, register, distance) : 0x0001;
    }));
}

export function jump(choice: Choice): Item {
  const rd = choice.target();
  return item("jal onward", choice.random.between(0, 2), [], (code, { onward }) => code.to(onward, "jal", { rd }));
}

/** Jumps to one of four places by two bits of a register. */
export function indirect(choice: Choice): Item {
  const base = choice.fresh();
  const index = choice.fresh(base);
  const selector = choice.any();
  // Mostly as compilers jump through tables: without a link.
  const rd = choice.random.chance(3, 4) ? 0 : choice.target();
  const cases = Array.from({ length: 4 }, () => compute(choice));
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

export function call(choice: Choice): Item {
  const random = choice.random;
  const leaf = random.bits() >>> 0;
  const pointer = choice.fresh();
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
export function callSkipping(choice: Choice): Item {
  const skipped = compute(choice);
  return item("call that skips", 0, [], (code, targets) => {
    code.to(targets.shared.skipping, "jal", { rd: LINK });
    skipped.emit(code, targets, []);
  });
}

export function callRecursive(choice: Choice): Item {
  const depth = choice.random.chance(1, 4) ? choice.random.between(200, 600) : choice.random.between(0, 12);
  return item(`recurse ${depth}`, 0, [], (code, { shared }) => {
    code.op("lui", { rd: STACK_POINTER, immediate: (STACK - FRAME) & ~0xfff });
    code.op("add", { rd: STACK_POINTER, rs1: STACK_POINTER, rs2: GP });
    code.op("addi", { rd: STACK_POINTER, rs1: STACK_POINTER, immediate: 256 });
    code.op("addi", { rd: ARGUMENT, rs1: 0, immediate: depth });
    code.to(shared.recursive, "jal", { rd: LINK });
  });
}

/** `body` a few times. With an entry into its middle, the loop is irreducible. */
export function loop(choice: Choice, counter: number, body: readonly Item[]): Item {
  const random = choice.random;
  const times = random.between(1, 5);
  const middle = random.chance(1, 3) ? random.between(0, body.length) : 0;
  const entry = { mnemonic: random.pick(BRANCHES), rs1: choice.any(), rs2: choice.any() };
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
export function maze(choice: Choice, counter: number, body: readonly Item[]): Item {
  const random = choice.random;
  const times = random.between(5, 60);
  const size = random.between(2, 10);
  const blocks = Array.from({ length: size }, () => ({
    branch: random.pick(BRANCHES), rs1: choice.any(), rs2: choice.any(), taken: random.between(0, size - 1),
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

/** Writes an instruction over another one, twice, running each. */
export function selfModifying(choice: Choice): Item {
  const address = choice.fresh();
  const value = choice.fresh(address);
  const kept = choice.keeping(address, value);
  const words = [0, 1].map(() => encode(choice.random.pick(["add", "xor", "sub", "mul"]),
    { rd: kept.fresh(), rs1: kept.any(), rs2: kept.any() }));
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
