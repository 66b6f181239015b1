// The compute kernels on our machine, isolated and counted, against QEMU's system emulation: the same ELF
// file, the same boot arguments, both timed by the guest's own clock, in turns.

import { CATALOGUE } from "../../workloads/catalogue.ts";
import { imagePath } from "../../workloads/images.ts";
import { median } from "../statistics.ts";
import type { GuestResult } from "./guest-line.ts";
import { runOnMachine } from "./machine-run.ts";
import { runOnQemu } from "./qemu.ts";

const ROUNDS = 3;
/** A run warms up for about this long, as every measurement here does, and is then timed for as long again. */
const RUN_SECONDS = 1;
const CALIBRATION_UNITS = 200;
/** The calibration must last long enough to be past most of the translation. */
const CALIBRATION_SECONDS = 0.2;

export interface SpeedRow {
  readonly kernel: string;
  readonly units: number;
  /** Units per second: medians of the rounds. */
  readonly machine: number;
  readonly qemu: number;
  readonly ratio: number;
}

/** Compares every compute kernel; `done` is called after each. */
export async function compareSpeed(done: (row: SpeedRow) => void): Promise<SpeedRow[]> {
  const rows: SpeedRow[] = [];
  for (const { name } of CATALOGUE.filter((workload) => workload.name.startsWith("compute-"))) {
    const row = await compareKernel(name);
    rows.push(row);
    done(row);
  }
  return rows;
}

async function compareKernel(workload: string): Promise<SpeedRow> {
  const units = await calibrate(workload);
  const span = `warm=${units} units=${2 * units}`;
  const onMachine = () => runOnMachine(workload, "uniprocessor", span);
  const onQemu = () => runOnQemu(imagePath("compute"), `kernel=${workload.slice("compute-".length)} ${span}`);
  const machine: GuestResult[] = [];
  const qemu: GuestResult[] = [];
  for (let round = 0; round < ROUNDS; round++) { // A B, B A, A B: drift of the host hits both alike
    const machineFirst = round % 2 === 0;
    if (machineFirst) machine.push(await onMachine());
    qemu.push(await onQemu());
    if (!machineFirst) machine.push(await onMachine());
  }
  if (new Set([...machine, ...qemu].map(({ digest }) => digest)).size !== 1) throw new Error(`${workload}: QEMU and our machine computed different results`);
  const perSecond = (results: readonly GuestResult[]) => median(results.map((result) => result.units / result.seconds));
  const row = { machine: perSecond(machine), qemu: perSecond(qemu) };
  return { kernel: workload, units, ...row, ratio: row.machine / row.qemu };
}

/** Units that take about RUN_SECONDS. */
async function calibrate(workload: string): Promise<number> {
  for (let units = CALIBRATION_UNITS; ; units *= 4) {
    const { seconds } = await runOnMachine(workload, "uniprocessor", `units=${units}`);
    if (seconds >= CALIBRATION_SECONDS) return Math.ceil((units * RUN_SECONDS) / seconds);
  }
}
