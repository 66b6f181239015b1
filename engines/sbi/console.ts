// The console of guests.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { field, NONE } from "../state/words.ts";
import { physicalOf } from "../virtual-machine/memory.ts";
import { VM } from "../virtual-machine/record.ts";
import { ERROR, SUCCESS } from "./numbers.ts";

/** DBCN may write or read less than it is asked to: what one call may hold the engine up with, and on smp, with its harts in turn at
 *  the console's lock, every one of them. */
export const LONGEST_TEXT = 16;
const NO_CHARACTER = -1;

/** Writes `bytes`, at most LONGEST_TEXT, from the guest's physical `address`. Answers an SBI error. */
export function writeText(hart: Hart, vm: PhysicalAddress, address: number, bytes: number): number {
  const text = physicalOf(hart.memory, vm, address, bytes);
  if (text === NONE) return ERROR.invalidParameter;
  for (let index = 0; index < bytes; index++) writeCharacter(hart, vm, hart.memory.loadByte(physical(text + index)));
  return SUCCESS;
}

export function writeCharacter(hart: Hart, vm: PhysicalAddress, byte: number): void {
  hart.consoleWrite(byte, hart.memory.load(field(vm, VM.number)));
}

/** Reads as many bytes as there are, `bytes` at most, to the guest's physical `address`. Answers how many, or an SBI error. */
export function readText(hart: Hart, vm: PhysicalAddress, address: number, bytes: number): number {
  const text = physicalOf(hart.memory, vm, address, bytes);
  if (text === NONE) return ERROR.invalidParameter;
  for (let index = 0; index < bytes; index++) {
    const byte = readCharacter(hart, vm);
    if (byte === NO_CHARACTER) return index;
    hart.memory.storeByte(physical(text + index), byte);
  }
  return bytes;
}

/** The next byte for this guest, or -1 if there is none. What is typed is for the first guest. */
export function readCharacter(hart: Hart, vm: PhysicalAddress): number {
  return hart.memory.load(field(vm, VM.number)) === 0 ? hart.consoleRead() : NO_CHARACTER;
}
