// Causes of exits by name (privileged specification, table of mcause and scause values).

import type { ExitCounts } from "../engines/machine/hart/counters.ts";

const EXCEPTIONS: Readonly<Record<number, string>> = {
  0: "misaligned fetch", 1: "fetch access", 2: "illegal instruction", 3: "breakpoint", 4: "misaligned load", 5: "load access",
  6: "misaligned store", 7: "store access", 8: "call from U", 9: "call from S", 10: "call from VS", 11: "call from M",
  12: "fetch page", 13: "load page", 15: "store page", 20: "guest fetch page", 21: "guest load page", 22: "virtual instruction", 23: "guest store page",
};
const INTERRUPTS: Readonly<Record<number, string>> = {
  1: "software interrupt", 2: "guest software interrupt", 3: "machine software interrupt", 5: "timer interrupt", 6: "guest timer interrupt",
  7: "machine timer interrupt", 9: "external interrupt", 10: "guest external interrupt", 11: "machine external interrupt",
};

/** The exits of all harts together, by name of their cause. */
export function exitNames(harts: readonly ExitCounts[]): Record<string, number> {
  const sums: Record<string, number> = {};
  const add = (name: string, count: number) => {
    if (count > 0) sums[name] = (sums[name] ?? 0) + count;
  };
  for (const { exceptions, interrupts } of harts) {
    exceptions.forEach((count, code) => add(EXCEPTIONS[code] ?? `exception ${code}`, count));
    interrupts.forEach((count, code) => add(INTERRUPTS[code] ?? `interrupt ${code}`, count));
  }
  return sums;
}
