// From what a guest reached to result rows, and whether the engine kept what it claims.

import type { Claims } from "../../engines/engine.ts";
import { caseRow, row, type RowContext } from "../results/rows.ts";
import type { ResultRow } from "../results/schema.ts";
import { OWNERS, PAGE_BYTES, type Reached } from "./reach.ts";

export function reachRows(context: RowContext, claims: Claims, reached: Reached): ResultRow[] {
  const { pages, registers } = reached;
  const failure = failureOf(claims, reached);
  const judged: RowContext = failure === undefined ? context : { ...context, status: "failed", reason: failure };
  return [
    ...OWNERS.filter((owner) => pages[owner].all > 0).map((owner) => (
      { ...row(judged, "reach-memory", pages[owner].reached * PAGE_BYTES, owner), samples: pages[owner].all })),
    ...registers.map(({ kind, all, reached: changed }) => ({ ...row(judged, "reach-registers", changed, kind), samples: all })),
    ...(failure === undefined ? [] : [caseRow(judged)]),
  ];
}

function failureOf(claims: Claims, { pages: { own, guests, engine, rest }, registers, lost }: Reached): string | undefined {
  const beyond = guests.reached + engine.reached + rest.reached;
  const used = registers.filter(({ reached }) => reached > 0).map(({ kind, reached }) => `${reached} of ${kind}`);
  if (own.reached < own.all) return `a guest reached ${own.reached} of its own ${own.all} pages`;
  if (claims.memoryIsolation && beyond > 0) {
    return `a guest changed memory that is not its own: ${guests.reached} pages of others, ${engine.reached} of the engine, ${rest.reached} beside those`;
  }
  if (claims.memoryIsolation && lost > 0) return `${lost} stores or writes of a guest ended it or the machine`;
  if (claims.privilege && used.length > 0) return `a guest changed registers: ${used.join(", ")}`;
  return !claims.memoryIsolation && engine.reached < engine.all ? "it keeps memory from what is a peer of it" : undefined;
}
