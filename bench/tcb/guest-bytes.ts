// Guests that run inside the TCB: on an engine that does not keep them from its memory and its privileges.

import type { Claims } from "../../engines/engine.ts";
import { parseImage } from "../../engines/loader/image-format.ts";
import { sum } from "./figures.ts";

/** Whether an engine with these claims has to trust its guests. */
export function trustsGuests(claims: Claims): boolean {
  return !claims.memoryIsolation || !claims.privilege;
}

/** Bytes of code and initialised data that an image brings into memory. Throws when it is no image. */
export function loadedBytes(image: Uint8Array): number {
  const elf = parseImage(image);
  if (!elf.ok) throw new Error(elf.error.message);
  return sum(elf.value.segments, ({ fileBytes }) => fileBytes);
}
