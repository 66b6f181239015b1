// How engines scale on the model clock: a line for each, a column for each number of harts.

import type { MetricName } from "../results/metrics.ts";
import { type CaseView, engineLabel } from "./case-view.ts";
import { type Column, formatFigure, formatTable, indent } from "./table.ts";

/** The cases of one engine with the same options, in ascending order of harts. */
interface Curve {
  readonly label: string;
  readonly cases: readonly CaseView[];
}

export function scalingSection(cases: readonly CaseView[]): string {
  if (cases.length === 0) return "";
  const profiles = [...new Set(cases.map(({ first }) => first.profile))].join(", ");
  const tables = [...Map.groupBy(cases, ({ first }) => first.workload)].map(([workload, views]) => `\n${workload}\n${indent(scalingTable(views))}`);
  return [
    `Model clock, profile ${profiles}: units of work per million cycles at so many harts, all guests together; exact`,
    "  waiting: part of the harts' cycles spent waiting for the engine's locks; p50, p99: of every event the guests timed, in cycles;",
    "  these three are of the most harts in the table",
    ...tables,
  ].join("\n");
}

function scalingTable(cases: readonly CaseView[]): string {
  const harts = [...new Set(cases.map(({ first }) => first.harts))].sort((a, b) => a - b);
  const most = harts[harts.length - 1];
  const curves = [...Map.groupBy(cases, engineLabel)].map(([label, views]): Curve => ({ label, cases: views }));
  const at = ({ cases }: Curve, count: number) => cases.find(({ first }) => first.harts === count);
  const atMost = (metric: MetricName, format: (value: number | null) => string) => (curve: Curve) => format(at(curve, most)?.value(metric) ?? null);
  const columns: readonly Column<Curve>[] = [
    { title: "engine", align: "left", text: ({ label }) => label },
    ...harts.map((count): Column<Curve> => ({ title: String(count), align: "right", text: (curve) => throughput(at(curve, count)) })),
    { title: "waiting", align: "right", text: atMost("cycles-waiting", (part) => (part === null || part === 0 ? "" : `${part.toFixed(1)} %`)) },
    { title: "p50", align: "right", text: atMost("latency-p50", formatFigure) },
    { title: "p99", align: "right", text: atMost("latency-p99", formatFigure) },
  ];
  return formatTable(columns, curves);
}

function throughput(view: CaseView | undefined): string {
  if (view === undefined) return "";
  return view.first.status === "failed" ? "failed" : formatFigure(view.value("throughput"));
}
