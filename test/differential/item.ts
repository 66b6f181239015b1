// The pieces that random streams are made of. Each stands alone: dropping any one of them from a stream
// leaves a stream that still ends, which is what makes failing streams shrink.

import { Label, type Assembler } from "./assembler.ts";

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

/** An item without anything inside it that jumps nowhere. */
export function simple(text: string, emit: (code: Assembler) => void): Item {
  return { text, skip: 0, body: [], emit: (code) => emit(code) };
}

export function item(text: string, skip: number, body: readonly Item[], emit: Item["emit"]): Item {
  return { text, skip, body, emit };
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

/** register = a 64-bit constant that lies in the code. */
export function literal(code: Assembler, register: number, value: bigint): void {
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
