// Expressions that ask the host for memory.

import { type Node, SyntaxKind } from "typescript/unstable/ast";

const SITES: ReadonlyMap<SyntaxKind, string> = new Map([
  [SyntaxKind.ObjectLiteralExpression, "object"], [SyntaxKind.ArrayLiteralExpression, "array"], [SyntaxKind.NewExpression, "new"],
  [SyntaxKind.FunctionExpression, "closure"], [SyntaxKind.ArrowFunction, "closure"], [SyntaxKind.ClassExpression, "class"],
  [SyntaxKind.TemplateExpression, "string"], [SyntaxKind.RegularExpressionLiteral, "regular expression"], [SyntaxKind.BigIntLiteral, "big integer"],
  [SyntaxKind.SpreadElement, "array"], [SyntaxKind.ForOfStatement, "iterator"], [SyntaxKind.ArrayBindingPattern, "iterator"],
  [SyntaxKind.YieldExpression, "generator"], [SyntaxKind.AwaitExpression, "promise"],
]);

/** What evaluating the node itself allocates; undefined where that is nothing but, at most, numbers. */
export function allocationAt(node: Node): string | undefined {
  return SITES.get(node.kind);
}

/** Functions of the language that take and give numbers, or what is there already. */
const QUIET = /^(Math|ReadonlyMap|Map)\.(abs|ceil|clz32|floor|get|imul|max|min|trunc)$/;

/** Whether a function of the language, named with its object, may allocate. */
export function mayAllocate(name: string): boolean {
  return !QUIET.test(name);
}
