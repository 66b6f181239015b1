// How far one check of a unit's accesses reaches.

import type { CheckReach } from "./checks.ts";
import type { RamWindow } from "./unit-builder.ts";

/** The longest range that is checked at once: a longer one would fail too often at the ends of memory. */
const BARE_RANGE = 0x1000;
/** The longest range of a page that is looked up at once: most lie within a page. */
const PAGED_RANGE = 0x800;
/** The same where blocks that may not be reached have a share, and nothing is remembered: what goes on from here to
 *  there seldom ends a page. */
const PAGED_RANGE_ACROSS = 0x20;

/** `isApart`: ranges in two pages stopped the unit before (TranslationTable.isApart). */
export function reachOf({ limit }: RamWindow, isPaged: boolean, isApart: boolean): CheckReach {
  if (!isPaged) {
    const bytes = Math.min(BARE_RANGE, limit);
    return { bytes, bytesAcross: bytes, bytesAcrossSteady: bytes, atStartOnly: false };
  }
  return isApart
    ? { bytes: PAGED_RANGE, bytesAcross: 0, bytesAcrossSteady: 0, atStartOnly: true }
    : { bytes: PAGED_RANGE, bytesAcross: PAGED_RANGE_ACROSS, bytesAcrossSteady: PAGED_RANGE, atStartOnly: true };
}
