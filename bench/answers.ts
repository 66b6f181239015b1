// Tasks on threads: begun in their order, so many at a time, and their answers handed out in that order, whatever order they
// come in. A thread that ends, or is still busy long after its task should have been done, has failed that task alone.

import { Piscina } from "piscina";

export interface Threads {
  /** Options of the pool: at least the worker's file. */
  readonly pool: { readonly filename: string; readonly env?: NodeJS.ProcessEnv; readonly execArgv?: string[] };
  readonly most: number;
  /** How long each task may take at most, of this host's time. */
  readonly limitsMs: readonly number[];
  /** Ends everything: tasks that are not done have no answers. */
  readonly interruption: AbortSignal;
}

/** A case that is expected to take so long has hung when it takes more than this: only an engine or a machine that loops does. */
export const hangLimitMs = (expectedMs: number): number => 5 * 60_000 + 20 * expectedMs;

/** `lost`: what is answered for a task of which no answer comes. */
export async function answersInOrder<Answer>(
  tasks: readonly unknown[], { pool: options, most, limitsMs, interruption }: Threads, lost: (reason: string) => Answer, answered: (index: number, answer: Answer) => void,
): Promise<void> {
  if (tasks.length === 0 || interruption.aborted) return;
  const pool = new Piscina<unknown, Answer>({ ...options, minThreads: 1, maxThreads: Math.min(most, tasks.length) });
  const interrupted = new Promise<undefined>((resolve) => { interruption.addEventListener("abort", () => resolve(undefined), { once: true }); });
  const answers = tasks.map(() => Promise.withResolvers<Answer>());
  let next = 0;
  // A pool that is given all tasks at once takes them as it likes.
  const work = async (): Promise<void> => {
    while (next < tasks.length && !interruption.aborted) {
      const index = next++;
      answers[index].resolve(await answerTo(pool, tasks[index], limitsMs[index], lost));
    }
  };
  for (let started = 0; started < most; started++) void work();
  try {
    for (const [index, { promise }] of answers.entries()) {
      const answer = await Promise.race([promise, interrupted]);
      if (answer === undefined) return;
      answered(index, answer);
    }
  } finally {
    // Answers that come while the threads are ended are nobody's any more, which piscina calls an error.
    pool.on("error", () => undefined);
    await pool.destroy();
  }
}

async function answerTo<Answer>(pool: Piscina<unknown, Answer>, task: unknown, limitMs: number, lost: (reason: string) => Answer): Promise<Answer> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limitMs);
  try {
    return await pool.run(task, { signal: limit.signal });
  } catch (error) {
    return lost(limit.signal.aborted
      ? `its thread was still busy after ${Math.round(limitMs / 1000)} s of this host's time, and was ended: the engine or the machine loops`
      : `its thread ended: ${(error as Error).message.split("\n")[0]}`);
  } finally {
    clearTimeout(timer);
  }
}
