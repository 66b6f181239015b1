// Loaded before a process of --verify: the second one that there is charges a cycle more for a trap. A planted fault.

import { existsSync, writeFileSync } from "node:fs";
import type { VerifyTask } from "../../../bench/verify/task.ts";

const marker = process.env["TCBENCH_TEST_MARKER"] ?? "";
if (process.send !== undefined && existsSync(marker)) {
  const once = process.once.bind(process) as (event: string, listener: (message: unknown) => void) => NodeJS.Process;
  process.once = ((event: string, listener: (message: unknown) => void) => once(event, (message) => {
    const { costs } = (message as VerifyTask).costs as { costs: Record<string, number> };
    if (event === "message") costs["trapEntry"] += 1;
    listener(message);
  })) as typeof process.once;
} else if (process.send !== undefined) {
  writeFileSync(marker, "");
}
