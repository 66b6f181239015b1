// How deep calls can nest: bounded where no function can come back to itself.

import type { ReachableFunction } from "./call-graph.ts";

export type Depth =
  /** The longest chain of calls; its length is the number of frames on the stack. */
  | { readonly kind: "bounded"; readonly chain: readonly ReachableFunction[] }
  /** Functions that call each other round; the last calls the first. */
  | { readonly kind: "recursive"; readonly cycle: readonly ReachableFunction[] };

/** Everything that can follow a function, itself first. */
export function allFrom(root: ReachableFunction): ReadonlySet<ReachableFunction> {
  const all = new Set([root]);
  for (const one of all) for (const called of one.calls) all.add(called);
  return all;
}

export function depthOf(root: ReachableFunction): Depth {
  const longest = new Map<ReachableFunction, readonly ReachableFunction[]>();
  const under: ReachableFunction[] = [];
  let cycle: readonly ReachableFunction[] | undefined;
  const visit = (one: ReachableFunction): readonly ReachableFunction[] => {
    const known = longest.get(one);
    if (known !== undefined) return known;
    const before = under.indexOf(one);
    if (before >= 0) {
      cycle ??= under.slice(before);
      return [];
    }
    under.push(one);
    let chain: readonly ReachableFunction[] = [];
    for (const called of one.calls) {
      const further = visit(called);
      if (further.length > chain.length) chain = further;
    }
    under.pop();
    const found = [one, ...chain];
    longest.set(one, found);
    return found;
  };
  const chain = visit(root);
  return cycle === undefined ? { kind: "bounded", chain } : { kind: "recursive", cycle };
}
