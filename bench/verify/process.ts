// A process of --verify: measures the cases that it is sent, and sends back what each gave.

import { runCampaigns } from "../faults/faults.ts";
import { observeCases } from "../isolation/isolation.ts";
import { measureModelCases } from "../model/run.ts";
import type { CaseAnswer, VerifyAnswer, VerifyTask } from "./task.ts";

process.once("message", (message) => {
  void measure(message as VerifyTask).then(() => process.disconnect());
});

function measure({ chosen, costs, threads }: VerifyTask): Promise<void> {
  const send = (answer: CaseAnswer): void => { process.send?.({ answer } satisfies VerifyAnswer); };
  const { signal: interruption } = new AbortController();
  switch (chosen.kind) {
    case "sweep": return measureModelCases(chosen.cases, { costs, threads, interruption }, (_, answer) => send(answer));
    case "isolation": return observeCases(chosen.cases, costs, threads, interruption, (_, observed) => send(observed));
    case "faults": return runCampaigns(chosen.cases, costs, threads, interruption, (_, campaign) => send(campaign));
  }
}
