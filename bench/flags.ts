// What command lines are made of: flags, their checks, and how help shows them.

import { parseArgs, type ParseArgsConfig } from "node:util";
import * as v from "valibot";
import { UsageError } from "./exit-code.ts";
import { didYouMean, nearestName } from "./nearest.ts";
import { foldWords, PAGE_WIDTH } from "./report/table.ts";
import type { Shard } from "./resume/shard.ts";

/** A flag as parseArgs takes it, and what help says of it. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly multiple?: boolean;
  readonly short?: string;
  /** What its value stands for; absent for a switch. */
  readonly value?: string;
  /** Whether it goes without its value, which is then empty. */
  readonly optional?: boolean;
  readonly doc: string;
}

/** An option of an engine, or a parameter of a workload. */
export interface Setting {
  readonly owner: string;
  readonly name: string;
  /** The values it takes, for people. */
  readonly values: string;
  readonly default: string;
  readonly summary: string;
  accepts(value: string): boolean;
}

/** Throws a UsageError of one line where the words are not flags of these. */
export const splitWords = <Options extends NonNullable<ParseArgsConfig["options"]>>(words: readonly string[], options: Options) => splitArguments(words, options, false).values;

/** The same, and the words that belong to no flag, where there may be such. */
export function splitArguments<Options extends NonNullable<ParseArgsConfig["options"]>>(words: readonly string[], options: Options, allowPositionals = true) {
  try {
    return parseArgs({ args: joinOptional(words, options), options, allowPositionals });
  } catch (error) {
    const [sentence] = (error as Error).message.split(/\.[ \n](?=[A-Z])/);
    const unknown = /^Unknown option '--([^']*)'/.exec(sentence)?.[1];
    const guess = unknown === undefined ? undefined : nearestName(unknown, Object.keys(options));
    throw new UsageError(`${sentence.replace(/\.$/, "")}${guess === undefined ? "" : `: did you mean --${guess}?`} (--help lists what there is)`);
  }
}

/** `--flag value` and `--flag` of a flag whose value may be left out, as parseArgs takes them. */
function joinOptional(words: readonly string[], options: Readonly<Record<string, { readonly type: string; readonly optional?: boolean }>>): string[] {
  const joined: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (!word.startsWith("--") || options[word.slice(2)]?.optional !== true) joined.push(word);
    else if (at + 1 < words.length && !words[at + 1].startsWith("-")) joined.push(`${word}=${words[++at]}`);
    else joined.push(`${word}=`);
  }
  return joined;
}

/** The words without some flags and their values. */
export function withoutFlags(words: readonly string[], flags: Readonly<Record<string, Flag>>, names: readonly string[]): string[] {
  const joined = joinOptional(words, flags);
  const { tokens } = parseArgs({ args: joined, options: flags, allowPositionals: true, strict: false, tokens: true });
  const left = new Set(tokens.flatMap((token) => (
    token.kind === "option" && names.includes(token.name) ? [token.index, ...(token.value !== undefined && !token.inlineValue ? [token.index + 1] : [])] : [])));
  return joined.filter((_, index) => !left.has(index));
}

/** Throws a UsageError of one line where the flags are not as `schema` says. */
export function check<Schema extends v.GenericSchema>(schema: Schema, flags: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, flags);
  if (result.success) return result.output;
  throw new UsageError(result.issues[0].message);
}

export function oneOf(kind: string, names: readonly string[]) {
  return v.picklist(names, ({ input }) => `unknown ${kind} ${String(input)}: there are ${names.join(", ")}${didYouMean(String(input), names)}`);
}

export function whole(flag: string, minimum: number, maximum: number) {
  return v.pipe(
    v.string(),
    v.check((word) => /^\d+$/.test(word) && Number(word) >= minimum && Number(word) <= maximum, ({ input }) => `--${flag} ${input}: not a whole number from ${minimum} to ${maximum}`),
    v.transform(Number),
  );
}

/** `i/n`: the i-th part of n, from 1. */
export function shard() {
  const parts = (word: string) => /^(\d{1,5})\/(\d{1,5})$/.exec(word)?.slice(1).map(Number) ?? [0, 0];
  return v.pipe(
    v.string(),
    v.check((word) => parts(word)[0] >= 1 && parts(word)[0] <= parts(word)[1], ({ input }) => `--shard ${input}: not of the form i/n, with i from 1 to n`),
    v.transform((word): Shard => ({ index: parts(word)[0], count: parts(word)[1] })),
  );
}

/** `name=value` of one of the settings, which belong to `owners`. */
export function assignment(settings: readonly Setting[], owners: string) {
  const split = (word: string): [string, string] => {
    const at = word.indexOf("=");
    return at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
  };
  const named = (word: string) => settings.filter((setting) => setting.name === split(word)[0]);
  const names = [...new Set(settings.map((setting) => setting.name))];
  const values = (word: string) => [...new Set(named(word).map((setting) => setting.values))].join(" or ");
  return v.pipe(
    v.string(),
    v.check((word) => word.includes("="), ({ input }) => `--set ${input}: not of the form name=value`),
    v.check((word) => named(word).length > 0, ({ input }) => `--set ${input}: no ${owners} has ${split(input)[0]}; there are ${names.join(", ")}${didYouMean(split(input)[0], names)}`),
    v.check((word) => named(word).some((setting) => setting.accepts(split(word)[1])), ({ input }) => `--set ${input}: ${split(input)[0]} takes ${values(input)}${didYouMean(split(input)[1], named(input).flatMap((setting) => setting.values.split("|")))}`),
    v.transform(split),
  );
}

/** Lines of help, a flag each. */
export function flagLines(flags: Readonly<Record<string, Flag>>): string[] {
  return columns(Object.entries(flags).map(([name, flag]) => [`--${name}${flag.value === undefined ? "" : ` ${flag.value}`}`, flag.doc]));
}

/** Two columns that fit the page; a name too long for the first has a line to itself. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.min(LONGEST_NAME, Math.max(...rows.map((row) => row[0].length)));
  const below = " ".repeat(width + 4);
  return rows.map(([name, text]) => {
    const folded = foldWords(text, PAGE_WIDTH - below.length).replaceAll("\n", `\n${below}`);
    return name.length > width ? `  ${name}\n${below}${folded}` : `  ${name.padEnd(width)}  ${folded}`;
  });
}

const LONGEST_NAME = 26;
