// Points as a page carries them: a list for each property, words by their place in one list of words.

import type { Point } from "./dataset.ts";

export interface PackedPoints {
  readonly words: readonly string[];
  readonly columns: Readonly<Record<keyof Point, readonly (number | null)[]>>;
}

const OF_WORDS = ["scenario", "engine", "variant", "subject", "metric", "unit"] as const;
const OF_NUMBERS = ["harts", "value", "low", "high"] as const;
const OF_TRUTHS = ["failed"] as const;

export function packPoints(points: readonly Point[]): PackedPoints {
  const places = new Map<string, number>();
  const place = (word: string) => {
    const known = places.get(word) ?? places.size;
    places.set(word, known);
    return known;
  };
  const columns = Object.fromEntries([
    ...OF_WORDS.map((name) => [name, points.map((point) => place(point[name]))]),
    ...OF_NUMBERS.map((name) => [name, points.map((point) => point[name])]),
    ...OF_TRUTHS.map((name) => [name, points.map((point) => Number(point[name]))]),
  ]) as PackedPoints["columns"];
  return { words: [...places.keys()], columns };
}

export function unpackPoints({ words, columns }: PackedPoints): Point[] {
  return columns.value.map((_, index) => Object.fromEntries([
    ...OF_WORDS.map((name) => [name, words[columns[name][index] ?? 0]]),
    ...OF_NUMBERS.map((name) => [name, columns[name][index]]),
    ...OF_TRUTHS.map((name) => [name, columns[name][index] !== 0]),
  ]) as unknown as Point);
}
