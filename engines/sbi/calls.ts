// Decodes a guest's SBI calls, answers those that need nothing of the engine, and passes on the rest.

import type { PhysicalAddress, Ticks } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { FENCE } from "../vcpu/fences.ts";
import { field } from "../state/words.ts";
import { VM } from "../virtual-machine/record.ts";
import { LONGEST_TEXT } from "./console.ts";
import { canReadMask, type FirstStage, HARTS_IN_WORD, maskWord, namesAll, within } from "./legacy-mask.ts";
import {
  A0, A1, A2, A6, A7, BASE, CONSOLE, ERROR, EXTENSION, HART_STATE, REMOTE_FENCE, RESET_SHUTDOWN, SUCCESS,
  SUSPEND_NON_RETENTIVE, SUSPEND_RETENTIVE, VENDOR,
} from "./numbers.ts";
import { isRange } from "./remote-fence.ts";

/**
 * What an engine does for the guest that called. The hart already resumes behind the call. Services that
 * answer a number answer an SBI error, unless they say otherwise. Only `hartStop`, `hartSuspend`, `reset`,
 * `preempt` and `yield` may put another vCPU on the hart: the others are followed by writing the answer to the
 * registers. A hart mask (vcpu/hart-mask.ts) is three numbers.
 */
export interface Services {
  /** The virtual machine that called. */
  machine(hart: Hart): PhysicalAddress;
  /** `deadline` is 2^53 or above for never. */
  setTimer(hart: Hart, deadline: Ticks): void;
  /** A software interrupt for the named vCPUs of the caller's machine. */
  sendInterrupt(hart: Hart, low: number, high: number, base: number): number;
  /** Takes back the caller's own software interrupt. Answers 1 if there was one, else 0. */
  clearInterrupt(hart: Hart): number;
  /** Returns when none of the named vCPUs executes without `fences` (FENCE bits) any more. */
  fence(hart: Hart, fences: number, low: number, high: number, base: number): number;
  hartStart(hart: Hart, number: number): number;
  hartStop(hart: Hart): void;
  /** One of STATUS, or an error. */
  hartStatus(hart: Hart, number: number): number;
  /** The caller waits until an interrupt that it enables is pending. Its answer is written already. */
  hartSuspend(hart: Hart): void;
  reset(hart: Hart, kind: number): void;
  /** `bytes` at the guest's physical `address`. */
  consoleWrite(hart: Hart, address: number, bytes: number): number;
  consoleWriteByte(hart: Hart, byte: number): void;
  /** Answers how many bytes it has put at the guest's physical `address`, or an error. */
  consoleRead(hart: Hart, address: number, bytes: number): number;
  /** A byte, or -1 if there is none. */
  consoleReadByte(hart: Hart): number;
  registerUnits(hart: Hart, page: number): number;
  /** Rings at the other end of one of the caller's channels. Its guest is interrupted if it has asked since that end was rung; if not, it need not be again. */
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
/** reset_type and reset_reason of SRST that are reserved. */
const RESET_TYPES = 3;

export class SbiCalls {
  readonly #services: Services;
  readonly #stage: FirstStage;

  constructor(services: Services, stage: FirstStage) {
    this.#services = services;
    this.#stage = stage;
  }

  /** Serves the environment call that the hart has trapped on. */
  call(hart: Hart): void {
    if (takesMask(hart.xLow(A7)) && !canReadMask(hart, this.#services.machine(hart), this.#stage)) return;
    hart.advance();
    const operation = hart.xLow(A6);
    switch (hart.xLow(A7)) {
      case EXTENSION.base: return this.#base(hart, operation);
      case EXTENSION.timer: return this.#timer(hart, operation);
      case EXTENSION.interrupt: return this.#interrupt(hart, operation);
      case EXTENSION.remoteFence: return this.#remoteFence(hart, operation);
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
      case EXTENSION.legacyGetCharacter: return setAnswer(hart, A0, this.#services.consoleReadByte(hart));
      case EXTENSION.legacyClearInterrupt: return setAnswer(hart, A0, this.#services.clearInterrupt(hart));
      case EXTENSION.legacySendInterrupt:
        setAnswer(hart, A0, this.#forMask(hart, 0));
        return this.#services.preempt(hart);
      case EXTENSION.legacyFenceInstructions: return setAnswer(hart, A0, this.#forMask(hart, FENCE.instructions));
      case EXTENSION.legacyFenceAddresses:
      case EXTENSION.legacyFenceSpace:
        return setAnswer(hart, A0, isRange(hart, A1) ? this.#forMask(hart, FENCE.addresses) : ERROR.invalidAddress);
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
    answer(hart, this.#services.sendInterrupt(hart, hart.xLow(A0), hart.xHigh(A0), maskBase(hart)), 0);
    this.#services.preempt(hart);
  }

  #remoteFence(hart: Hart, operation: number): void {
    switch (operation) {
      case REMOTE_FENCE.instructions: return this.#fence(hart, FENCE.instructions);
      case REMOTE_FENCE.addresses:
      case REMOTE_FENCE.space:
        return isRange(hart, A2) ? this.#fence(hart, FENCE.addresses) : answer(hart, ERROR.invalidAddress, 0);
      // The rest are for guests that are hypervisors.
      default: return answer(hart, ERROR.notSupported, 0);
    }
  }

  #fence(hart: Hart, fences: number): void {
    answer(hart, this.#services.fence(hart, fences, hart.xLow(A0), hart.xHigh(A0), maskBase(hart)), 0);
  }

  /** Does fences, or with 0 sends interrupts, to the harts that a legacy call names. */
  #forMask(hart: Hart, fences: number): number {
    if (namesAll(hart)) return this.#forWord(hart, fences, 0, 0, -1);
    const vm = this.#services.machine(hart);
    const count = hart.memory.load(field(vm, VM.vcpuCount));
    for (let base = 0; base < count; base += HARTS_IN_WORD) {
      const word = maskWord(hart, vm, this.#stage, base / HARTS_IN_WORD);
      const low = within(hart.memory.load(word), count - base);
      this.#forWord(hart, fences, low, within(hart.memory.load(field(word, 4)), count - base - 32), base);
    }
    return SUCCESS;
  }

  #forWord(hart: Hart, fences: number, low: number, high: number, base: number): number {
    return fences === 0 ? this.#services.sendInterrupt(hart, low, high, base) : this.#services.fence(hart, fences, low, high, base);
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
      case HART_STATE.suspend: return this.#suspend(hart);
      default: return answer(hart, ERROR.notSupported, 0);
    }
  }

  #suspend(hart: Hart): void {
    const kind = hart.xLow(A0) >>> 0;
    if (kind === SUSPEND_NON_RETENTIVE) return answer(hart, ERROR.notSupported, 0);
    if (kind !== SUSPEND_RETENTIVE) return answer(hart, ERROR.invalidParameter, 0);
    answer(hart, SUCCESS, 0);
    this.#services.hartSuspend(hart);
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
        const bytes = Math.min(hart.xNumber(A0), LONGEST_TEXT);
        const error = hart.xNumber(A2) === 0
          ? this.#services.consoleWrite(hart, hart.xNumber(A1), bytes)
          : ERROR.invalidParameter;
        return answer(hart, error, error === SUCCESS ? bytes : 0);
      }
      case CONSOLE.read: {
        const bytes = Math.min(hart.xNumber(A0), LONGEST_TEXT);
        const read = hart.xNumber(A2) === 0
          ? this.#services.consoleRead(hart, hart.xNumber(A1), bytes)
          : ERROR.invalidParameter;
        return read < 0 ? answer(hart, read, 0) : answer(hart, SUCCESS, read);
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

/** hart_mask_base in a1. */
function maskBase(hart: Hart): number {
  return hart.xLow(A1) === -1 && hart.xHigh(A1) === -1 ? -1 : hart.xNumber(A1);
}

/** Legacy calls that take a hart mask in the guest's memory. */
function takesMask(extension: number): boolean {
  return extension >= EXTENSION.legacySendInterrupt && extension <= EXTENSION.legacyFenceSpace;
}

function isOffered(extension: number): boolean {
  switch (extension) {
    case EXTENSION.legacySetTimer:
    case EXTENSION.legacyPutCharacter:
    case EXTENSION.legacyGetCharacter:
    case EXTENSION.legacyClearInterrupt:
    case EXTENSION.legacySendInterrupt:
    case EXTENSION.legacyFenceInstructions:
    case EXTENSION.legacyFenceAddresses:
    case EXTENSION.legacyFenceSpace:
    case EXTENSION.legacyShutdown:
    case EXTENSION.base:
    case EXTENSION.timer:
    case EXTENSION.interrupt:
    case EXTENSION.remoteFence:
    case EXTENSION.hartState:
    case EXTENSION.reset:
    case EXTENSION.console:
    case EXTENSION.vendor: return true;
    default: return false;
  }
}
