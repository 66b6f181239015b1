// The names a command line may use, from the tables of engines and workloads.

import type { EngineDescription } from "../engines/engine.ts";
import type { Parameter, Workload } from "../workloads/workload.ts";
import type { Vocabulary } from "./cli.ts";
import type { Setting } from "./flags.ts";

export function vocabularyOf(engines: readonly EngineDescription[], workloads: readonly Workload[]): Vocabulary {
  return {
    engines: Object.fromEntries(engines.map(({ name, summary }) => [name, summary])),
    workloads: Object.fromEntries(workloads.map(({ name, summary }) => [name, summary])),
    settings: [
      ...engines.flatMap((engine) => Object.entries(engine.options).map(([name, option]): Setting => ({
        owner: engine.name, name, default: option.default, summary: option.summary,
        values: option.values.join("|"), accepts: (value) => option.values.includes(value),
      }))),
      ...workloads.flatMap((workload) => Object.entries(workload.parameters).map(([name, parameter]): Setting => ({
        owner: workload.name, name, default: parameter.default, summary: parameter.summary, ...range(parameter),
      }))),
    ],
    maximumHarts: Math.max(...engines.map((engine) => engine.maximumHarts)),
  };
}

function range(parameter: Parameter): Pick<Setting, "values" | "accepts"> {
  if (parameter.kind === "choice") return { values: parameter.values.join("|"), accepts: (value) => parameter.values.includes(value) };
  const { minimum, maximum, words = [] } = parameter;
  return {
    values: [...words, `${minimum}..${maximum}`].join("|"),
    accepts: (value) => words.includes(value) || (/^\d{1,15}$/.test(value) && Number(value) >= minimum && Number(value) <= maximum),
  };
}
