// Values of an engine's options.

import type { Options } from "./engine.ts";

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
