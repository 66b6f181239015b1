// What the TCB count looks for in a syntax tree: ESTree of a module without its types.

import { posix } from "node:path";
import type { AnyNode, Program } from "acorn";

/**
 * Statements and declarations, class members included. A block is not counted beside what it holds, nor
 * an empty statement, nor the declaration in the head of a loop beside the loop.
 */
const STATEMENTS: ReadonlySet<string> = new Set([
  "BreakStatement", "ClassDeclaration", "ContinueStatement", "DebuggerStatement", "DoWhileStatement",
  "ExportDefaultDeclaration", "ExpressionStatement", "ForInStatement", "ForOfStatement", "ForStatement",
  "FunctionDeclaration", "IfStatement", "LabeledStatement", "MethodDefinition", "PropertyDefinition",
  "ReturnStatement", "SwitchStatement", "ThrowStatement", "TryStatement", "VariableDeclaration", "WhileStatement",
]);

/** Modules that name what a guest can reach its engine with: SBI extensions and functions, causes of traps. */
const INTERFACE_MODULES: ReadonlySet<string> = new Set(["engines/sbi/numbers.ts", "engines/machine/hart/privileged.ts"]);
/** The table in them of what the engine answers. */
const ANSWERS = "ERROR";

const COMPARISONS: ReadonlySet<string> = new Set(["===", "!=="]);

/** A node and where it stands. */
export interface Placed {
  readonly node: AnyNode;
  /** It is the declaration in the head of a loop. */
  readonly loopHead: boolean;
}

/** A node and all below it. */
export function* descendants(node: AnyNode, loopHead = false): Generator<Placed> {
  yield { node, loopHead };
  const isLoop = node.type === "ForStatement" || node.type === "ForInStatement" || node.type === "ForOfStatement";
  const head = !isLoop ? undefined : node.type === "ForStatement" ? node.init : node.left;
  for (const child of children(node)) yield* descendants(child, child === head);
}

/** The nodes directly below one, in the order of its fields. */
export function children(node: AnyNode): AnyNode[] {
  return Object.values(node).flatMap((value): unknown[] => (Array.isArray(value) ? value : [value])).filter(isNode);
}

/** Whether a top-level node is more than wiring between modules, which a bundle does not contain. */
export function carriesCode(node: AnyNode): boolean {
  if (node.type === "ImportDeclaration" || node.type === "ExportAllDeclaration" || node.type === "EmptyStatement") return false;
  return node.type !== "ExportNamedDeclaration" || (node.declaration ?? null) !== null;
}

export function isStatement({ node, loopHead }: Placed): boolean {
  return STATEMENTS.has(node.type) && !loopHead;
}

/** An offset that has run when the statement has. A function has run when its body has, not when its name was bound. */
export function runsAt({ node }: Placed): number {
  if (node.type === "FunctionDeclaration") return node.body.start;
  if (node.type === "MethodDefinition") return node.value.body.start;
  if (node.type === "PropertyDefinition") return (node.value ?? node).start;
  return node.start;
}

/** Local names of the tables that the module at `path` imports from the interface modules. */
export function interfaceTables(program: Program, path: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const node of program.body) {
    if (node.type !== "ImportDeclaration") continue;
    if (!INTERFACE_MODULES.has(posix.join(posix.dirname(path), String(node.source.value)))) continue;
    for (const { local } of node.specifiers) names.add(local.name);
  }
  names.delete(ANSWERS);
  return names;
}

/** `TABLE.name` for each entry of an interface table that the node decides on: `case TABLE.name:`, `x === TABLE.name`. */
export function decidesOn({ node }: Placed, tables: ReadonlySet<string>): string[] {
  const tested = node.type === "SwitchCase" ? [node.test]
    : node.type === "BinaryExpression" && COMPARISONS.has(node.operator) ? [node.left, node.right] : [];
  return tested.flatMap((expression) => {
    if (expression?.type !== "MemberExpression") return [];
    const { object, property } = expression;
    if (object.type !== "Identifier" || !tables.has(object.name) || property.type !== "Identifier") return [];
    return [`${object.name}.${property.name}`];
  });
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
