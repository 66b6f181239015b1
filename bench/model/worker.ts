// A piscina worker: measures one case after another on the model clock.

import { measureOnModel } from "./measure.ts";
import { ModelSession } from "./session.ts";
import type { ModelAnswer, ModelTask } from "./task.ts";

export default function measureTask({ benchCase, timing, costs }: ModelTask): ModelAnswer {
  try {
    return { kind: "measured", figures: measureOnModel(new ModelSession(benchCase, costs), benchCase, timing) };
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { kind: "failed", reason };
  }
}
