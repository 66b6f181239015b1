// Ctrl-C and a cluster's order to end: the first ends the run after what is under way, a second one ends the process.

import { EXIT_CODE } from "./exit-code.ts";

export interface Interruption {
  readonly signal: AbortSignal;
  /** What the process then answers; undefined when there was none. */
  code(): number | undefined;
}

export function watchInterruption(): Interruption {
  const controller = new AbortController();
  let code: number | undefined;
  const end = (how: string, answer: number) => (): void => {
    process.stderr.write(`\n${how}: what was measured is kept; once more ends at once\n`);
    code = answer;
    controller.abort();
  };
  process.once("SIGINT", end("interrupted", EXIT_CODE.interrupted.code));
  process.once("SIGTERM", end("told to end", EXIT_CODE.terminated.code));
  return { signal: controller.signal, code: () => code };
}
