// From files of results to sources: what may be compared with each other, and what is known of where it comes from.

import { basename } from "node:path";
import { UsageError } from "../exit-code.ts";
import { type Dataset, isAttack, isCampaign, isOfEngines, isReach, type Point, type Scenario, type Source } from "../figures/dataset.ts";
import { caseKey, type ResultRow } from "../results/schema.ts";
import { type HasParameter, toPoints } from "./points.ts";
import type { ResultFile } from "./read.ts";

/** What tcbench knows of names. Rows may have others, of engines and workloads that came or went. */
export interface Known {
  readonly engines: readonly { readonly name: string; readonly summary: string }[];
  readonly baseline: string;
  /** Workloads that are attacks, in the order of tables. */
  readonly attacks: readonly string[];
  readonly workloads: readonly { readonly name: string; readonly summary: string; readonly unit: string; readonly histogram?: string }[];
  readonly hasParameter: HasParameter;
}

/** What ran where. */
export interface Provenance {
  readonly label: string;
  readonly facts: readonly string[];
  readonly cases: number;
  readonly failed: readonly string[];
  readonly warning: string;
}

export interface Gathered {
  readonly dataset: Dataset;
  /** What the engines are, of those that are known. */
  readonly summaries: Known["engines"];
  /** TCB and attacks: of no workload, and not of one source alone. */
  readonly ofEngines: Source;
  readonly provenance: readonly Provenance[];
}

interface Group {
  readonly label: string;
  readonly files: readonly ResultFile[];
  readonly rows: readonly ResultRow[];
}

/** The model clock's first, then the wall clock's. `tcb`: rows about sources, for results that have none. */
export function gather(files: readonly ResultFile[], known: Known, tcb: readonly ResultRow[]): Gathered {
  const groups = groupsOf(files);
  const sources = groups.map(({ label, rows }): Source => ({ label, warning: warningOf(rows), clock: rows[0].clock, points: toPoints(rows.filter(({ harts }) => harts > 0), known.hasParameter) }));
  const measured = files.flatMap(({ rows }) => rows);
  const summaries = known.engines.filter(({ name }) => measured.some(({ engine }) => engine === name));
  const engines = [...new Set([...summaries.map(({ name }) => name), ...measured.map(({ engine }) => engine)])];
  const aboutSources = files.map(({ rows }) => rows.filter(({ harts }) => harts === 0)).findLast((rows) => rows.length > 0) ?? tcb;
  const place = ({ scenario }: Point) => (known.attacks.includes(scenario) ? known.attacks.indexOf(scenario) : known.attacks.length);
  const attacks = firstOf(sources, isAttack).toSorted((left, right) => place(left) - place(right));
  const flips = firstOf(sources, isCampaign);
  const reached = firstOf(sources, isReach);
  const first = sources[0];
  const measuredOfFirst = first.points.filter(({ scenario }) => !isOfEngines(scenario));
  return {
    dataset: {
      engines, baseline: known.baseline, scenarios: scenariosOf(sources, known),
      sources: sources.map((source) => ({ ...source, points: source.points.filter(({ scenario }) => !isOfEngines(scenario)) })),
    },
    ofEngines: {
      ...first,
      points: [...measuredOfFirst, ...attacks, ...reached, ...flips, ...toPoints(aboutSources, known.hasParameter)],
    },
    summaries, provenance: groups.map(provenanceOf),
  };
}

/** Of the first source that has any. */
function firstOf(sources: readonly Source[], of: (scenario: string) => boolean): Point[] {
  return sources.map(({ points }) => points.filter(({ scenario }) => of(scenario))).find((points) => points.length > 0) ?? [];
}

/** A run is a source of its own; of what is kept for good, a profile is. */
function groupsOf(files: readonly ResultFile[]): Group[] {
  const parts = files.flatMap((file) => [...Map.groupBy(file.rows.filter(({ harts }) => harts > 0), ({ clock, profile }) => `${clock} ${profile}`).values()].map((rows) => ({ file, rows, label: labelOf(file, rows[0]) })));
  const groups = [...Map.groupBy(parts, ({ label }) => label)].map(([label, own]): Group => {
    requireOnce(own);
    return { label, files: own.map(({ file }) => file), rows: own.flatMap(({ rows }) => rows) };
  });
  return groups.sort((left, right) => Number(left.rows[0].clock === "wall") - Number(right.rows[0].clock === "wall"));
}

/** Throws a UsageError where two files of a source have the same case: figures would have both. */
function requireOnce(parts: readonly { readonly file: ResultFile; readonly rows: readonly ResultRow[] }[]): void {
  const seen = new Map<string, string>();
  for (const { file, rows } of parts) {
    for (const key of new Set(rows.map(caseKey))) {
      const other = seen.get(key);
      if (other !== undefined) throw new UsageError(`${other} and ${file.path} both have ${key.split("\n").filter((word) => word !== "").join(" ")}: give one of them`);
      seen.set(key, file.path);
    }
  }
}

function labelOf({ path, run, host }: ResultFile, { clock, profile }: ResultRow): string {
  if (clock === "model") return `Model clock, profile ${profile}${run ? `, run ${basename(path, ".csv")}` : ""}`;
  return `Wall clock, ${host === undefined ? basename(path, ".csv") : `${host.host}, ${host.started.slice(0, 19).replace("T", " ")} UTC`}`;
}

/** Named, of cases that failed. */
const MOST_FAILED = 12;

function provenanceOf({ label, files, rows }: Group): Provenance {
  const summaries = rows.filter(({ sample }) => sample === null);
  const cases = Map.groupBy(summaries, caseKey);
  const failed = [...new Set(summaries.filter(({ status }) => status === "failed").map((row) => `${row.workload} on ${row.engine}${row.options === "" ? "" : ` ${row.options}`}, ${row.harts} harts: ${row.reason}`))];
  const revisions = [...new Set(rows.map(({ revision }) => revision))].filter((revision) => revision !== "");
  const host = files.length === 1 ? files[0].host : undefined;
  return {
    label, cases: cases.size, failed: [...failed.slice(0, MOST_FAILED), ...(failed.length > MOST_FAILED ? [`and ${failed.length - MOST_FAILED} more`] : [])], warning: warningOf(rows),
    facts: [
      `${files.length === 1 ? basename(files[0].path) : `${files.length} files`}, ${rows.length.toLocaleString("en-US")} rows`,
      rows[0].clock === "model" ? `simulated cycles, exact: the same on every host; costs as in profile ${rows[0].profile}` : "this host's time: medians of run windows with 95 % intervals",
      ...(revisions.length === 0 ? [] : [`${rows[0].clock === "model" ? "rules of the model" : "revision"} ${revisions.join(", ")}`]),
      ...(host === undefined ? [] : [
        `${host.cpu}, ${host.cores} cores, ${(host.memoryBytes / 2 ** 30).toFixed(0)} GiB`, `${host.system}, Node ${host.node}`,
        `bench ${host.command.join(" ")}`.trim(),
      ]),
    ],
  };
}

function warningOf(rows: readonly ResultRow[]): string {
  const cases = [...Map.groupBy(rows.filter(({ sample }) => sample === null), caseKey).values()];
  const contaminated = cases.filter((own) => own.some(({ status }) => status === "contaminated")).length;
  return contaminated === 0 ? "" : `${contaminated} of ${cases.length} cases are contaminated: other work took the CPU while they were measured. Stop it and measure again; compare nothing until then.`;
}

function scenariosOf(sources: readonly Source[], { workloads }: Known): Scenario[] {
  const names = [...new Set(sources.flatMap(({ points }) => points.map(({ scenario }) => scenario)))].filter((name) => name !== "" && !isOfEngines(name));
  const place = (name: string) => {
    const found = workloads.findIndex((workload) => workload.name === name.split(" ")[0]);
    return found < 0 ? workloads.length : found;
  };
  return names.sort((left, right) => place(left) - place(right) || (left < right ? -1 : 1)).map((name): Scenario => {
    const workload = workloads.find((candidate) => candidate.name === name.split(" ")[0]);
    return { name, summary: workload?.summary ?? "", unit: workload?.unit ?? "", event: workload?.histogram ?? "" };
  });
}
