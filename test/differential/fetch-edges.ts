// Places where memory that can be executed ends, or may: the end of a guest's memory, and those of its pages, by what
// lies behind them.

import { RIGHT } from "../../engines/machine/layout.ts";
import type { EngineMode } from "../../engines/machine/hart/hart.ts";
import { LEAF } from "./guest-page-tables.ts";
import { MAPS, NOWHERE, RAM, type MemoryMap } from "./memory-map.ts";

const PAGE = 0x1000;
/** Guest addresses of the pages that edges execute, and of those behind them: a neighbour in memory, and another. */
const PAGES = RAM + 0x10_0000;
const PAGES_OF_EDGE = 4 * PAGE;
const VIRTUAL = 0x9000_0000;
const VIRTUAL_OF_EDGE = 0x20_0000;

/** What comes of an instruction fetched behind the edge: nothing, or a fault with a guest-physical address, 0 for none. */
export type Fetching = null | { readonly cause: number; readonly guest: bigint };

/** What page tables map the page behind the edge to, 0 for nothing; and where its code is written. */
export interface Behind {
  readonly leaf: number;
  readonly page: number;
  readonly fetching: Fetching;
}

export interface Edge {
  readonly name: string;
  /** Of the page before it: its virtual address, signed, and its guest address. */
  readonly virtual: number;
  readonly page: number;
  /** Whether it is the page of a user, who executes it. */
  readonly user: boolean;
  /** What is behind it, from one round to the next. Where there are no page tables nothing is mapped. */
  readonly rounds: readonly Behind[];
}

const CODE = LEAF.V | LEAF.R | LEAF.X | LEAF.A;
const ABSENT: Behind = { leaf: 0, page: 0, fetching: { cause: 12, guest: 0n } };

/** Of pages. */
export function pagedEdges(mode: EngineMode): readonly Edge[] {
  const outside = (address: number): Fetching => (mode === "hypervisor" ? { cause: 20, guest: BigInt(address) } : { cause: 1, guest: 0n });
  const described = (page: number): Readonly<Record<string, Pick<Edge, "rounds"> & Partial<Edge>>> => {
    const near = page + PAGE;
    const other = page + 2 * PAGE;
    const there = (leaf: number, at = near): Behind => ({ leaf, page: at, fetching: null });
    const refused = (leaf: number, at = near): Behind => ({ leaf, page: at, fetching: ABSENT.fetching });
    const twice = (behind: Behind): readonly Behind[] => [behind, behind];
    return {
      "a neighbour in memory": { rounds: twice(there(CODE)) },
      "a page elsewhere in memory": { rounds: twice(there(CODE, other)) },
      "a page that no fetch has accessed": { rounds: [there(CODE & ~LEAF.A), there(CODE & ~LEAF.A)] },
      "no page": { rounds: twice(ABSENT) },
      "a page of data": { rounds: twice(refused(LEAF.V | LEAF.R | LEAF.W | LEAF.A | LEAF.D)) },
      "a user's page": { rounds: twice(refused(CODE | LEAF.U)) },
      "a supervisor's page, for the user": { user: true, rounds: twice(refused(CODE)) },
      "a user's page, for the user": { user: true, rounds: twice(there(CODE | LEAF.U)) },
      "an entry that is writable and not readable": { rounds: twice(refused(LEAF.V | LEAF.W | LEAF.X | LEAF.A | LEAF.D)) },
      "no memory": { rounds: twice({ leaf: CODE, page: NOWHERE, fetching: outside(NOWHERE) }) },
      "memory that begins with the guest's last page": { rounds: twice(there(CODE, RAM + MAPS[mode].areas[0].bytes - PAGE)) },
      "the memory behind the guest's": { rounds: twice({ leaf: CODE, page: RAM + MAPS[mode].areas[0].bytes, fetching: outside(RAM + MAPS[mode].areas[0].bytes) }) },
      ...Object.fromEntries(MAPS[mode].areas.slice(1).map(({ base }) => [`a window at ${base.toString(16)}`, { rounds: twice({ leaf: CODE, page: base, fetching: outside(base) }) }])),
      "a page that goes, comes back and moves": { rounds: [there(CODE), ABSENT, there(CODE), refused(LEAF.V | LEAF.R | LEAF.A), there(CODE, other), ABSENT, there(CODE, other)] },
      "no address: Sv39 ends": { virtual: 2 ** 38 - PAGE, rounds: twice(ABSENT) },
      "the first page: addresses wrap": { virtual: -PAGE, rounds: [ABSENT, there(CODE), ABSENT] },
    };
  };
  return Object.keys(described(0)).map((name, index) => {
    const page = PAGES + index * PAGES_OF_EDGE;
    return { name, virtual: VIRTUAL + index * VIRTUAL_OF_EDGE, page, user: false, ...described(page)[name] };
  });
}

export interface Bare {
  readonly name: string;
  readonly map: MemoryMap;
}

/** The end of a guest's memory, with nothing behind it or a window that is not for code. */
export function bareMaps(mode: EngineMode): readonly Bare[] {
  const map = MAPS[mode];
  if (mode === "machine") return [{ name: "the end of memory", map }];
  const window = { base: RAM + map.areas[0].bytes, bytes: PAGE, physical: RAM + 0x70_0000, rights: RIGHT.read | RIGHT.write };
  return [{ name: "the end of its memory", map }, { name: "a window", map: { ...map, areas: [map.areas[0], window] } }];
}

export function bareEdge({ name, map }: Bare): Edge {
  const end = RAM + map.areas[0].bytes;
  const fetching: Fetching = { cause: map.cause.fetch, guest: map.mode === "hypervisor" ? BigInt(end) : 0n };
  const behind: Behind = { leaf: 0, page: end, fetching };
  return { name, virtual: end - PAGE, page: end - PAGE, user: false, rounds: [behind, behind] };
}
