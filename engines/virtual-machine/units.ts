// The page in which a guest counts what it did, for whoever measures it.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { ERROR, SUCCESS } from "../sbi/numbers.ts";
import { field, NONE } from "../state/words.ts";
import { physicalOf } from "./memory.ts";
import { VM } from "./record.ts";

const PAGE = 0x1000;

/** Answers an SBI error. */
export function registerUnits(memory: CoreMemory, vm: PhysicalAddress, page: number): number {
  const address = physicalOf(memory, vm, page, PAGE);
  if (address === NONE || page % PAGE !== 0) return ERROR.invalidAddress;
  memory.storeNumber(field(vm, VM.unitsPage), address);
  return SUCCESS;
}
