// What guests are built with of the data here, as C sources.

import { PATTERNS } from "./patterns.ts";
import { filterRules, RULE_COUNT, type Rule } from "./rules.ts";

/** Contents of generated files by their path below workloads/guests. */
export function generatedSources(): ReadonlyMap<string, string> {
  return new Map([["network/rules.c", rulesSource()], ["pipeline/patterns.c", patternsSource()]]);
}

function rulesSource(): string {
  const lines = filterRules(RULE_COUNT).map((rule) => `    {${fields(rule)}},\n`);
  return `/* Made from workloads/network/rules.ts by npm run guests. */\n#include "rules.h"\n\nconst struct filter_rule rules[RULE_COUNT] = {\n${lines.join("")}};\n`;
}

function patternsSource(): string {
  const lines = PATTERNS.map((pattern) => `    ${JSON.stringify(pattern)},\n`);
  return `/* Made from workloads/network/patterns.ts by npm run guests. */\n#include "patterns.h"\n\nconst char *const patterns[PATTERN_COUNT] = {\n${lines.join("")}};\n`;
}

/** In the order of struct filter_rule. */
function fields({ source, destination, protocol, allow, sourcePorts, destinationPorts }: Rule): string {
  return [
    hexadecimal(source.address), hexadecimal(destination.address), source.bits, destination.bits, protocol, allow ? 1 : 0,
    `{${sourcePorts.join(", ")}}`, `{${destinationPorts.join(", ")}}`,
  ].join(", ");
}

const hexadecimal = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;
