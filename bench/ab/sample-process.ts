// A process that runs one machine (sample.ts), as whoever compares steers it. It is in a process group of its own: Ctrl-C is
// the business of whoever started it, and it ends when the lines that it reads do.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { CaseFailure } from "../failure.ts";
import type { SampleAnswer, SampleTask, SampleWindow } from "./protocol.ts";

/** The other side has nothing to measure. */
export class AbsentCase extends Error {
  override readonly name = "AbsentCase";
}

/** Of what a process says as it dies. */
const MOST_ERRORS = 4_000;

export class SampleProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  /** Boots the machine of a tree, and warms it up. Throws a CaseFailure or an AbsentCase. `program`: within the tree, and its
   *  words. `interruption` ends it at once. */
  static async start(tree: string, program: readonly string[], task: SampleTask, interruption: AbortSignal): Promise<SampleProcess> {
    const sample = new SampleProcess(tree, program, interruption);
    try {
      await sample.#ask(task, "ready");
      return sample;
    } catch (error) {
      sample.end();
      throw error;
    }
  }

  private constructor(tree: string, [program, ...words]: readonly string[], signal: AbortSignal) {
    this.#child = spawn(process.execPath, [join(tree, program), ...words], { cwd: tree, stdio: ["pipe", "pipe", "pipe"], detached: true, signal, killSignal: "SIGKILL" });
    this.#child.on("error", () => undefined); // of the interruption; and of a process that could not be started, whose lines end
    this.#child.stderr.on("data", (chunk: Buffer) => { this.#errors = (this.#errors + chunk.toString()).slice(-MOST_ERRORS); });
    this.#child.stdin.on("error", () => undefined); // it has died: the lines that it writes end
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async run(milliseconds: number): Promise<SampleWindow> {
    const { window } = await this.#ask(milliseconds, "window");
    return window;
  }

  /** At once, whatever it does. */
  end(): void {
    this.#child.kill("SIGKILL");
  }

  async #ask<Kind extends SampleAnswer["kind"]>(line: unknown, expected: Kind): Promise<Extract<SampleAnswer, { kind: Kind }>> {
    this.#child.stdin.write(`${JSON.stringify(line)}\n`);
    const next = await this.#lines.next();
    if (next.done === true) throw new CaseFailure(`the process that measures ended: ${this.#lastError()}`);
    const answer = JSON.parse(next.value) as SampleAnswer;
    if (answer.kind === "failed") throw new CaseFailure(answer.reason);
    if (answer.kind === "absent") throw new AbsentCase();
    if (answer.kind !== expected) throw new Error(`the process that measures answered ${answer.kind}, not ${expected}`);
    return answer as Extract<SampleAnswer, { kind: Kind }>;
  }

  #lastError(): string {
    return /^\w*Error\b.*$/m.exec(this.#errors)?.[0] ?? (this.#errors.trim().split("\n").at(-1) || "it said nothing");
  }
}
