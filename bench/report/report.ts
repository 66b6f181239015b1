// The report for people, made from result rows alone, so that a saved file prints as its run did.

import { INTERVAL_METHOD } from "../statistics.ts";
import { CLOCKS, type MetricName } from "../results/metrics.ts";
import type { ResultRow, Status } from "../results/schema.ts";
import { ADDED } from "../results/tcb-rows.ts";
import { type CaseView, engineLabel, groupCases } from "./case-view.ts";
import { faultSection, isOfFaults } from "./faults.ts";
import { isOfReach, reachSection } from "./reach.ts";
import { isolationSection, isOfIsolation } from "./isolation.ts";
import { growingSection } from "./growing.ts";
import { sampledSection } from "./sampled.ts";
import { scalingSection } from "./scaling.ts";
import { type Column, foldPage, formatFigure, formatNanoseconds, formatTable, indent } from "./table.ts";

/** The wall clock's throughput, network and locks; how the model clock's cases scale; TCB and failures; each with its legend. */
export function formatReport(rows: readonly ResultRow[]): string {
  const cases = groupCases(rows.filter((row) => row.sample === null));
  const [sources, ran] = [cases.filter((view) => view.first.harts === 0), cases.filter((view) => view.first.harts > 0)];
  const [attacks, faults] = [ran.filter(isOfIsolation), ran.filter(isOfFaults)];
  const measured = ran.filter((view) => !isOfIsolation(view) && !isOfFaults(view) && !isOfReach(view));
  const [onWall, onModel] = CLOCKS.map((clock) => measured.filter((view) => view.first.clock === clock));
  return foldPage([
    throughputSection(onWall), networkSection(onWall, WALL_NETWORK), lockSection(onWall), scalingSection(onModel), networkSection(onModel, MODEL_NETWORK),
    isolationSection(attacks), sampledSection(attacks), growingSection(attacks), faultSection(faults),
    tcbSection(sources, ran), reachSection(ran.filter(isOfReach)), reasonSection("Failed cases", "failed", ran), reasonSection("Contaminated cases (!): compare the others only", "contaminated", ran),
  ].filter((section) => section !== "").join("\n\n"));
}

function throughputSection(cases: readonly CaseView[]): string {
  const workloads = [...new Set(cases.map((view) => view.first.workload))];
  if (workloads.length === 0) return "";
  const tables = workloads.map((workload) => {
    const views = cases.filter((view) => view.first.workload === workload && !isTimingPass(view));
    return `${workload}\n${indent(formatTable(THROUGHPUT_COLUMNS, views))}`;
  });
  return [
    "Throughput: units of work per second, all guests together; higher is better",
    `  median of the run windows and ${INTERVAL_METHOD}`,
    "  overhead: throughput lost against the same guest alone on `bare`, where each can have a hart to itself; !: that was contaminated",
    "  exits: for each unit; p50, p99, max: of every event the guests timed; fairness: Jain's index of CPU time against the share due",
    "  slowest: how many times slower than its peers the slowest guest was",
    ...tables.map((table) => `\n${table}`),
  ].join("\n");
}

/** Beside a case in each of its tables. */
const CONTAMINATED: Column<CaseView> = { title: "", align: "left", key: true, text: ({ first }) => (first.status === "contaminated" ? "!" : "") };

const THROUGHPUT_COLUMNS: readonly Column<CaseView>[] = [
  { title: "engine", align: "left", key: true, text: engineLabel },
  { title: "harts", align: "right", key: true, text: ({ first }) => String(first.harts) },
  CONTAMINATED,
  { title: "VMs", align: "right", text: ({ first }) => String(first.vms) },
  { title: "units/s", align: "right", text: (view) => (view.first.status === "failed" || view.first.status === "unsupported" ? view.first.status : formatFigure(view.value("throughput"))) },
  { title: "95 % interval", align: "right", text: (view) => interval(view.row("throughput")) },
  { title: "overhead", align: "right", text: overheadOf },
  { title: "exits", align: "right", text: (view) => formatFigure(view.value("exits-per-unit")) },
  { title: "switches/s", align: "right", text: (view) => formatFigure(view.value("world-switches")) },
  { title: "p50", align: "right", text: (view) => formatNanoseconds(view.value("latency-p50")) },
  { title: "p99", align: "right", text: (view) => formatNanoseconds(view.value("latency-p99")) },
  { title: "max", align: "right", text: (view) => formatNanoseconds(view.value("latency-max")) },
  { title: "fairness", align: "right", text: (view) => view.value("fairness")?.toFixed(3) ?? "" },
  { title: "slowest", align: "right", text: (view) => factor(view.value("worst-slowdown")) },
];

/** Of one clock. */
interface NetworkTable {
  readonly heading: string;
  /** Of the column of rates. */
  readonly rate: string;
  readonly time: (value: number | null) => string;
  readonly last: string;
}

const WALL_NETWORK: NetworkTable = {
  heading: "Network", rate: "packets/s", time: formatNanoseconds,
  last: "  copies, exits: by the engine, for each packet; devices: part of the time that this host's threads spent in models of devices",
};
const MODEL_NETWORK: NetworkTable = { heading: "Network on the model clock", rate: "packets/Mcycle", time: formatFigure, last: "  copies, exits: by the engine, for each packet" };

function networkSection(cases: readonly CaseView[], table: NetworkTable): string {
  const measured = cases.filter((view) => view.row("packet-rate") !== undefined && !isTimingPass(view));
  if (measured.length === 0) return "";
  const tables = [...Map.groupBy(measured, (view) => view.first.workload)].map(([workload, views]) => `${workload}\n${indent(formatTable(networkColumns(table), views))}`);
  return [
    `${table.heading}: frames that departed and were right, all ports together`,
    `  ${table.rate}: as many as the guests take; no loss: the highest rate of arrivals at each port at which no frame is lost`,
    "  p50 to max: from a frame's arrival to its departure, at the load beside them; lost: part of the frames at that load",
    table.last,
    ...tables.map((table) => `\n${table}`),
  ].join("\n");
}

const networkColumns = ({ rate, time }: NetworkTable): readonly Column<CaseView>[] => [
  { title: "engine", align: "left", key: true, text: engineLabel },
  { title: "harts", align: "right", key: true, text: ({ first }) => String(first.harts) },
  CONTAMINATED,
  { title: rate, align: "right", text: (view) => formatFigure(view.value("packet-rate")) },
  { title: "no loss", align: "right", text: (view) => formatFigure(view.value("zero-loss-rate")) },
  { title: "load", align: "right", text: (view) => formatFigure(view.value("packet-load")) },
  { title: "p50", align: "right", text: (view) => time(view.value("packet-latency-p50")) },
  { title: "p90", align: "right", text: (view) => time(view.value("packet-latency-p90")) },
  { title: "p99", align: "right", text: (view) => time(view.value("packet-latency-p99")) },
  { title: "p99.9", align: "right", text: (view) => time(view.value("packet-latency-p99.9")) },
  { title: "max", align: "right", text: (view) => time(view.value("packet-latency-max")) },
  { title: "lost", align: "right", text: (view) => percentage(view.value("packet-loss")) },
  { title: "copies", align: "right", text: (view) => formatFigure(view.value("copies-per-packet")) },
  { title: "exits", align: "right", text: (view) => formatFigure(view.value("exits-per-unit")) },
  { title: "devices", align: "right", text: (view) => percentage(view.value("device-time")) },
];

interface LockView {
  readonly view: CaseView;
  readonly lock: string;
  readonly workload: string;
}

const locksOf = (view: CaseView): string[] => view.subjects("lock-acquisitions").filter((lock) => lock !== "");

/** A line for every lock of every case; an engine that took none in any says so in one. */
function lockSection(cases: readonly CaseView[]): string {
  const watched = cases.filter((view) => view.row("lock-acquisitions") !== undefined && (view.first.harts > 1 || isTimingPass(view)));
  if (watched.length === 0) return "";
  const lines = [...Map.groupBy(watched, engineLabel).values()].flatMap((views) => {
    const taken = views.flatMap((view) => locksOf(view).map((lock): LockView => ({ view, lock, workload: view.first.workload })));
    if (taken.length > 0) return taken;
    const workloads = new Set(views.map((view) => view.first.workload));
    return [{ view: views[0], lock: "none taken", workload: workloads.size === 1 ? views[0].first.workload : `all ${workloads.size}` }];
  });
  const probe = watched.map((view) => view.value("probe-cost")).find((cost) => cost !== null);
  return [
    "Locks, by name",
    "  taken: for each unit; contended: found held; handover: taken by another hart than before; waiting and holding: from the timing pass",
    ...(probe === undefined ? [] : [`  the timing pass reads the clock at ${formatNanoseconds(probe)} a reading, two readings for every wait and every hold`]),
    "",
    indent(formatTable(LOCK_COLUMNS, lines)),
  ].join("\n");
}

const LOCK_COLUMNS: readonly Column<LockView>[] = [
  { title: "workload", align: "left", key: true, text: ({ workload }) => workload },
  { title: "engine", align: "left", key: true, text: ({ view }) => engineLabel(view) },
  { title: "harts", align: "right", key: true, text: ({ view }) => String(view.first.harts) },
  { title: "lock", align: "left", key: true, text: ({ lock }) => lock },
  { title: "taken", align: "right", text: ({ view, lock }) => formatFigure(view.value("lock-acquisitions", lock)) },
  { title: "contended", align: "right", text: ({ view, lock }) => percentage(view.value("lock-contended", lock)) },
  { title: "handover", align: "right", text: ({ view, lock }) => percentage(view.value("lock-handovers", lock)) },
  { title: "waiting", align: "right", text: ({ view, lock }) => formatNanoseconds(view.value("lock-waiting", lock)) },
  { title: "max wait", align: "right", text: ({ view, lock }) => formatNanoseconds(view.value("lock-waiting-max", lock)) },
  { title: "holding", align: "right", text: ({ view, lock }) => formatNanoseconds(view.value("lock-holding", lock)) },
  { title: "max hold", align: "right", text: ({ view, lock }) => formatNanoseconds(view.value("lock-holding-max", lock)) },
];

function tcbSection(engines: readonly CaseView[], cases: readonly CaseView[]): string {
  if (engines.length === 0) return "";
  const figure = (metric: MetricName, subject = "") => (view: CaseView) => wholeFigure(view.value(metric, subject));
  const largest = (metric: MetricName) => ({ first }: CaseView) => (
    wholeFigure(Math.max(...cases.filter((view) => view.first.engine === first.engine).map((view) => view.value(metric) ?? 0), 0)));
  const columns: readonly Column<CaseView>[] = [
    { title: "engine", align: "left", text: ({ first }) => first.engine },
    { title: "modules", align: "right", text: figure("tcb-modules") },
    { title: "lines", align: "right", text: figure("tcb-lines") },
    { title: "statements", align: "right", text: figure("tcb-statements") },
    { title: "minified bytes", align: "right", text: figure("tcb-bytes") },
    { title: "added lines", align: "right", text: figure("tcb-lines", ADDED) },
    { title: "entry points", align: "right", text: figure("tcb-entry-points") },
    { title: "lock sites", align: "right", text: figure("tcb-lock-sites") },
    { title: "shared words", align: "right", text: largest("tcb-shared-words") },
    { title: "trusted guest bytes", align: "right", text: largest("tcb-guest-bytes") },
  ];
  return [
    "Trusted computing base, counted from the sources that an engine reaches outside engines/machine",
    "  added: what the uniprocessor hypervisor does not need",
    "  shared words and trusted guests: of the case measured that has the most",
    "",
    indent(formatTable(columns, engines)),
  ].join("\n");
}

/** Why cases have a status, a line each. */
function reasonSection(title: string, status: Status, cases: readonly CaseView[]): string {
  const lines = cases.filter(({ first }) => first.status === status).map((view) => {
    const { workload, harts, clock, reason } = view.first;
    return `  ${workload} on ${engineLabel(view)}, ${harts} ${harts === 1 ? "hart" : "harts"}${clock === "model" ? ", model" : ""}: ${reason}`;
  });
  return lines.length === 0 ? "" : [title, ...lines].join("\n");
}

/** Marked where the case itself is not. */
function overheadOf(view: CaseView): string {
  const doubtful = view.first.status === "ok" && view.row("overhead")?.status === "contaminated";
  return `${percentage(view.value("overhead"))}${doubtful ? " !" : ""}`;
}

const isTimingPass = (view: CaseView): boolean => view.row("probe-cost") !== undefined;
const percentage = (value: number | null): string => (value === null ? "" : `${value.toFixed(1)} %`);
const factor = (value: number | null): string => (value === null ? "" : `${value.toFixed(2)}×`);
const wholeFigure = (value: number | null): string => value?.toLocaleString("en-US") ?? "";

function interval(row: ResultRow | undefined): string {
  if (row === undefined || row.low === null || row.high === null) return "";
  return `${formatFigure(row.low)} – ${formatFigure(row.high)}`;
}
