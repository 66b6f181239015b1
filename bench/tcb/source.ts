// One source module as the TCB count sees it: its code, once comments and types are gone.

import { readFileSync } from "node:fs";
import { posix, resolve } from "node:path";
import { transformSync } from "@swc/wasm-typescript";
import { parse, type Program, type Token } from "acorn";
import { type FunctionText, functionsIn } from "./functions.ts";
import { carriesCode, decidesOn, descendants, interfaceTables, isStatement, runsAt } from "./syntax.ts";

/** A top-level statement: the unit that esbuild keeps or leaves out. Offsets are characters of the source file. */
export interface TopLevelStatement {
  readonly start: number;
  readonly end: number;
  /** Every statement in it, itself included, by an offset that has run when the statement has. */
  readonly statements: readonly number[];
  /** Its functions, and what it does outside them. */
  readonly functions: readonly FunctionText[];
  /** What a guest can ask for or run into that it decides on, as `TABLE.name`. */
  readonly entryPoints: readonly string[];
  /** Source lines (from 0) that carry one of its tokens. */
  readonly lines: readonly number[];
}

export interface SourceModule {
  readonly statements: readonly TopLevelStatement[];
  /** By local name: the module that it is imported from, as a path from the root, and its name there. */
  readonly imports: ReadonlyMap<string, { readonly path: string; readonly name: string }>;
  /** Character offset at which each line begins. */
  readonly lineStarts: readonly number[];
}

/** The sources in the tree at `root`, each read once: engines share most of them. */
export class Sources {
  readonly root: string;
  readonly #read = new Map<string, SourceModule>();

  constructor(root: string) {
    this.root = root;
  }

  /** The module at `path` from the root. Throws a SyntaxError as readSource() does. */
  read(path: string): SourceModule {
    let source = this.#read.get(path);
    if (source === undefined) {
      source = readSource(path, readFileSync(resolve(this.root, path), "utf8"));
      this.#read.set(path, source);
    }
    return source;
  }
}

/** Reads the TypeScript module, of erasable syntax, at `path` from the root of the repository. Throws a SyntaxError when it is not one. */
export function readSource(path: string, text: string): SourceModule {
  const code = withoutTypes(text);
  const tokens: Token[] = [];
  const program = parse(code, { ecmaVersion: "latest", sourceType: "module", onToken: tokens });
  const lineStarts = startsOfLines(code);
  const tables = interfaceTables(program, path);
  const statements = program.body.filter(carriesCode).map((top): TopLevelStatement => {
    const inside = [...descendants(top)];
    return {
      start: top.start,
      end: top.end,
      statements: inside.filter(isStatement).map(runsAt),
      functions: functionsIn(top),
      entryPoints: inside.flatMap((placed) => decidesOn(placed, tables)),
      lines: linesOf(tokens.filter((token) => token.start >= top.start && token.end <= top.end), lineStarts),
    };
  });
  return { statements, imports: importsOf(program, path), lineStarts };
}

function importsOf(program: Program, path: string): SourceModule["imports"] {
  const imports = new Map<string, { path: string; name: string }>();
  for (const node of program.body) {
    if (node.type !== "ImportDeclaration") continue;
    const from = posix.join(posix.dirname(path), String(node.source.value));
    for (const specifier of node.specifiers) {
      if (specifier.type === "ImportSpecifier" && specifier.imported.type === "Identifier") imports.set(specifier.local.name, { path: from, name: specifier.imported.name });
    }
  }
  return imports;
}

/** Types become spaces, so every offset and line is that of the file. */
function withoutTypes(text: string): string {
  try {
    return transformSync(text, { mode: "strip-only", module: true }).code;
  } catch (refusal) {
    throw new SyntaxError((refusal as { message: string }).message, { cause: refusal }); // swc throws no Error
  }
}

/** The character offset that each line begins at. */
function startsOfLines(code: string): number[] {
  const starts = [0];
  for (let at = code.indexOf("\n"); at >= 0; at = code.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function linesOf(tokens: readonly Token[], lineStarts: readonly number[]): number[] {
  const lines = new Set<number>();
  for (const token of tokens) {
    const last = lineAt(lineStarts, Math.max(token.start, token.end - 1));
    for (let line = lineAt(lineStarts, token.start); line <= last; line++) lines.add(line); // a template spans lines
  }
  return [...lines];
}

/** The line (from 0) that a character offset lies in. */
function lineAt(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (lineStarts[middle] <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
