// The checks that several accesses share (checks.ts), and the way out where accesses do not go ahead.

import { RAM_BASE } from "../layout.ts";
import type { CheckedRange } from "./checks.ts";
import { emitRangeLookUp } from "./emit-instruction.ts";
import type { UnitBuilder } from "./unit-builder.ts";

/** RamWindow.limit is this much less than the window's length. */
const WINDOW_SLACK = 8;

/** What is checked at the start of block `node`. */
export function emitRangeChecks(unit: UnitBuilder, node: number, ranges: readonly CheckedRange[]): void {
  const { code, locals, plan, services } = unit;
  const { paging } = services;
  const { pc } = plan.unit.blocks[node];
  const leave = (): void => leaveAtAccess(unit, plan.registers.storeAtStart[node], pc, plan.longest[node]);
  ranges.forEach((range, number) => {
    if (paging === null) return emitRangeCheck(unit, range, leave);
    const remembered = ((plan.steady[node] >>> range.register) & 1) === 0 ? null : paging.remember(pc, range);
    emitRangeLookUp(code, pc + 2 * number, range, locals.base(range.number), remembered, locals, services, paging, leave);
  });
}

export function emitRangeCheck({ code, locals, services }: UnitBuilder, { register, from, to }: CheckedRange, leave: () => void): void {
  locals.push(code, register);
  code.i64(from - RAM_BASE);
  code.op("i64.add");
  code.i64(services.window.limit + WINDOW_SLACK - (to - from));
  code.op("i64.gt_u");
  code.markUnlikely();
  code.if();
  leave();
  code.end();
}

/** Nothing is learnt from it where accesses are resolved in place; under page tables, whoever looked has noted it. */
export function leaveAtAccess(unit: UnitBuilder, stored: number, pc: number, refund: number): void {
  if (unit.services.paging === null && !unit.plan.resolving) unit.leaveOutside(stored, pc, refund);
  else unit.leave(stored, pc + 1, refund);
}
