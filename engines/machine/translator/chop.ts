// Long blocks cut into short ones, for tail units: what is left of a slice ends no further behind a check than a block is long.

import type { Block, Unit } from "./blocks.ts";

const LONGEST_BODY = 12;

export function chopBlocks({ pc, blocks }: Unit): Unit {
  const chopped: Block[] = [...blocks];
  blocks.forEach((block, node) => {
    let last = node;
    for (let rest = block; rest.body.length > LONGEST_BODY;) {
      const next = chopped.length;
      const body = rest.body.slice(LONGEST_BODY);
      chopped[last] = { ...rest, body: rest.body.slice(0, LONGEST_BODY), ending: { kind: "jump", to: next }, count: LONGEST_BODY };
      rest = { ...rest, pc: body[0].pc, body, count: rest.count - LONGEST_BODY };
      chopped.push(rest);
      last = next;
    }
  });
  return { pc, blocks: chopped };
}
