// A piscina worker: measures one case after another on the model clock.

import { measureCaseOnModel } from "./measure.ts";
import { ModelSession } from "./session.ts";
import type { ModelAnswer, ModelTask } from "./task.ts";

export default async function measureTask({ benchCase, timing, costs }: ModelTask): Promise<ModelAnswer> {
  try {
    return { kind: "measured", figures: await measureCaseOnModel(new ModelSession(benchCase, costs), benchCase, timing) };
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { kind: "failed", reason };
  }
}
