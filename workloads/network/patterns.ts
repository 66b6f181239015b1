// What the pipeline's inspection looks for in payloads. Many begin alike, as signatures of one family do.

import { Generator } from "./generator.ts";

export const PATTERN_COUNT = 200;
export const SHORTEST_PATTERN = 6;
export const LONGEST_PATTERN = 24;

const SEED = 200;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789/.=%";
const STEMS = ["/bin/", "/etc/", "cmd=", "eval", "select%", "../..", "%00", "exec", "passwd", "x-"];

/** Texts of ASCII characters, none of which is part of another. */
export const PATTERNS: readonly string[] = makePatterns();

function makePatterns(): readonly string[] {
  const generator = new Generator(SEED);
  const patterns: string[] = [];
  while (patterns.length < PATTERN_COUNT) {
    const bytes = SHORTEST_PATTERN + generator.below(LONGEST_PATTERN - SHORTEST_PATTERN + 1);
    let text = generator.below(3) === 0 ? generator.pick(STEMS) : "";
    while (text.length < bytes) text += ALPHABET.charAt(generator.below(ALPHABET.length));
    const pattern = text.slice(0, bytes);
    if (!patterns.some((other) => other.includes(pattern) || pattern.includes(other))) patterns.push(pattern);
  }
  return patterns;
}
