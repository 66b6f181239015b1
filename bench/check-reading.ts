// Whether every guest is alive, and what guests computed and forwarded is right.

import type { BenchCase } from "./case.ts";
import { checkGuest } from "./check-guest.ts";
import { CaseFailure } from "./failure.ts";
import type { MachineReading } from "./machine-reading.ts";
import { checkWire } from "./traffic/network-figures.ts";

/** The same reading; throws a CaseFailure. `console`: what the guests have printed. */
export function checkReading(reading: MachineReading, benchCase: BenchCase, console: () => string): MachineReading {
  for (const vm of reading.vms) {
    if (vm.state === "failed") throw new CaseFailure(`${vm.name} failed: ${vm.reason ?? "no reason given"}`);
    if (vm.state === "finished") throw new CaseFailure(`${vm.name} ended: ${[vm.reason, lastLine(console())].join("; ")}`);
    const wrong = vm.units?.ready ? checkGuest(vm.units, benchCase.unitDigest) : undefined;
    if (wrong !== undefined) throw new CaseFailure(`${vm.name}: ${wrong}`);
  }
  const wrong = benchCase.traffic === undefined ? undefined : checkWire(reading.ports);
  if (wrong !== undefined) throw new CaseFailure(wrong);
  return reading;
}

function lastLine(output: string): string {
  const text = output.trim();
  const line = text.slice(text.lastIndexOf("\n") + 1);
  return line === "" ? "it printed nothing" : `it printed: ${line}`;
}
