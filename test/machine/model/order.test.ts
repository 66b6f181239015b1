import fc from "fast-check";
import { expect, test } from "vitest";
import { Order } from "../../../engines/machine/model/order.ts";

const HARTS = 9;

test("the first is always the hart with the least cycle, by number among equals; next is the least of all others", () => {
  const change = fc.record({ hart: fc.nat(HARTS - 1), cycle: fc.oneof(fc.nat(20), fc.constant(Infinity)) });
  fc.assert(fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
    const order = new Order(HARTS);
    const expected = new Map<number, number>();
    for (const { hart, cycle } of changes) {
      order.set(hart, cycle);
      if (cycle === Infinity) expected.delete(hart);
      else expected.set(hart, cycle);
      const sorted = [...expected].sort(([a, one], [b, other]) => one - other || a - b);
      expect(order.first()).toBe(sorted[0]?.[0] ?? -1);
      expect(order.next()).toBe(sorted[1]?.[1] ?? Infinity);
    }
  }));
});
