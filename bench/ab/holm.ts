// Holm's correction (1979) of several p values: whoever calls those below a level significant is wrong about any of them with
// no more than the level's probability.

/** The adjusted values, in the same order. */
export function holm(values: readonly number[]): number[] {
  const ascending = [...values.keys()].sort((left, right) => values[left] - values[right]);
  const adjusted = new Array<number>(values.length);
  let largest = 0;
  ascending.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (values.length - rank) * values[index]));
    adjusted[index] = largest;
  });
  return adjusted;
}
