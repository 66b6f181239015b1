// One source module as the TCB count sees it: where its code begins and ends once comments and types are gone.

import { transformSync } from "@swc/wasm-typescript";
import { parse, type AnyNode, type Program, type Token } from "acorn";

/** A top-level statement: the unit that esbuild keeps or leaves out. Offsets are characters of the source file. */
export interface TopLevelStatement {
  readonly start: number;
  readonly end: number;
  /** Every statement in it, itself included, by an offset that has run when the statement has. */
  readonly statements: readonly number[];
  /** Calls in it that acquire a lock, by their offsets. */
  readonly lockSites: readonly number[];
  /** Source lines (from 0) that carry one of its tokens. */
  readonly lines: readonly number[];
}

export interface SourceModule {
  readonly statements: readonly TopLevelStatement[];
  /** Character offset at which each line begins. */
  readonly lineStarts: readonly number[];
}

/** What the lock kinds of the engines are acquired by: `lock.acquire(...)`. */
const ACQUIRE = "acquire";

/** Import and re-export statements are wiring that a bundle does not contain. */
const WIRING: ReadonlySet<string> = new Set(["ImportDeclaration", "ExportAllDeclaration"]);

/**
 * Statements and declarations of ESTree, class members included. A block is not counted beside what it
 * holds, nor an empty statement, nor the declaration in the head of a loop beside the loop.
 */
const STATEMENTS: ReadonlySet<string> = new Set([
  "BreakStatement", "ClassDeclaration", "ContinueStatement", "DebuggerStatement", "DoWhileStatement",
  "ExportDefaultDeclaration", "ExpressionStatement", "ForInStatement", "ForOfStatement", "ForStatement",
  "FunctionDeclaration", "IfStatement", "LabeledStatement", "MethodDefinition", "PropertyDefinition",
  "ReturnStatement", "SwitchStatement", "ThrowStatement", "TryStatement", "VariableDeclaration", "WhileStatement",
]);

/** Reads a TypeScript module of erasable syntax. Throws when it is not one. */
export function readSource(text: string): SourceModule {
  const code = withoutTypes(text);
  const tokens: Token[] = [];
  const program: Program = parse(code, { ecmaVersion: "latest", sourceType: "module", onToken: tokens });
  const lineStarts = startsOfLines(code);
  const statements = program.body.filter(carriesCode).map((node): TopLevelStatement => {
    const inside = [...descendants(node)];
    return {
      start: node.start,
      end: node.end,
      statements: inside.filter(isStatement).map(({ node: statement }) => runsAt(statement)),
      lockSites: inside.filter(acquiresLock).map(({ node: call }) => call.start),
      lines: linesOf(tokens.filter((token) => token.start >= node.start && token.end <= node.end), lineStarts),
    };
  });
  return { statements, lineStarts };
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

/** The line (from 0) that a character offset lies in. */
export function lineAt(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (lineStarts[middle] <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function linesOf(tokens: readonly Token[], lineStarts: readonly number[]): number[] {
  const lines = new Set<number>();
  for (const token of tokens) {
    const last = lineAt(lineStarts, Math.max(token.start, token.end - 1));
    for (let line = lineAt(lineStarts, token.start); line <= last; line++) lines.add(line); // a template spans lines
  }
  return [...lines];
}

function carriesCode(node: AnyNode): boolean {
  if (WIRING.has(node.type) || node.type === "EmptyStatement") return false;
  return node.type !== "ExportNamedDeclaration" || (node.declaration ?? null) !== null;
}

interface Placed {
  readonly node: AnyNode;
  /** The declaration in the head of a loop. */
  readonly loopHead: boolean;
}

/** A node and all below it. */
function* descendants(node: AnyNode, loopHead = false): Generator<Placed> {
  yield { node, loopHead };
  const isLoop = node.type === "ForStatement" || node.type === "ForInStatement" || node.type === "ForOfStatement";
  for (const [name, value] of Object.entries(node)) {
    const inHead = isLoop && (name === "init" || name === "left");
    for (const child of (Array.isArray(value) ? value : [value]) as unknown[]) {
      if (isNode(child)) yield* descendants(child, inHead);
    }
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

function isStatement({ node, loopHead }: Placed): boolean {
  return STATEMENTS.has(node.type) && !loopHead;
}

function acquiresLock({ node }: Placed): boolean {
  if (node.type !== "CallExpression") return false;
  const callee = node.callee;
  if (callee.type === "Identifier") return callee.name === ACQUIRE;
  return callee.type === "MemberExpression" && callee.property.type === "Identifier" && callee.property.name === ACQUIRE;
}

/** A function has run when its body has, not when its name was bound. */
function runsAt(node: AnyNode): number {
  if (node.type === "FunctionDeclaration") return node.body.start;
  if (node.type === "MethodDefinition") return node.value.body.start;
  if (node.type === "PropertyDefinition") return (node.value ?? node).start;
  return node.start;
}
