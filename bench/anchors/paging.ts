// What page tables cost a guest: every compute kernel on our machine under page tables of its own (4 KiB pages, every
// address meaning itself) against the same kernel with Bare addresses, both machines in one process and run in turns.

import type { EngineName, VirtualMachine } from "../../engines/engine.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import { CaseFailure } from "../failure.ts";
import { MachineSession } from "../session.ts";
import { checkGuest } from "../check-guest.ts";
import { anchorCase } from "./machine-run.ts";

const ROUNDS = 25;
const WINDOW_MS = 60;
/** Past most of the translation. */
const WARM_UP_MS = 1_500;

export interface PagingRow {
  readonly kernel: string;
  /** Instructions per microsecond that a thread had the CPU: the best of the windows, since others on the host only slow. */
  readonly bare: number;
  readonly paged: number;
  readonly ratio: number;
}

/** Compares every compute kernel; `done` is called after each. */
export async function comparePaging(engine: EngineName, done: (row: PagingRow) => void): Promise<PagingRow[]> {
  const rows: PagingRow[] = [];
  for (const { name } of CATALOGUE.filter((workload) => workload.name.startsWith("compute-"))) {
    const row = await compareKernel(name, engine);
    rows.push(row);
    done(row);
  }
  return rows;
}

async function compareKernel(kernel: string, engine: EngineName): Promise<PagingRow> {
  const sessions = await Promise.all([start(kernel, engine, "paging=0"), start(kernel, engine, "paging=1")]);
  try {
    for (const session of sessions) await session.run(WARM_UP_MS);
    const speeds: number[][] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, session] of sessions.entries()) speeds[index].push(await speed(session));
    }
    for (const session of sessions) check(kernel, engine, session);
    const [bare, paged] = speeds.map((windows) => Math.max(...windows));
    return { kernel, bare, paged, ratio: paged / bare };
  } finally {
    for (const session of sessions) await session.stop();
  }
}

function start(kernel: string, engine: EngineName, moreArguments: string): Promise<MachineSession> {
  const benchCase = anchorCase(kernel, engine, 1, { guests: "1" });
  const vms = benchCase.configuration.vms.map((vm): VirtualMachine => ({ ...vm, bootArguments: `${vm.bootArguments} ${moreArguments}` }));
  return MachineSession.start({ ...benchCase, configuration: { ...benchCase.configuration, vms } });
}

async function speed(session: MachineSession): Promise<number> {
  const before = session.retired();
  const { milliseconds, cpuToWall } = await session.run(WINDOW_MS);
  return (session.retired() - before) / (1000 * milliseconds * (cpuToWall ?? 1));
}

/** The kernels under page tables compute what they always do. */
function check(kernel: string, engine: EngineName, session: MachineSession): void {
  const [{ units, reason }] = session.read().vms;
  const { unitDigest } = anchorCase(kernel, engine, 1, { guests: "1" });
  const wrong = units === undefined ? (reason ?? "it counts no units") : checkGuest(units, unitDigest);
  if (wrong !== undefined) throw new CaseFailure(`${kernel} on ${engine}: ${wrong}`);
}
