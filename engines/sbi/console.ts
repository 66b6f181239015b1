// Console output of guests.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { field, NONE } from "../state/words.ts";
import { physicalOf } from "../virtual-machine/memory.ts";
import { VM } from "../virtual-machine/record.ts";
import { ERROR, SUCCESS } from "./numbers.ts";

/** DBCN may write less than it is asked to: what one call may hold the engine up with. */
export const LONGEST_WRITE = 256;

/** Writes `bytes`, at most LONGEST_WRITE, from the guest's physical `address`. Answers an SBI error. */
export function writeText(hart: Hart, vm: PhysicalAddress, address: number, bytes: number): number {
  const text = physicalOf(hart.memory, vm, address, bytes);
  if (text === NONE) return ERROR.invalidParameter;
  for (let index = 0; index < bytes; index++) writeCharacter(hart, vm, hart.memory.loadByte(physical(text + index)));
  return SUCCESS;
}

export function writeCharacter(hart: Hart, vm: PhysicalAddress, byte: number): void {
  hart.consoleWrite(byte, hart.memory.load(field(vm, VM.number)));
}
