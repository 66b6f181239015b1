// What several invariants say of words.

import type { PhysicalAddress } from "../machine/address.ts";
import type { StateView } from "../report/state-view.ts";


/** What breaks an invariant, one line each; nothing where all hold. */
export type Broken = Generator<string, void, undefined>;

export const hex = (value: number): string => `0x${(value < 0 ? value >>> 0 : value).toString(16)}`;

/** A word that nobody changes after boot. */
export function* isFixed(what: string, found: number, atBoot: number): Broken {
  if (found !== atBoot) yield `${what} is ${hex(found)}: at boot it was ${hex(atBoot)}`;
}

/** A word of flags. */
export function* hasOnly(what: string, found: number, bits: number): Broken {
  if ((found & ~bits) !== 0) yield `${what} is ${hex(found)}: its bits are ${hex(bits)}`;
}

/** A whole number. */
export function* isWithin(what: string, found: number, least: number, most: number): Broken {
  if (!Number.isInteger(found) || found < least || found > most) yield `${what} is ${found}: it is from ${least} to ${most}`;
}

/** A number that no arithmetic of the engine makes negative or NaN; Infinity is never. */
export function* isTime(what: string, found: number): Broken {
  if (!(found >= 0)) yield `${what} is ${found}: it is a time, or never`;
}

/** A part of a table that nobody uses. */
export function* isUnused(what: string, view: StateView, from: PhysicalAddress, bytes: number): Broken {
  const written = view.firstWritten(from, bytes);
  if (written !== undefined) yield `${what} has been written to, at ${hex(written)}`;
}

/** All bits of an unsigned word below `count`. */
export const below = (count: number): number => (count >= 32 ? -1 : (1 << count) - 1);

