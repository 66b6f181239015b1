// Operations that came to something that none before them did: by what they tried, how they trapped, and what they were answered.
// Later ones are made from them, one in three.

import { A6, A7, type Operation, type Result } from "./operation.ts";
import type { Random } from "./random.ts";

const MOST = 4096;
const FRESH = 3;
const SMALL = 16n;
const INTERRUPT = 1n << 63n;
const DEVICE_SHIFT = 12n;

export class Corpus {
  readonly #random: Random;
  readonly #operations: Operation[] = [];
  readonly #seen = new Set<string>();
  #last = "";

  constructor(random: Random) {
    this.#random = random;
  }

  /** One to make another of; often none. */
  pick(): Operation | undefined {
    return this.#operations.length > 0 && this.#random.once(FRESH) ? this.#random.pick(this.#operations) : undefined;
  }

  see(operation: Operation, result: Result): void {
    const signature = signatureOf(operation, result);
    // Of an operation alone, and right behind the one before it.
    const isNew = !this.#seen.has(signature) || (!this.#seen.has(`${this.#last}|${signature}`) && this.#operations.length < MOST);
    this.#seen.add(signature);
    this.#seen.add(`${this.#last}|${signature}`);
    this.#last = signature;
    if (!isNew) return;
    if (this.#operations.length < MOST) this.#operations.push(operation);
    else this.#operations[this.#random.below(MOST)] = operation;
  }

  /** Of single operations. */
  signatures(): readonly string[] {
    return [...this.#seen].filter((signature) => !signature.includes("|"));
  }
}

function signatureOf({ kind, registers, status }: Operation, { cause, value, a0 }: Result): string {
  const trap = `${(cause & INTERRUPT) === 0n ? "" : "i"}${cause & 0xffn}`;
  const user = status & 0x100 ? "" : "u";
  if (kind !== "call" && kind !== "restart") return `${kind}${user} ${trap} ${value >> DEVICE_SHIFT < 0x2_0000n ? (value >> DEVICE_SHIFT).toString(16) : ""}`;
  const small = (of: bigint): string => (of < SMALL ? of.toString() : "*");
  const answer = BigInt.asIntN(64, a0);
  return `call${user} ${registers[A7 - 1].toString(16).slice(0, 8)} ${small(registers[A6 - 1])} ${trap} ${answer >= -SMALL && answer <= SMALL ? answer : "*"}`;
}
