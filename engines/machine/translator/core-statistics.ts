// What a core says of its translator.

export interface CoreStatistics {
  readonly units: number;
  /** Address spaces, or classes of them, that have translations. */
  readonly spaces: number;
  /** Slots of the function table in use. */
  readonly slots: number;
  readonly instructions: number;
  readonly milliseconds: number;
}
