// SBI calls that the kernel leaves to the VMM: console, reset, and the vendor's. What they answer is the same on every engine.

import type { PhysicalAddress } from "../../machine/address.ts";
import { INTERRUPT } from "../../machine/hart/privileged.ts";
import { LONGEST_TEXT } from "../../sbi/console.ts";
import { A0, A1, A2, CONSOLE, ERROR, EXTENSION, RESET_SHUTDOWN, SUCCESS, VENDOR } from "../../sbi/numbers.ts";
import { field, NONE } from "../../state/words.ts";
import { argument, RUN } from "../run.ts";
import { CALL } from "../system-calls.ts";
import { VMM } from "./layout.ts";
import { addressIn, type Program, REGISTER } from "./program.ts";

const HIGH_UNIT = 0x1_0000_0000;
/** reset_type of SRST that are reserved. */
const RESET_TYPES = 3;
const NO_CHARACTER = -1;

export function serveCall(program: Program, run: PhysicalAddress): void {
  const { memory } = program;
  const operation = memory.load(field(run, RUN.operation));
  switch (memory.load(field(run, RUN.extension))) {
    case EXTENSION.console: return serveConsole(program, run, operation);
    case EXTENSION.vendor: return serveVendor(program, run, operation);
    case EXTENSION.reset: return serveReset(program, run, operation);
    case EXTENSION.legacyPutCharacter:
      writeByte(program, memory.load(field(run, argument(A0))));
      return answer(program, run, 1, SUCCESS, 0);
    case EXTENSION.legacyGetCharacter: {
      const text = field(addressIn(program, REGISTER.process), VMM.text);
      const read = program.call(CALL.read, text, 1);
      return answer(program, run, 1, read === 1 ? memory.loadByte(text) : NO_CHARACTER, 0);
    }
    case EXTENSION.legacyShutdown: return program.last(CALL.exit, RESET_SHUTDOWN);
    default: return answer(program, run, 2, ERROR.notSupported, 0);
  }
}

function serveConsole(program: Program, run: PhysicalAddress, operation: number): void {
  switch (operation) {
    case CONSOLE.write: return transfer(program, run, CALL.write);
    case CONSOLE.read: return transfer(program, run, CALL.read);
    case CONSOLE.writeByte:
      writeByte(program, program.memory.load(field(run, argument(A0))));
      return answer(program, run, 2, SUCCESS, 0);
    default: return answer(program, run, 2, ERROR.notSupported, 0);
  }
}

/** Text between the guest's memory and the console, by way of the VMM's own: the kernel is given no address of the guest's. */
function transfer(program: Program, run: PhysicalAddress, call: number): void {
  const { memory } = program;
  const bytes = Math.min(numberAt(program, run, A0), LONGEST_TEXT);
  // Address in a1 (low) and a2 (high, and so always 0 on RV64).
  const at = numberAt(program, run, A2) === 0 ? inRam(program, numberAt(program, run, A1), bytes) : NONE;
  if (at === NONE) return answer(program, run, 2, ERROR.invalidParameter, 0);
  const text = field(addressIn(program, REGISTER.process), VMM.text);
  if (call === CALL.write) memory.copy(text, at, bytes);
  const moved = program.call(call, text, bytes);
  if (call === CALL.read && moved > 0) memory.copy(at, text, moved);
  answer(program, run, 2, SUCCESS, moved);
}

function serveVendor(program: Program, run: PhysicalAddress, operation: number): void {
  const { memory } = program;
  const process = addressIn(program, REGISTER.process);
  const first = numberAt(program, run, A0);
  switch (operation) {
    case VENDOR.registerUnits: {
      const inside = inRam(program, first, 1) !== NONE;
      return answer(program, run, 2, inside && program.call(CALL.units, first, 0) === 0 ? SUCCESS : ERROR.invalidAddress, 0);
    }
    case VENDOR.channelNotify: {
      const known = first < memory.load(field(process, VMM.channels));
      if (known && ((memory.load(field(process, VMM.loopbacks)) >>> first) & 1) !== 0) {
        memory.or(field(process, VMM.rung), 1 << first);
        program.call(CALL.raise, 0, INTERRUPT.VSSI);
      } else if (known) {
        program.call(CALL.notify, first, 0);
      }
      return answer(program, run, 2, known ? SUCCESS : ERROR.invalidParameter, 0);
    }
    case VENDOR.channelPending: return answer(program, run, 2, SUCCESS, memory.exchange(field(process, VMM.rung), 0));
    case VENDOR.yield:
      answer(program, run, 2, SUCCESS, 0);
      program.call(CALL.yield, 0, 0);
      return;
    default: return answer(program, run, 2, ERROR.notSupported, 0);
  }
}

function serveReset(program: Program, run: PhysicalAddress, operation: number): void {
  if (operation !== 0) return answer(program, run, 2, ERROR.notSupported, 0);
  const kind = numberAt(program, run, A0);
  if (kind >= RESET_TYPES) return answer(program, run, 2, ERROR.invalidParameter, 0);
  program.last(CALL.exit, kind);
}

function writeByte(program: Program, byte: number): void {
  const text = field(addressIn(program, REGISTER.process), VMM.text);
  program.memory.storeByte(text, byte & 0xff);
  program.call(CALL.write, text, 1);
}

/** Where [address, address + bytes) of the guest's RAM lies in the process, or NONE if not all of it does. */
function inRam(program: Program, address: number, bytes: number): PhysicalAddress {
  const { memory } = program;
  const process = addressIn(program, REGISTER.process);
  const offset = address - memory.loadNumber(field(process, VMM.guestRam));
  const inside = offset >= 0 && offset + bytes <= memory.loadNumber(field(process, VMM.ramBytes));
  return inside ? field(memory.loadNumber(field(process, VMM.ram)) as PhysicalAddress, offset) : NONE;
}

function answer({ memory }: Program, run: PhysicalAddress, answers: number, error: number, value: number): void {
  memory.store(field(run, RUN.answers), answers);
  memory.store(field(run, RUN.error), error);
  memory.store(field(run, RUN.value), value);
}

/** An argument of the guest's call, as an unsigned number: exact below 2^53. */
function numberAt({ memory }: Program, run: PhysicalAddress, register: number): number {
  const at = field(run, argument(register));
  return (memory.load(field(at, 4)) >>> 0) * HIGH_UNIT + (memory.load(at) >>> 0);
}
