// How a hart's engine waits while other harts run on the same thread. An engine is ordinary code that cannot stop in
// the middle; so whatever a primitive answers while a trap is handled is recorded, and where the hart has to wait, the
// engine is unwound. When its turn comes, the trap is handled again from its start: primitives answer what they answered
// before, with no effect and at no cost, up to the one that waited. An engine keeps no state of its own, so it cannot tell.

const INITIAL_CAPACITY = 256;

/** Unwinds an engine whose hart has to wait. Only whoever executes harts catches it. */
export class Suspension extends Error {
  override readonly name = "Suspension";
}

/** The one there is. It says nothing of where it was made: V8 would look that up whenever it is thrown. */
export const SUSPENSION = withoutStack(() => new Suspension("a hart waits for its turn"));

/** What primitives have answered since the trap under way began. Each is told apart by a tag: an engine that does not repeat
 *  itself has kept state where no primitive sees it. */
export class Recording {
  #answers = new Float64Array(INITIAL_CAPACITY);
  #tags = new Int32Array(INITIAL_CAPACITY);
  #length = 0;
  #cursor = 0;

  /** Whether the next primitive has been executed already: it must answer repeat(), and do nothing. */
  get replaying(): boolean {
    return this.#cursor < this.#length;
  }

  repeat(tag: number): number {
    if (this.#tags[this.#cursor] !== tag) {
      throw new Error(`an engine has done otherwise at the second time: primitive ${this.#cursor} of the trap was ${this.#tags[this.#cursor]} and is ${tag}`);
    }
    return this.#answers[this.#cursor++];
  }

  /** Keeps, and returns, what a primitive that has just been executed answers. */
  keep(tag: number, answer: number): number {
    this.append(tag, answer);
    this.#cursor = this.#length;
    return answer;
  }

  /** The primitive that suspended the engine has been executed since. */
  append(tag: number, answer: number): void {
    if (this.#length === this.#answers.length) this.#grow();
    this.#tags[this.#length] = tag;
    this.#answers[this.#length++] = answer;
  }

  /** The trap is handled again, from its start. */
  rewind(): void {
    this.#cursor = 0;
  }

  /** The trap has been handled. */
  clear(): void {
    this.#cursor = 0;
    this.#length = 0;
  }

  #grow(): void {
    const answers = new Float64Array(2 * this.#length);
    answers.set(this.#answers);
    this.#answers = answers;
    const tags = new Int32Array(2 * this.#length);
    tags.set(this.#tags);
    this.#tags = tags;
  }
}

function withoutStack(make: () => Suspension): Suspension {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
