// What two revisions came to, for people.

import { type Column, foldPage, formatFigure, formatTable, indent } from "../report/table.ts";
import type { CaseVerdict } from "./judge.ts";
import { type AbOutcome, type ComparedCase, conclude } from "./outcome.ts";
import { RATIO_INTERVAL } from "./ratio.ts";
import type { AbRequest } from "./request.ts";

const COLUMNS: readonly Column<ComparedCase>[] = [
  { title: "case", align: "left", text: ({ label }) => label },
  { title: "B / A", align: "right", text: ({ verdict }) => verdict.ratio.toFixed(3) },
  { title: "interval", align: "right", text: ({ verdict: { low, high } }) => `${low.toFixed(3)}–${high.toFixed(3)}` },
  { title: "p", align: "right", text: ({ verdict: { p } }) => (p < 1e-4 ? p.toExponential(0) : p.toFixed(4)) },
  { title: "verdict", align: "left", text: ({ verdict: { verdict } }) => verdict },
];

/** What the verdicts come from. */
const MORE_COLUMNS: readonly Column<ComparedCase>[] = [
  COLUMNS[0],
  { title: "A, units/s", align: "right", text: ({ a }) => formatFigure(a) },
  { title: "B, units/s", align: "right", text: ({ b }) => formatFigure(b) },
  { title: "by wall", align: "right", text: ({ wallRatio }) => wallRatio.toFixed(3) },
  { title: "cpu/wall", align: "right", text: ({ cpuToWall }) => cpuToWall.toFixed(2) },
];

export function formatAb(outcomes: readonly AbOutcome[], { criteria: { level, threshold } }: AbRequest): string {
  const compared = outcomes.filter((outcome) => outcome.kind === "compared");
  const count = (verdict: CaseVerdict["verdict"]) => compared.filter((outcome) => outcome.verdict.verdict === verdict).length;
  const of = (kind: AbOutcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind).length;
  const contaminated = compared.filter((outcome) => outcome.contaminated);
  return foldPage([
    "Throughput of B over A, by the CPU time of the harts' threads",
    ...(compared.length === 0 ? [] : [indent(formatTable(COLUMNS, compared)), "", indent(formatTable(MORE_COLUMNS, compared)), ""]),
    ...outcomes.flatMap((outcome) => (outcome.kind === "compared" ? [] : [`  ${outcome.label}: ${outcome.kind}: ${outcome.reason}`])),
    `  interval: ${RATIO_INTERVAL}.`,
    "  p: Mann and Whitney's test within rounds, Holm's correction.",
    `  slower or faster: p below ${level}, and the whole interval more than ${threshold} % from 1.`,
    ...contaminated.map(({ label, cpuToWall }) => `  contaminated: ${label}: harts had the CPU for ${(100 * cpuToWall).toFixed(0)} % of the time they wanted it`),
    ...(contaminated.length > 0 ? ["  Other work took the CPU: stop it and run again, a difference may have gone unseen."] : []),
    "",
    `${conclude(outcomes).words}: ${compared.length} compared, ${count("slower")} slower, ${count("faster")} faster, ${of("absent")} not in A, ${of("failed")} failed`,
  ].join("\n"));
}
