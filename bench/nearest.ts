// What somebody may have meant who misspelt a name.

/** A question to end a line with, or nothing where no name is near. */
export function didYouMean(word: string, names: readonly string[]): string {
  const nearest = nearestName(word, names);
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
}

/** Of names that are as near, the first. Near: a third of its letters may be wrong. */
export function nearestName(word: string, names: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const distances = names.map((name) => ({ name, distance: distanceOf(lower, name.toLowerCase()) }));
  const near = distances.filter(({ name, distance }) => distance <= Math.max(1, Math.floor(Math.max(word.length, name.length) / 3)) && distance < name.length);
  return near.sort((a, b) => a.distance - b.distance).at(0)?.name;
}

/**
 * Letters left out, put in, changed, and pairs of neighbours that have changed places: the restricted Damerau–Levenshtein distance
 * (optimal string alignment), which changes no part of a word twice.
 */
export function distanceOf(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = from[i - 1] === to[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + changed);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length];
}
