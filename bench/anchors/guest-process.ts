// A process of `--guest FILE` on a pipe, spoken to as a person at its console would.

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const LIMIT_MS = 60_000;

export class GuestProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<number | null>;
  /** What the guest has written since the last awaited pattern. */
  #text = "";
  #errors = "";
  #changed: () => void = () => undefined;

  /** `words` are the command line's. */
  constructor(words: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
    this.#child = spawn(process.execPath, [MAIN, ...words], { stdio: "pipe", env: environment });
    // Whoever refuses the guest does not wait for what is typed.
    this.#child.stdin.on("error", () => undefined);
    this.#child.stdout.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("latin1");
      this.#changed();
    });
    this.#child.stderr.on("data", (chunk: Buffer) => { this.#errors += chunk.toString(); });
    this.#closed = new Promise((resolve) => {
      this.#child.on("close", (code) => {
        this.#changed();
        resolve(code);
      });
    });
  }

  type(text: string): void {
    this.#child.stdin.write(text, "latin1");
  }

  /** Waits until the guest has written `pattern`; answers everything up to its end. Throws where that does not come. */
  async until(pattern: RegExp): Promise<string> {
    const deadline = setTimeout(() => this.kill(), LIMIT_MS);
    try {
      for (;;) {
        const match = pattern.exec(this.#text);
        if (match !== null) {
          const text = this.#text.slice(0, match.index + match[0].length);
          this.#text = this.#text.slice(text.length);
          return text;
        }
        if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
          throw new Error(`the guest ended without ${String(pattern)}; it wrote ${JSON.stringify(this.#text)}; ${this.#errors.trim()}`);
        }
        await new Promise<void>((resolve) => { this.#changed = resolve; });
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Waits until the process has ended; `output` is what was not awaited before. One that does not end is killed. */
  async end(): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
    const deadline = setTimeout(() => this.kill(), LIMIT_MS);
    try {
      return { code: await this.#closed, output: this.#text, errors: this.#errors };
    } finally {
      clearTimeout(deadline);
    }
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
