// Makes a failing stream small: drops what it still fails without.

import type { RandomStream } from "./generator.ts";
import type { Item } from "./item.ts";

/** `fails` says of each candidate whether it still fails; many are asked about at once, since a run costs much. */
export function shrink(stream: RandomStream, fails: (candidates: readonly RandomStream[]) => readonly boolean[]): RandomStream {
  let smallest = stream;
  for (;;) {
    const candidates = smaller(smallest);
    const failing = fails(candidates);
    const best = candidates
      .filter((_, index) => failing[index])
      .toSorted((a, b) => sizeOf(a) - sizeOf(b))[0];
    if (best === undefined) return smallest;
    smallest = best;
  }
}

function smaller(stream: RandomStream): readonly RandomStream[] {
  const { items, registers } = stream;
  const half = Math.ceil(items.length / 2);
  const fewer = [
    ...(items.length > 2 ? [items.slice(half), items.slice(0, half)] : []),
    ...withoutOne(items),
  ].map((rest) => ({ ...stream, items: rest }));
  const simpler = registers.flatMap((value, register) =>
    value === 0n ? [] : [{ ...stream, registers: registers.with(register, 0n) }]);
  return [...fewer, ...simpler];
}

/** Every way to drop one item, or to put a loop's body in its place. */
function withoutOne(items: readonly Item[]): readonly (readonly Item[])[] {
  return items.flatMap((item, index) => [
    items.toSpliced(index, 1),
    ...(item.body.length > 0 ? [items.toSpliced(index, 1, ...item.body)] : []),
    ...withoutOne(item.body).map((body) => items.with(index, { ...item, body })),
  ]);
}

function sizeOf(stream: RandomStream): number {
  const count = (items: readonly Item[]): number => items.reduce((sum, item) => sum + 1 + count(item.body), 0);
  return 100 * count(stream.items) + stream.registers.filter((value) => value !== 0n).length;
}
