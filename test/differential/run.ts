// Runs random streams on QEMU and on our machine, and says in what they differ.

import { Results } from "./compare.ts";
import { describeStream, programOf, type RandomStream } from "./generator.ts";
import { runOnMachine, type MachineRun, type Tier } from "./machine.ts";
import { RESULTS, type Program } from "./program.ts";
import { runInQemu } from "./qemu.ts";
import { shrink } from "./shrink.ts";

/** Streams end: what runs longer than this has lost its way. */
const MAXIMUM_INSTRUCTIONS = 20_000_000;

export interface Difference {
  readonly stream: number;
  readonly pass: number;
  readonly lines: readonly string[];
}

export function expectedResults(program: Program): Results {
  return new Results(runInQemu(program.elf, RESULTS, Results.bytes(program.streams, program.passes)), program.streams);
}

export function machineResults(program: Program, tier: Tier): { readonly results: Results; readonly run: MachineRun } {
  const bytes = Results.bytes(program.streams, program.passes);
  const run = runOnMachine(program.elf, RESULTS, bytes, tier, MAXIMUM_INSTRUCTIONS);
  return { results: new Results(run.memory, program.streams), run };
}

export function differences(actual: Results, expected: Results, program: Program): readonly Difference[] {
  const found: Difference[] = [];
  for (let pass = 0; pass < program.passes; pass++) {
    for (let stream = 0; stream < program.streams; stream++) {
      const lines = actual.differences(expected, stream, pass);
      if (lines.length > 0) found.push({ stream, pass, lines });
    }
  }
  return found;
}

/** The smallest stream that still differs, what it does, and where it comes from. */
export function explain(stream: RandomStream, seed: number, number: number, passes: number, tier: Tier): string {
  const smallest = shrink(stream, (candidates) => {
    const program = programOf(seed, candidates, passes);
    const failing = new Set(failuresOf(program, tier).map((difference) => difference.stream));
    return candidates.map((_, index) => failing.has(index));
  });
  const [first] = failuresOf(programOf(seed, [smallest], passes), tier);
  const lines = first === undefined ? ["(only beside the other streams)"] : [`in pass ${first.pass}`, ...first.lines];
  return [`stream ${number} of seed ${seed} differs from QEMU:`, describeStream(smallest), ...lines].join("\n");
}

function failuresOf(program: Program, tier: Tier): readonly Difference[] {
  const { results, run } = machineResults(program, tier);
  const found = differences(results, expectedResults(program), program);
  // Streams behind one that does not end have not run.
  return run.end.halted ? found : found.slice(0, 1);
}
