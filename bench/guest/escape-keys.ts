// Keys that are for tcbench and not for the guest, as QEMU has them: Ctrl-A x ends it, Ctrl-A Ctrl-A types Ctrl-A.

const CONTROL_A = 0x01;
const QUIT = "xX";

export class EscapeKeys {
  #escaped = false;
  #quit = false;

  /** Whether the user has asked to end it. */
  get quit(): boolean {
    return this.#quit;
  }

  /** What of the typed bytes is for the guest. */
  take(typed: Uint8Array): Uint8Array {
    const bytes: number[] = [];
    for (const byte of typed) {
      if (!this.#escaped && byte === CONTROL_A) {
        this.#escaped = true;
        continue;
      }
      if (!this.#escaped || byte === CONTROL_A) bytes.push(byte);
      else if (QUIT.includes(String.fromCharCode(byte))) this.#quit = true;
      this.#escaped = false;
    }
    return Uint8Array.from(bytes);
  }
}
