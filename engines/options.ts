// Values of an engine's options.

import type { Claims, EngineDescription, Options } from "./engine.ts";

interface OptionOf<Value> {
  readonly values: readonly Value[];
  readonly default: string;
}

/** The value given for `name`, or its default. Throws RangeError on one that the option does not have. */
export function optionValue<Value extends string>(option: OptionOf<Value>, name: string, options: Options): Value {
  const given = options[name] ?? option.default;
  const value = option.values.find((candidate) => candidate === given);
  if (value === undefined) throw new RangeError(`${name}=${given}: there are ${option.values.join(", ")}`);
  return value;
}

/** What an engine promises with these options. */
export function claimsWith({ claims, options: all }: Pick<EngineDescription, "claims" | "options">, options: Options): Claims {
  const withdrawn = Object.entries(all).flatMap(([name, { withdraws, default: usual }]) => withdraws?.[options[name] ?? usual] ?? []);
  return { ...claims, ...Object.fromEntries(withdrawn.map((claim) => [claim, false])) };
}
