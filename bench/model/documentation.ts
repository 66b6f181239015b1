// profiles/README.md, generated from the schema and the built-in profiles: `node bench/model/documentation.ts` rewrites it.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { type Cost, COSTS } from "../../engines/machine/model/cost-model.ts";
import { DEFAULT_PROFILE, PROFILE_FOLDER, PROFILE_NAMES } from "./profile.ts";
import { AT_LEAST_ONE_CYCLE, type Duration, KINDS, PARTS, ProfileFile, Topology } from "./profile-schema.ts";

export const PROFILES_DOCUMENTATION = fileURLToPath(new URL("README.md", PROFILE_FOLDER));

type Described = Readonly<Record<string, v.GenericSchema>>;

export function profilesDocumentation(): string {
  const profiles = PROFILE_NAMES.map((name) => v.parse(ProfileFile, JSON.parse(readFileSync(new URL(`${name}.json`, PROFILE_FOLDER), "utf8"))));
  const row = (name: string, cell: (profile: ProfileFile) => string): string => `| ${name} | ${profiles.map(cell).join(" | ")} |`;
  const { costs, frequency, topology } = ProfileFile.entries;
  return `# Profiles of the model clock

Generated from \`bench/model/profile-schema.ts\` and the files of this folder by \`node bench/model/documentation.ts\`; do not edit.

A profile says what the model clock charges: how far it is from core to core, and what each thing that the machine does
for privileged software costs. Guests' instructions are one cycle each in every profile. Engines state no cost. The
default is \`${DEFAULT_PROFILE}\`; \`--profile\` takes another name, or a file.

## Built in

${profiles.map(({ name, summary }) => `- \`${name}\`: ${summary}.`).join("\n")}

${Object.entries(KINDS).map(([kind, doc]) => `*${kind}*: ${doc}.`).join("\n")}
What each number comes from stands beside it in the files. Distances are one way, as measured: half the round trip of a compare-and-swap.

${row("", ({ name }) => `\`${name}\``)}
|---|${profiles.map(() => "---").join("|")}|
${row("cores", (profile) => String(profile.topology.cores))}
${row("frequency", (profile) => quantity(profile.frequency))}
${row("one way", (profile) => (profile.topology.levels ?? []).map(({ name, oneWay }) => `${name}: ${quantity(oneWay)}`).join("<br>"))}
${Object.keys(COSTS).map((cost) => row(`\`${cost}\``, (profile) => quantity(profile.costs[cost as Cost]))).join("\n")}

These are orders of magnitude that the architectures are compared under, not a simulation of these processors: pipelines,
caches' sizes and the interconnect's load are not modelled. A conclusion that turns on a number that is assumed, or on
whether an engine waits 131 or 1,228 cycles for a trap, is one about that number: change it in a copy and run again.

## The format

JSON, schema version ${ProfileFile.entries.schema.literal}. Fields that are not in these tables are refused, so that a misspelt cost is not overlooked.

| field | what it is |
|---|---|
${fields({ ...ProfileFile.entries, frequency, topology, costs })}

Every number but the count of cores is an object:

| field | what it is |
|---|---|
| \`value\` | 0 or more. |
| \`unit\` | \`cycles\` or \`ns\`; \`GHz\` for the frequency. Nanoseconds become whole cycles, rounded. |
| \`kind\` | ${Object.keys(KINDS).map((kind) => `\`${kind}\``).join(", ")}. |
| \`source\` | ${v.getDescription(frequency.pipe[0].entries.source) ?? ""} |

The \`topology\`:

| field | what it is |
|---|---|
${fields(Topology.entries)}

A level of it, each of whose groups consists of whole groups of the level before:

| field | what it is |
|---|---|
${fields(PARTS.level.entries)}

A matrix:

| field | what it is |
|---|---|
${fields(PARTS.matrix.entries)}

The \`costs\`, all of them; ${AT_LEAST_ONE_CYCLE.map((cost) => `\`${cost}\``).join(" and ")} at least a cycle, since harts spin with them:

| field | what is charged |
|---|---|
${Object.entries(COSTS).map(([cost, doc]) => `| \`${cost}\` | ${doc} |`).join("\n")}

## One of your own

Copy a file of this folder, give it another \`name\`, and measure what you can: core-to-core-latency (nviennot) prints the
one-way nanoseconds of every pair of cores, which go into levels or, as \`rows\`, into a matrix; ramlat or lmbench the
latencies of caches and memory; a null hypercall the sum of \`trapEntry\` and \`trapReturn\`. Say in \`source\` what each number
is, and \`assumed\` where it is a guess. \`npm run bench -- --clock model --profile ./mine.json\` then takes it; what is wrong with it
it says in one line. Results name the profile.
`;
}

function quantity({ value, unit, kind }: Omit<Duration, "unit" | "source"> & { readonly unit: string }): string {
  return `${value} ${unit}, ${kind}`;
}

function fields(entries: Described): string {
  return Object.entries(entries).map(([name, schema]) => `| \`${name}\` | ${v.getDescription(schema) ?? v.getDescription((schema as unknown as { wrapped: v.GenericSchema }).wrapped) ?? ""} |`).join("\n");
}

if (import.meta.main) writeFileSync(PROFILES_DOCUMENTATION, profilesDocumentation());
