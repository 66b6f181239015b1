// The command: result files to a page, and to its figures as files.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EngineDescription } from "../../engines/engine.ts";
import { ATTACKS } from "../../workloads/attacks.ts";
import type { Workload } from "../../workloads/workload.ts";
import { BASELINE } from "../baselines.ts";
import { EXIT_CODE, UsageError } from "../exit-code.ts";
import { readEnvironment } from "../results/environment.ts";
import type { ResultRow } from "../results/schema.ts";
import { tcbRows } from "../results/tcb-rows.ts";
import { measureTcb } from "../tcb/tcb.ts";
import { bundleScript, styleSheet } from "./bundle.ts";
import { formatDocument } from "./document.ts";
import { writeFigures } from "./figure-files.ts";
import { gather, type Known } from "./gather.ts";
import { readResults } from "./read.ts";
import { parseReportCommand, REPORT_HELP } from "./request.ts";

/** Engines by name; the one that others are counted against is among them. */
export type Engines = Readonly<Record<string, EngineDescription>>;

/** Answers the exit code. Throws a UsageError before anything is written. */
export async function report(words: readonly string[], engines: Engines, baseline: EngineDescription, workloads: readonly Workload[]): Promise<number> {
  const request = parseReportCommand(words);
  if (request === "help") {
    process.stdout.write(`${REPORT_HELP}\n`);
    return EXIT_CODE.fine.code;
  }
  const { revision } = readEnvironment(new Date(), words);
  const files = readResults(request.inputs);
  writing(request.out, () => mkdirSync(dirname(request.out), { recursive: true }));
  const counted = files.some(({ rows }) => rows.some(({ harts }) => harts === 0)) ? [] : await countSources(Object.values(engines), baseline, revision);
  const gathered = gather(files, knownOf(Object.values(engines), workloads), counted);
  const page = formatDocument({ gathered, script: await bundleScript(), style: styleSheet(), revision });
  const folder = join(dirname(request.out), "figures");
  writing(request.out, () => { writeFileSync(request.out, page); });
  const written = await writeFigures(folder, gathered.dataset, gathered.ofEngines);
  process.stdout.write(`${request.out}: the page, ${(Buffer.byteLength(page) / 2 ** 20).toFixed(1)} MiB\n${folder}: ${written} figures, each as SVG and PNG\n`);
  return EXIT_CODE.fine.code;
}

/** Results of the model clock alone say nothing of sources, which are counted as they are now. */
async function countSources(engines: readonly EngineDescription[], baseline: EngineDescription, revision: string): Promise<ResultRow[]> {
  const reports = await measureTcb(engines, baseline);
  return engines.flatMap(({ name }, index) => tcbRows(name, reports[index], revision));
}

/** Of the fault campaign, which is no workload of the catalogue. */
const PARAMETERS_OF_FAULTS: readonly string[] = ["faults", "seed"];

function knownOf(engines: readonly EngineDescription[], workloads: readonly Workload[]): Known {
  const parameters = new Map(workloads.map((workload) => [workload.name, workload.parameters]));
  return { engines, baseline: BASELINE, attacks: ATTACKS.map(({ name }) => `attack-${name}`), workloads, hasParameter: (workload, name) => Object.hasOwn(parameters.get(workload) ?? {}, name) || (workload === "faults" && PARAMETERS_OF_FAULTS.includes(name)) };
}

function writing(out: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new UsageError(`the report cannot be written to ${out}: ${(error as Error).message.split("\n")[0]}`);
  }
}
