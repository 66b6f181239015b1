// What becomes of an exit's cycles on a hypervisor that is hosted, beside one that is not: in the kernel, in the VMM, and
// on the way between them.

import type { Configuration, EngineName } from "../../engines/engine.ts";
import { ticks } from "../../engines/machine/address.ts";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import type { HartCycles } from "../../engines/machine/model/model.ts";
import { ModelSession } from "../model/session.ts";
import { type Column, formatTable } from "../report/table.ts";
import { EXIT_LOOPS, type ExitLoop } from "./exit-loops.ts";

const GUEST_BYTES = 0x40_0000;
const PAGE = 0x1000;
const WARM_UP = 100_000;
const WINDOW = 1_000_000;
/** As exits are named: what ends each stay in user mode. */
const USER_CALL = "call from U";

type Settings = Readonly<Record<string, string>>;

/** Cycles of one exit, from the instruction that leaves to the next. */
export interface ExitPath {
  readonly total: number;
  readonly vmm: number;
  /** Between VMM and kernel, and how often. */
  readonly crossing: number;
  readonly crossings: number;
  /** The rest: between guest and kernel, and in the kernel. */
  readonly kernel: number;
}

/** Of one guest on one hart that does nothing else. */
export function exitPath(loop: ExitLoop, engine: EngineName, options: Settings, costs: CostModel): ExitPath {
  const share = { budget: ticks(10_000), period: ticks(10_000) };
  const configuration: Configuration = {
    vms: [{ name: "leaves", image: loop.image, memoryBytes: GUEST_BYTES, vcpus: 1, bootArguments: "", share, hart: 0, serial: true }],
    channels: [{ name: "own", ends: [0, 0], windowBytes: PAGE }],
    ...(loop.nic === true ? { nics: [{ port: 0, owner: 0 }] } : {}),
  };
  const session = new ModelSession({ engine, options: loop.nic === true ? { ...options, nic: "switch" } : options, harts: 1, configuration }, costs);
  const read = () => ({ cycles: session.cycles()[0], exits: session.read().exits });
  session.run(WARM_UP);
  const before = read();
  session.run(WINDOW);
  const after = read();
  const spent = (part: keyof HartCycles): number => after.cycles[part] - before.cycles[part];
  const rounds = spent("guest") / loop.instructions;
  const userCalls = (after.exits[USER_CALL] ?? 0) - (before.exits[USER_CALL] ?? 0);
  const [total, vmm, crossing] = [spent("engine") / rounds, spent("user") / rounds, spent("crossing") / rounds];
  return { total, vmm, crossing, crossings: (2 * userCalls) / rounds, kernel: total - vmm - crossing };
}

const HOSTED: readonly (readonly [title: string, options: Settings])[] = [["split=kernel", {}], ["split=user", { split: "user" }]];
const number = (value: number): string => Math.round(value).toLocaleString("en");

interface Row {
  readonly loop: ExitLoop;
  readonly native: ExitPath;
  readonly hosted: ExitPath;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "exit", align: "left", text: ({ loop }) => loop.name },
  { title: "Type 1", align: "right", text: ({ native }) => number(native.total) },
  { title: "hosted", align: "right", text: ({ hosted }) => number(hosted.total) },
  { title: "ratio", align: "right", text: ({ native, hosted }) => (hosted.total / native.total).toFixed(2) },
  { title: "kernel", align: "right", text: ({ hosted }) => number(hosted.kernel) },
  { title: "VMM", align: "right", text: ({ hosted }) => number(hosted.vmm) },
  { title: "crossing", align: "right", text: ({ hosted }) => (hosted.crossings < 0.5 ? "–" : `${number(hosted.crossing)} (${hosted.crossings.toFixed(0)})`) },
];

/** All of it, for people. */
export function describeExitPath(costs: CostModel): string {
  const native = EXIT_LOOPS.map((loop) => exitPath(loop, "uniprocessor", {}, costs));
  const tables = HOSTED.map(([split, options]) => {
    const rows = EXIT_LOOPS.map((loop, index): Row => ({ loop, native: native[index], hosted: exitPath(loop, "hosted", options, costs) }));
    return `${split}\n${formatTable(COLUMNS, rows)}`;
  });
  return [
    ...tables,
    `In cycles. Type 1: uniprocessor. kernel: with the ${number(costs.costs.trapEntry + costs.costs.trapReturn)} from guest to kernel and back.
crossing: between kernel and VMM, (so many times). What code computes between its
accesses costs nothing here, and a real VMM computes more than this one.`,
    PUBLISHED,
  ].join("\n\n");
}

const PUBLISHED = `Published, for exits of ARM guests on an X-Gene (Dall et al., ISCA 2016, Table II): a
hypercall takes 6,500 cycles under KVM and 376 under Xen, 17.3 times as many; an
access to the interrupt controller 7,370 and 1,356, 5.4 times. There KVM's kernel
runs in another mode (EL1) than exits lead to (EL2), so that each switches all
system registers. A RISC-V host runs in HS-mode, where exits lead: one that the
kernel handles costs no such switch, as on Arm with VHE. One for the VMM does.`;
