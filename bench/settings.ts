// Settings as people read them.

import { columns, type Setting } from "./flags.ts";

/** A line for each setting, however many engines and workloads have it. */
export function settingLines(settings: readonly Omit<Setting, "accepts">[]): string[] {
  const alike = Map.groupBy(settings, ({ name, values, summary }) => [name, values, summary].join("\n"));
  return columns([...alike.values()].map((same) => [
    `${same[0].name}=${same[0].values}`, `${same[0].summary}; ${same.map(({ owner, default: value }) => `${owner}: ${value}`).join(", ")}`,
  ]));
}
