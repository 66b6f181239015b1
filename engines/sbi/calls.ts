// Decodes a guest's SBI calls, answers those that need nothing of the engine, and passes on the rest.

import type { Ticks } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { LONGEST_WRITE } from "./console.ts";
import {
  A0, A1, A2, A6, A7, BASE, CONSOLE, ERROR, EXTENSION, HART_STATE, RESET_SHUTDOWN, SUCCESS, VENDOR,
} from "./numbers.ts";

/**
 * What an engine does for the guest that called. The hart already resumes behind the call. Services that
 * answer a number answer an SBI error, unless they say otherwise. Only `hartStop`, `reset`, `preempt` and
 * `yield` may put another vCPU on the hart: the others are followed by writing the answer to the registers.
 */
export interface Services {
  /** `deadline` is 2^53 or above for never. */
  setTimer(hart: Hart, deadline: Ticks): void;
  /** A software interrupt for the vCPUs of the caller's machine in `mask`, counted from `base`; base -1: all. */
  sendInterrupt(hart: Hart, mask: number, base: number): number;
  hartStart(hart: Hart, number: number): number;
  hartStop(hart: Hart): void;
  /** STARTED or STOPPED, or an error. */
  hartStatus(hart: Hart, number: number): number;
  reset(hart: Hart, kind: number): void;
  /** `bytes` at the guest's physical `address`. */
  consoleWrite(hart: Hart, address: number, bytes: number): number;
  consoleWriteByte(hart: Hart, byte: number): void;
  registerUnits(hart: Hart, page: number): number;
  channelNotify(hart: Hart, id: number): number;
  /** Bitmap of the caller's channel ends rung since the last call. */
  channelPending(hart: Hart): number;
  /** Follows services that may have made other vCPUs ready. */
  preempt(hart: Hart): void;
  yield(hart: Hart): void;
}

const SPECIFICATION_2_0 = 2 << 24;
/** Not a registered implementation. */
const IMPLEMENTATION = 0x7463;
const NO_CHARACTER = -1;
/** reset_type and reset_reason of SRST that are reserved. */
const RESET_TYPES = 3;

export class SbiCalls {
  readonly #services: Services;

  constructor(services: Services) {
    this.#services = services;
  }

  /** Serves the environment call that the hart has trapped on. */
  call(hart: Hart): void {
    hart.advance();
    const operation = hart.xLow(A6);
    switch (hart.xLow(A7)) {
      case EXTENSION.base: return this.#base(hart, operation);
      case EXTENSION.timer: return this.#timer(hart, operation);
      case EXTENSION.interrupt: return this.#interrupt(hart, operation);
      case EXTENSION.remoteFence: return answer(hart, ERROR.notSupported, 0);
      case EXTENSION.hartState: return this.#hartState(hart, operation);
      case EXTENSION.reset: return this.#reset(hart, operation);
      case EXTENSION.console: return this.#console(hart, operation);
      case EXTENSION.vendor: return this.#vendor(hart, operation);
      // Legacy calls have no function number, and answer in a0 only.
      case EXTENSION.legacySetTimer:
        this.#services.setTimer(hart, hart.xNumber(A0) as Ticks);
        return setAnswer(hart, A0, SUCCESS);
      case EXTENSION.legacyPutCharacter:
        this.#services.consoleWriteByte(hart, hart.xLow(A0) & 0xff);
        return setAnswer(hart, A0, SUCCESS);
      case EXTENSION.legacyGetCharacter: return setAnswer(hart, A0, NO_CHARACTER);
      case EXTENSION.legacyShutdown: return this.#services.reset(hart, RESET_SHUTDOWN);
      default: return answer(hart, ERROR.notSupported, 0);
    }
  }

  #base(hart: Hart, operation: number): void {
    switch (operation) {
      case BASE.specification: return answer(hart, SUCCESS, SPECIFICATION_2_0);
      case BASE.implementation: return answer(hart, SUCCESS, IMPLEMENTATION);
      case BASE.probe: return answer(hart, SUCCESS, isOffered(hart.xLow(A0)) ? 1 : 0);
      case BASE.implementationVersion:
      case BASE.vendorId:
      case BASE.architectureId:
      case BASE.machineId: return answer(hart, SUCCESS, 0);
      default: return answer(hart, ERROR.notSupported, 0);
    }
  }

  #timer(hart: Hart, operation: number): void {
    if (operation !== 0) return answer(hart, ERROR.notSupported, 0);
    this.#services.setTimer(hart, hart.xNumber(A0) as Ticks);
    answer(hart, SUCCESS, 0);
  }

  #interrupt(hart: Hart, operation: number): void {
    if (operation !== 0) return answer(hart, ERROR.notSupported, 0);
    const all = hart.xLow(A1) === -1 && hart.xHigh(A1) === -1;
    answer(hart, this.#services.sendInterrupt(hart, hart.xLow(A0), all ? -1 : hart.xNumber(A1)), 0);
    this.#services.preempt(hart);
  }

  #hartState(hart: Hart, operation: number): void {
    switch (operation) {
      case HART_STATE.start:
        answer(hart, this.#services.hartStart(hart, hart.xNumber(A0)), 0);
        return this.#services.preempt(hart);
      case HART_STATE.stop: return this.#services.hartStop(hart);
      case HART_STATE.status: {
        const status = this.#services.hartStatus(hart, hart.xNumber(A0));
        return status < 0 ? answer(hart, status, 0) : answer(hart, SUCCESS, status);
      }
      default: return answer(hart, ERROR.notSupported, 0);
    }
  }

  #reset(hart: Hart, operation: number): void {
    if (operation !== 0) return answer(hart, ERROR.notSupported, 0);
    const kind = hart.xNumber(A0);
    if (kind >= RESET_TYPES) return answer(hart, ERROR.invalidParameter, 0);
    this.#services.reset(hart, kind);
  }

  #console(hart: Hart, operation: number): void {
    switch (operation) {
      case CONSOLE.write: {
        // Address in a1 (low) and a2 (high, and so always 0 on RV64).
        const bytes = Math.min(hart.xNumber(A0), LONGEST_WRITE);
        const error = hart.xNumber(A2) === 0
          ? this.#services.consoleWrite(hart, hart.xNumber(A1), bytes)
          : ERROR.invalidParameter;
        return answer(hart, error, error === SUCCESS ? bytes : 0);
      }
      case CONSOLE.writeByte:
        this.#services.consoleWriteByte(hart, hart.xLow(A0) & 0xff);
        return answer(hart, SUCCESS, 0);
      default: return answer(hart, ERROR.notSupported, 0);
    }
  }

  #vendor(hart: Hart, operation: number): void {
    switch (operation) {
      case VENDOR.registerUnits: return answer(hart, this.#services.registerUnits(hart, hart.xNumber(A0)), 0);
      case VENDOR.channelNotify:
        answer(hart, this.#services.channelNotify(hart, hart.xNumber(A0)), 0);
        return this.#services.preempt(hart);
      case VENDOR.channelPending: return answer(hart, SUCCESS, this.#services.channelPending(hart));
      case VENDOR.yield:
        answer(hart, SUCCESS, 0);
        return this.#services.yield(hart);
      default: return answer(hart, ERROR.notSupported, 0);
    }
  }
}

/** What every call but the legacy ones answers: an error in a0, a value in a1. */
export function answer(hart: Hart, error: number, value: number): void {
  setAnswer(hart, A0, error);
  setAnswer(hart, A1, value);
}

/** A 32-bit number, sign-extended. */
function setAnswer(hart: Hart, register: number, value: number): void {
  hart.setX(register, value, value >> 31);
}

function isOffered(extension: number): boolean {
  switch (extension) {
    case EXTENSION.legacySetTimer:
    case EXTENSION.legacyPutCharacter:
    case EXTENSION.legacyGetCharacter:
    case EXTENSION.legacyShutdown:
    case EXTENSION.base:
    case EXTENSION.timer:
    case EXTENSION.interrupt:
    case EXTENSION.hartState:
    case EXTENSION.reset:
    case EXTENSION.console:
    case EXTENSION.vendor: return true;
    default: return false;
  }
}
