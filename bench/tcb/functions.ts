// The functions in a syntax tree, each with what it calls and where it returns, in the order of its text.

import type { AnyNode } from "acorn";
import { children } from "./syntax.ts";

export interface FunctionText {
  /** As its callers name it: `name`, a method `.name` or `#name`; undefined for one that nobody can name, and for code outside functions. */
  readonly name: string | undefined;
  /** The name of what is called; undefined for a return. */
  readonly events: readonly (string | undefined)[];
}

/** The functions in `node`, and first what it does outside them. */
export function functionsIn(node: AnyNode): readonly FunctionText[] {
  const found: FunctionText[] = [];
  visit(node, undefined, found);
  return found;
}

function visit(root: AnyNode, name: string | undefined, found: FunctionText[]): void {
  const events: (string | undefined)[] = [];
  found.push({ name, events });
  const within = (node: AnyNode, givenName: string | undefined): void => {
    if (isFunction(node) && node !== root) return visit(node, node.id?.name ?? givenName, found);
    for (const child of children(node)) within(child, nameGiven(node));
    if (node.type === "CallExpression") {
      const called = calledBy(node.callee);
      if (called !== undefined) events.push(called);
    }
    if (node.type === "ReturnStatement") events.push(undefined);
  };
  within(root, undefined);
}

function isFunction(node: AnyNode): node is Extract<AnyNode, { type: "FunctionDeclaration" | "FunctionExpression" | "ArrowFunctionExpression" }> {
  return node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression";
}

/** What a function directly in this node is called by. */
function nameGiven(node: AnyNode): string | undefined {
  if (node.type === "MethodDefinition" || node.type === "PropertyDefinition" || node.type === "Property") return methodName(node.key);
  return node.type === "VariableDeclarator" && node.id.type === "Identifier" ? node.id.name : undefined;
}

/** What is called: of an expression its last name, `a.b.#c` is `#c`. */
function calledBy(node: AnyNode): string | undefined {
  switch (node.type) {
    case "Identifier": return node.name;
    case "MemberExpression": return node.computed ? undefined : methodName(node.property);
    case "ChainExpression": return calledBy(node.expression);
    default: return undefined;
  }
}

function methodName(node: AnyNode): string | undefined {
  if (node.type === "PrivateIdentifier") return `#${node.name}`;
  return node.type === "Identifier" ? `.${node.name}` : undefined;
}
