// From a workload and what was set for it to the guests and channels of one run.

import type { Layout, Parameter, Workload } from "./workload.ts";

/** A setting that the workload does not have, or a value that the parameter cannot take. The message says what would be right. */
export class SettingError extends Error {
  override readonly name = "SettingError";
}

/** Throws SettingError. */
export function planWorkload(workload: Workload, harts: number, settings: Readonly<Record<string, string>>): Layout {
  for (const [name, value] of Object.entries(settings)) checkSetting(workload, name, value);
  return workload.layout(harts, (name) => {
    const parameter = workload.parameters[name];
    if (parameter === undefined) throw new Error(`${workload.name} reads a parameter it does not declare: ${name}`);
    return settings[name] ?? parameter.default;
  });
}

function checkSetting(workload: Workload, name: string, value: string): void {
  const parameter = workload.parameters[name];
  if (parameter === undefined) {
    throw new SettingError(`${workload.name} has no parameter ${name}; it has ${Object.keys(workload.parameters).join(", ")}`);
  }
  if (!allows(parameter, value)) throw new SettingError(`${name}=${value}: ${workload.name} takes ${allowed(parameter)}`);
}

function allows(parameter: Parameter, value: string): boolean {
  if (parameter.kind === "choice") return parameter.values.includes(value);
  if (parameter.words?.includes(value)) return true;
  return /^\d{1,15}$/.test(value) && Number(value) >= parameter.minimum && Number(value) <= parameter.maximum;
}

const allowed = (parameter: Parameter): string =>
  (parameter.kind === "choice" ? parameter.values.join(" or ") : [...(parameter.words ?? []), `a number from ${parameter.minimum} to ${parameter.maximum}`].join(" or "));
