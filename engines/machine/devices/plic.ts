// The interrupt controller: RISC-V Platform-Level Interrupt Controller Specification 1.0.0, with level-triggered sources
// and two contexts a hart. Its state is shared by all threads.

import { CONTROL, CONTROL_OFFSET, DEVICES, DEVICES_OFFSET, HART, MAXIMUM_HARTS, PLIC_SOURCES, RAISED } from "../layout.ts";
import { hartBlock, type PhysicalMemory } from "../memory.ts";
import { clearInterrupt, raiseInterrupt } from "../hart/signal.ts";
import type { Device } from "./device.ts";
import { lockDevice, unlockDevice } from "./device-lock.ts";

const CONTEXTS_PER_HART = 2;

/** Chapter "Memory Map". */
const REGISTER = {
  pending: 0x1000, enables: 0x2000, enableStride: 0x80, contexts: 0x20_0000, contextStride: 0x1000, threshold: 0, claim: 4,
} as const;
/** Priorities and thresholds have 3 bits, as QEMU's. */
const PRIORITY_MASK = 7;

/** State, as byte offsets. */
const STATE = {
  lock: 0x00,
  /** Bitmaps by source: what devices drive; requests that the gateways have passed on; claimed and not completed. */
  lines: 0x04,
  pending: 0x08,
  serviced: 0x0c,
  priorities: 0x80,
  /** By context: a bitmap of sources, and a threshold. */
  enables: 0x100,
  thresholds: 0x100 + 4 * CONTEXTS_PER_HART * MAXIMUM_HARTS,
} as const;

const word = (offset: number): number => (DEVICES_OFFSET + DEVICES.plic + offset) >> 2;
const LOCK = word(STATE.lock);
const LINES = word(STATE.lines);
const PENDING = word(STATE.pending);
const SERVICED = word(STATE.serviced);
const PRIORITIES = word(STATE.priorities);
const ENABLES = word(STATE.enables);
const THRESHOLDS = word(STATE.thresholds);
const HARTS = (CONTROL_OFFSET + CONTROL.harts) >> 2;
const RAISED_WORD = HART.raised >> 2;

export class Plic implements Device {
  low = 0;
  readonly high = 0;
  readonly #i32: Int32Array;

  constructor(memory: PhysicalMemory) {
    this.#i32 = memory.i32;
  }

  /** What a device drives on the line of its source. Of one source, one thread at a time. */
  setLine(source: number, raised: boolean): void {
    const i32 = this.#i32;
    const bit = 1 << source;
    if (((Atomics.load(i32, LINES) & bit) !== 0) === raised) return;
    lockDevice(i32, LOCK);
    i32[LINES] ^= bit;
    if (raised) this.#forward(bit);
    unlockDevice(i32, LOCK);
  }

  read(offset: number, bytes: number): boolean {
    if (bytes !== 4) return false;
    const i32 = this.#i32;
    lockDevice(i32, LOCK);
    this.low = this.#load(offset);
    unlockDevice(i32, LOCK);
    return true;
  }

  write(offset: number, bytes: number, value: number): boolean {
    if (bytes !== 4) return false;
    const i32 = this.#i32;
    lockDevice(i32, LOCK);
    this.#store(offset, value);
    unlockDevice(i32, LOCK);
    return true;
  }

  /** Registers that are not there read as zero. */
  #load(offset: number): number {
    const i32 = this.#i32;
    if (offset < REGISTER.pending) return offset <= 4 * PLIC_SOURCES ? i32[PRIORITIES + (offset >> 2)] : 0;
    if (offset < REGISTER.enables) return offset === REGISTER.pending ? i32[PENDING] : 0;
    if (offset < REGISTER.contexts) {
      const context = Math.floor((offset - REGISTER.enables) / REGISTER.enableStride);
      return this.#exists(context) && (offset & (REGISTER.enableStride - 1)) === 0 ? i32[ENABLES + context] : 0;
    }
    const context = Math.floor((offset - REGISTER.contexts) / REGISTER.contextStride);
    if (!this.#exists(context)) return 0;
    const register = offset & (REGISTER.contextStride - 1);
    if (register === REGISTER.threshold) return i32[THRESHOLDS + context];
    return register === REGISTER.claim ? this.#claim(context) : 0;
  }

  #store(offset: number, value: number): void {
    const i32 = this.#i32;
    if (offset < REGISTER.pending) {
      const source = offset >> 2;
      if (source === 0 || source > PLIC_SOURCES) return;
      i32[PRIORITIES + source] = value & PRIORITY_MASK;
      this.#update(1 << source);
    } else if (offset >= REGISTER.contexts) {
      const context = Math.floor((offset - REGISTER.contexts) / REGISTER.contextStride);
      if (!this.#exists(context)) return;
      const register = offset & (REGISTER.contextStride - 1);
      if (register === REGISTER.claim) return this.#complete(context, value);
      if (register !== REGISTER.threshold) return;
      i32[THRESHOLDS + context] = value & PRIORITY_MASK;
      this.#drive(context);
    } else if (offset >= REGISTER.enables) {
      const context = Math.floor((offset - REGISTER.enables) / REGISTER.enableStride);
      if (!this.#exists(context) || (offset & (REGISTER.enableStride - 1)) !== 0) return;
      i32[ENABLES + context] = value & ~1;
      this.#drive(context);
    }
  }

  #exists(context: number): boolean {
    return context < CONTEXTS_PER_HART * this.#i32[HARTS];
  }

  /** The gateway of a level-triggered source: a request while its line is high, and none until the last is completed. */
  #forward(bit: number): void {
    const i32 = this.#i32;
    if ((i32[LINES] & bit & ~i32[SERVICED] & ~i32[PENDING]) === 0) return;
    i32[PENDING] |= bit;
    this.#update(bit);
  }

  /** Whatever the threshold says: "the claim operation is not affected by the setting of the priority threshold". */
  #claim(context: number): number {
    const i32 = this.#i32;
    const source = this.#best(context, 0);
    if (source === 0) return 0;
    i32[PENDING] &= ~(1 << source);
    i32[SERVICED] |= 1 << source;
    this.#update(1 << source);
    return source;
  }

  /** Ignored unless the source is enabled for the context. */
  #complete(context: number, source: number): void {
    const i32 = this.#i32;
    if (source <= 0 || source > PLIC_SOURCES || (i32[ENABLES + context] & (1 << source)) === 0) return;
    i32[SERVICED] &= ~(1 << source);
    this.#forward(1 << source);
  }

  /** Drives the external interrupts of the contexts that sources `bits` are enabled for. */
  #update(bits: number): void {
    const i32 = this.#i32;
    const contexts = CONTEXTS_PER_HART * i32[HARTS];
    for (let context = 0; context < contexts; context++) {
      if ((i32[ENABLES + context] & bits) !== 0) this.#drive(context);
    }
  }

  #drive(context: number): void {
    const i32 = this.#i32;
    const hart = context >> 1;
    const bit = (context & 1) === 0 ? RAISED.machineExternal : RAISED.supervisorExternal;
    const raised = (Atomics.load(i32, (hartBlock(hart) >> 2) + RAISED_WORD) & bit) !== 0;
    const due = this.#best(context, i32[THRESHOLDS + context]) !== 0;
    if (due && !raised) raiseInterrupt(i32, hart, bit);
    else if (!due && raised) clearInterrupt(i32, hart, bit);
  }

  /** The pending and enabled source of the highest priority above `threshold`, of several the lowest, or 0. */
  #best(context: number, threshold: number): number {
    const i32 = this.#i32;
    let best = 0;
    let highest = threshold;
    for (let left = i32[PENDING] & i32[ENABLES + context]; left !== 0; left &= left - 1) {
      const source = 31 - Math.clz32(left & -left);
      const priority = i32[PRIORITIES + source];
      if (priority > highest) {
        highest = priority;
        best = source;
      }
    }
    return best;
  }
}
