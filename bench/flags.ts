// What command lines are made of: flags, their checks, and how help shows them.

import { parseArgs, type ParseArgsConfig } from "node:util";
import * as v from "valibot";
import { UsageError } from "./exit-code.ts";

/** A flag as parseArgs takes it, and what help says of it. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly multiple?: boolean;
  readonly short?: string;
  /** What its value stands for; absent for a switch. */
  readonly value?: string;
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
    return parseArgs({ args: [...words], options, allowPositionals });
  } catch (error) {
    const [sentence] = (error as Error).message.split(/\.[ \n](?=[A-Z])/);
    throw new UsageError(`${sentence.replace(/\.$/, "")} (--help lists what there is)`);
  }
}

/** Throws a UsageError of one line where the flags are not as `schema` says. */
export function check<Schema extends v.GenericSchema>(schema: Schema, flags: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, flags);
  if (result.success) return result.output;
  throw new UsageError(result.issues[0].message);
}

export function oneOf(kind: string, names: readonly string[]) {
  return v.picklist(names, ({ input }) => `unknown ${kind} ${String(input)}: there are ${names.join(", ")}`);
}

export function whole(flag: string, minimum: number, maximum: number) {
  return v.pipe(
    v.string(),
    v.check((word) => /^\d+$/.test(word) && Number(word) >= minimum && Number(word) <= maximum, ({ input }) => `--${flag} ${input}: not a whole number from ${minimum} to ${maximum}`),
    v.transform(Number),
  );
}

/** `name=value` of one of the settings, which belong to `owners`. */
export function assignment(settings: readonly Setting[], owners: string) {
  const split = (word: string): [string, string] => {
    const at = word.indexOf("=");
    return at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
  };
  const named = (word: string) => settings.filter((setting) => setting.name === split(word)[0]);
  const names = [...new Set(settings.map((setting) => setting.name))].join(", ");
  const values = (word: string) => [...new Set(named(word).map((setting) => setting.values))].join(" or ");
  return v.pipe(
    v.string(),
    v.check((word) => word.includes("="), ({ input }) => `--set ${input}: not of the form name=value`),
    v.check((word) => named(word).length > 0, ({ input }) => `--set ${input}: no ${owners} has ${split(input)[0]}; there are ${names}`),
    v.check((word) => named(word).some((setting) => setting.accepts(split(word)[1])), ({ input }) => `--set ${input}: ${split(input)[0]} takes ${values(input)}`),
    v.transform(split),
  );
}

/** Lines of help, a flag each. */
export function flagLines(flags: Readonly<Record<string, Flag>>): string[] {
  return columns(Object.entries(flags).map(([name, flag]) => [`--${name}${flag.value === undefined ? "" : ` ${flag.value}`}`, flag.doc]));
}

export function columns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map((row) => row[0].length));
  return rows.map((row) => `  ${row[0].padEnd(width)}  ${row[1]}`);
}
