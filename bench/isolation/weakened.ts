// Values of engines' options that exist to be attacked: tried with the attacks that they are weak against, beside the usual.

import type { EngineDescription } from "../../engines/engine.ts";

export interface Weakening {
  readonly option: string;
  readonly value: string;
  /** By name. */
  readonly attacks: readonly string[];
  /** On so many harts, or as many as the engine has. */
  readonly harts: number;
}

export const WEAKENINGS: readonly Weakening[] = [
  { option: "scheduler", value: "credit", attacks: ["schedule-evade", "schedule-boost"], harts: 4 },
  { option: "queues", value: "growing", attacks: ["flood-doorbells"], harts: 4 },
];

export const canBeWeakened = ({ options }: EngineDescription, { option, value }: Weakening): boolean => options[option]?.values.includes(value) ?? false;

/** The weakening among the options of a result row. */
export function weakeningOf(options: string): Weakening | undefined {
  return WEAKENINGS.find(({ option, value }) => options.split(" ").includes(`${option}=${value}`));
}
