// Published scaling of a big lock: sel4bench's multicore benchmark. On each core a pair of threads call each other; each
// thinks for a given number of cycles and then enters the kernel, which a CLH queue lock guards as a whole
// (seL4/seL4, include/smp/lock.h). A round trip is two such entries.
//
// Figures: seL4/sel4bench-results (GitHub) at commit 1d565abe, 2026/<board>/<BOARD>_SMP_*.jsonl, run 28232247301
// (2026-06-26, sel4bench 1fb8af24, kernel ae11cf14): round trips a second, all cores together, means of 10 windows of
// 100 ms; standard deviations are below 0.5 %. Runs before sel4bench's pull request 80 did not think on AArch64. Of
// numbers of cores, the repository keeps 1 and 4; of think times, 500 and 32,000 cycles. There are two x86 machines as
// well, which are left out: at 32,000 cycles one has twice the throughput of one core on four, so that something else
// than the lock limits it.

/** Cycles that a thread thinks before each entry of the kernel. */
export const SHORT_THINK = 500;
export const LONG_THINK = 32_000;
export const BOARD_CORES = 4;
/** Times that a round trip enters the kernel. */
export const ENTRIES = 2;

export interface Board {
  readonly name: string;
  readonly cores: string;
  /** Round trips a second, by think time. */
  readonly alone: Readonly<Record<"short" | "long", number>>;
  readonly together: Readonly<Record<"short" | "long", number>>;
}

/** What the prediction is set by is a board's own throughput on one core, and nothing of four. */
export const CALIBRATED: Board = {
  name: "i.MX8MM", cores: "4 Cortex-A53", alone: { short: 489_642, long: 18_335 }, together: { short: 985_707, long: 73_115 },
};

/** Set nothing. One rule of the model, the store buffer, was added when all four boards were off alike. */
export const KEPT_ASIDE: readonly Board[] = [
  { name: "TX2", cores: "4 cores of a Tegra X2", alone: { short: 517_468, long: 20_451 }, together: { short: 1_000_079, long: 81_365 } },
  { name: "TX1", cores: "4 Cortex-A57", alone: { short: 160_995, long: 6_578 }, together: { short: 296_373, long: 26_250 } },
  { name: "i.MX6 Sabre", cores: "4 Cortex-A9", alone: { short: 422_841, long: 15_240 }, together: { short: 911_186, long: 60_820 } },
];

/** A core's clock, in cycles a second: two think times whose difference is known in cycles differ by so much time. */
export function clockOf({ alone }: Board): number {
  return (ENTRIES * (LONG_THINK - SHORT_THINK)) / (1 / alone.long - 1 / alone.short);
}

/** Cycles of one core from one entry of the kernel to the next, without what it thinks: entry, lock, work and return. */
export function entryOf(board: Board): number {
  return clockOf(board) / board.alone.short / ENTRIES - SHORT_THINK;
}

/** Throughput of four cores over that of one. */
export function scalingOf({ alone, together }: Board, think: "short" | "long"): number {
  return together[think] / alone[think];
}
