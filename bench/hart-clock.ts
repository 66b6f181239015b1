// The times of a run window, taken by each hart's thread itself and left in shared memory.

/** Float64 slots of one hart; after the harts' comes one for the time the machine was paused. */
const SLOT = { resumed: 0, paused: 1, cpu: 2, idle: 3, probe: 4 } as const;
const SLOTS = 8;

/** One window as one hart's thread saw it, in milliseconds; the clock is common to all threads. */
export interface HartWindow {
  readonly resumed: number;
  readonly paused: number;
  /** CPU time the thread received. */
  readonly cpu: number;
  /** Time the hart waited for an interrupt. */
  readonly idle: number;
}

/** Milliseconds on a clock that all threads of the process share. */
export const now = (): number => performance.timeOrigin + performance.now();

/** CPU time of the calling thread in milliseconds. */
export function threadCpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

export class HartClocks {
  readonly shared: SharedArrayBuffer;
  readonly #slots: Float64Array;

  static create(harts: number): HartClocks {
    return new HartClocks(new SharedArrayBuffer((harts * SLOTS + 1) * Float64Array.BYTES_PER_ELEMENT));
  }

  constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#slots = new Float64Array(shared);
  }

  write(hart: number, window: HartWindow): void {
    for (const name of ["resumed", "paused", "cpu", "idle"] as const) this.#slots[hart * SLOTS + SLOT[name]] = window[name];
  }

  read(hart: number): HartWindow {
    const at = (slot: number) => this.#slots[hart * SLOTS + slot];
    return { resumed: at(SLOT.resumed), paused: at(SLOT.paused), cpu: at(SLOT.cpu), idle: at(SLOT.idle) };
  }

  /** Milliseconds the machine has been paused in all: its own clock stands still then. */
  pausedMs(): number {
    return this.#slots[this.#slots.length - 1];
  }

  /** Before the machine is told to run again. */
  addPaused(milliseconds: number): void {
    this.#slots[this.#slots.length - 1] += milliseconds;
  }

  /** Cost of one clock reading in nanoseconds, as the hart's thread measured it. */
  writeProbeCost(hart: number, nanoseconds: number): void {
    this.#slots[hart * SLOTS + SLOT.probe] = nanoseconds;
  }

  readProbeCost(hart: number): number {
    return this.#slots[hart * SLOTS + SLOT.probe];
  }
}

/** A window of the whole machine. */
export interface JointWindow {
  /** When the first hart began. */
  readonly resumed: number;
  /** From then until the last hart paused. */
  readonly milliseconds: number;
  /** CPU time received over the time wanted; null when too little was wanted to tell. */
  readonly cpuToWall: number | null;
}

export function joinWindows(windows: readonly HartWindow[]): JointWindow {
  const resumed = Math.min(...windows.map((window) => window.resumed));
  const milliseconds = Math.max(...windows.map(({ paused }) => paused)) - resumed;
  const cpu = windows.reduce((sum, window) => sum + window.cpu, 0);
  const wanted = windows.reduce((sum, { resumed, paused, idle }) => sum + paused - resumed - idle, 0);
  const measurable = wanted > SHORTEST_RATIO_MS;
  return { resumed, milliseconds, cpuToWall: measurable ? Math.min(1, cpu / wanted) : null };
}

/** Below this the resolution of thread CPU time makes a ratio meaningless. */
const SHORTEST_RATIO_MS = 5;
