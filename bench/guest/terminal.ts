// The guest's console on the terminal: what is typed goes to the guest key by key, or a pipe's bytes as they come.

import { EscapeKeys } from "./escape-keys.ts";

/** Input that waits for the guest beyond this stops the reading of a pipe. */
const MOST_WAITING = 1 << 16;
const NOTHING = new Uint8Array(0);

export class Terminal {
  readonly #input: NodeJS.ReadStream;
  readonly #output: NodeJS.WriteStream;
  readonly #escape: EscapeKeys | undefined;
  #waiting: Uint8Array = NOTHING;
  #broken = false;

  /** Takes the keyboard, where there is one, until close(). */
  constructor(input: NodeJS.ReadStream, output: NodeJS.WriteStream) {
    this.#input = input;
    this.#output = output;
    this.#escape = input.isTTY ? new EscapeKeys() : undefined;
    if (input.isTTY) input.setRawMode(true);
    input.on("data", this.#receive);
    output.on("error", this.#break);
  }

  /** Whether keys are taken one by one, Ctrl-A x ending it. */
  get interactive(): boolean {
    return this.#escape !== undefined;
  }

  /** Whether the user has ended it, or nobody reads any more. */
  get ended(): boolean {
    return this.#broken || this.#escape?.quit === true;
  }

  /** Whether what the guest writes can be written on at once. */
  get writable(): boolean {
    return !this.#output.writableNeedDrain;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > 0 && !this.#broken) this.#output.write(bytes);
  }

  /** Offers the guest what has been typed; `take` answers how many bytes it took. */
  offer(take: (bytes: Uint8Array) => number): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.subarray(take(this.#waiting));
    if (this.#waiting.length < MOST_WAITING) this.#input.resume();
  }

  /** Gives the keyboard back. */
  close(): void {
    this.#input.off("data", this.#receive);
    if (this.#input.isTTY) this.#input.setRawMode(false);
    this.#input.pause();
    // A file's stream has no hold on the process, and none to give up.
    if ("unref" in this.#input) this.#input.unref();
  }

  readonly #receive = (chunk: Buffer): void => {
    const bytes = this.#escape?.take(chunk) ?? chunk;
    this.#waiting = this.#waiting.length === 0 ? bytes : Buffer.concat([this.#waiting, bytes]);
    if (this.#waiting.length >= MOST_WAITING) this.#input.pause();
  };

  readonly #break = (): void => {
    this.#broken = true;
  };
}
