import { describe, expect, test } from "vitest";
import { engineScaling, lockScaling } from "../../../bench/validate/big-lock.ts";
import { CALIBRATED, clockOf, entryOf, KEPT_ASIDE, LONG_THINK, scalingOf, SHORT_THINK } from "../../../bench/validate/sel4bench-boards.ts";

/** What the README promises. */
const WITHIN = 0.09;
const UNCONTENDED_WITHIN = 0.01;

const deviation = (predicted: number, reference: number): number => Math.abs(predicted / reference - 1);

describe("sel4bench's published figures", () => {
  test("are those that this project was given", () => {
    const rounded = [CALIBRATED, KEPT_ASIDE[0]].map((board) => [scalingOf(board, "short"), scalingOf(board, "long")].map((ratio) => Number(ratio.toFixed(2))));
    expect(rounded).toEqual([[2.01, 3.99], [1.93, 3.98]]);
  });

  test("imply the clocks that the boards have", () => {
    expect(clockOf(CALIBRATED) / 1e6).toBeCloseTo(1_200, 0);
    expect(clockOf(KEPT_ASIDE[2]) / 1e6).toBeCloseTo(996, 0);
    expect(entryOf(CALIBRATED)).toBeCloseTo(725, 0);
  });
});

describe.each([CALIBRATED, ...KEPT_ASIDE])("$name", (board) => {
  test("scales to four cores as the lock alone does", () => {
    expect(deviation(lockScaling(board, SHORT_THINK), scalingOf(board, "short"))).toBeLessThan(WITHIN);
    expect(deviation(lockScaling(board, LONG_THINK), scalingOf(board, "long"))).toBeLessThan(UNCONTENDED_WITHIN);
  });
});

test(`${CALIBRATED.name} scales to four cores as smp with its big lock does`, () => {
  expect(deviation(engineScaling(CALIBRATED, SHORT_THINK), scalingOf(CALIBRATED, "short"))).toBeLessThan(WITHIN);
});
