// A run's cases dealt to several jobs, so that each has about as much to do.

/** From 1 to `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** The cases of one shard, by their index and in their order; all jobs deal alike. The longest go first, each to whoever has least to do. */
export function casesOfShard(estimatesMs: readonly number[], { index, count }: Shard): number[] {
  const longestFirst = [...estimatesMs.keys()].sort((a, b) => estimatesMs[b] - estimatesMs[a] || a - b);
  const loads = Array.from({ length: count }, () => 0);
  const mine = longestFirst.filter((each) => {
    const least = loads.indexOf(Math.min(...loads));
    loads[least] += estimatesMs[each];
    return least === index - 1;
  });
  return mine.sort((a, b) => a - b);
}

export const shardName = ({ index, count }: Shard): string => `${index}/${count}`;
