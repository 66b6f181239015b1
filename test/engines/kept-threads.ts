// Threads on which the harts of one machine after another are executed: to start them takes longer than most of what guests do
// in a test.

import { Piscina } from "piscina";
import type { HartTask } from "../../bench/hart-task.ts";
import { WORKER_OPTIONS } from "../../bench/worker-options.ts";

const WORKER = new URL("../../bench/hart-worker.ts", import.meta.url).href;

export class KeptThreads extends Piscina<HartTask, void> {
  readonly #tasks = new Set<Promise<void>>();

  constructor(harts: number) {
    super({ ...WORKER_OPTIONS, filename: WORKER, minThreads: harts, maxThreads: harts });
  }

  override run(task: HartTask): Promise<void> {
    const done = super.run(task);
    this.#tasks.add(done);
    return done;
  }

  /** As a session ends a pool, whose harts it has told to stop. */
  override async destroy(): Promise<void> {
    await Promise.allSettled(this.#tasks);
    this.#tasks.clear();
  }

  async end(): Promise<void> {
    await super.destroy();
  }
}
