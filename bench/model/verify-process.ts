// A process of --verify: measures the cases that it is sent, and sends back what each gave.

import { measureModelCases } from "./run.ts";
import type { VerifyAnswer, VerifyTask } from "./verify-task.ts";

process.once("message", (message) => {
  const { cases, costs, threads } = message as VerifyTask;
  const done = measureModelCases(cases, { costs, threads, interruption: new AbortController().signal }, (_, answer) => {
    process.send?.({ answer } satisfies VerifyAnswer);
  });
  void done.then(() => process.disconnect());
});
