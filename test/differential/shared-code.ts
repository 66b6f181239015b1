// The functions that random streams call.

import { Label, type Assembler } from "./assembler.ts";
import { ARGUMENT, Choice, GP, LINK, STACK_POINTER } from "./choice.ts";
import { compute, computeCompressed } from "./compute-items.ts";
import { branch } from "./control-items.ts";
import { emitItems, type SharedCode } from "./item.ts";
import { access } from "./memory-items.ts";
import type { Random } from "./random.ts";
import { breakpoint } from "./system-items.ts";

const LEAF_REGISTERS = [10, 11, 12, 13, 14, 15, 28, 29, 30] as const;

/** Puts the functions down that streams call. */
export function emitShared(code: Assembler, random: Random): SharedCode {
  const leaves: Label[] = [];
  const skipping = new Label();
  const recursive = new Label();
  const shared: SharedCode = { leaves, skipping, recursive };
  const others = Array.from({ length: 31 }, (_, index) => index + 1)
    .filter((register) => !LEAF_REGISTERS.some((leaf) => leaf === register));
  const choice = new Choice(random, others);
  for (let count = 0; count < 8; count++) {
    const leaf = new Label();
    code.bind(leaf);
    const body = Array.from({ length: random.between(1, 6) }, () => random.pick([
      () => compute(choice), () => computeCompressed(choice), () => access(choice), () => branch(choice, false),
      () => breakpoint(choice),
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
