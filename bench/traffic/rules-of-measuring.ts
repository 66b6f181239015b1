// The rules by which a case's network figures are taken, as results document them.

/** Frames that a port holds until the machine takes them: at 1,000,000 a second, half a millisecond of them. */
export const FIFO_FRAMES = 512;

/** The load that latency is measured under, as a part of the frames per second that arrived in the windows. */
export const LATENCY_LOAD = 0.5;

/** The trial rule, as results document it. */
export const TRIAL = {
  /** Frames arrive for this long at a constant rate, after nothing for as long as a drain. */
  milliseconds: 50,
  /** Then none arrive: what has not departed by the end of this is lost. */
  drainMilliseconds: 12,
  /** A rate is passed when one of so many trials loses no frame. */
  tries: 3,
  /** Steps of the search between nothing and the highest rate: its resolution is 1/64 of that. */
  steps: 6,
  /** The rate found must pass once more, in trials that are so many times as long; if not, the next lower step is tried. */
  confirmation: 3,
} as const;
