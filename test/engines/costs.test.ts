// An engine never states a cost: the machine charges for what it does. Lint keeps it from importing the cost model; this
// keeps it from naming a cost, and from charging through what it is given.

import { globSync, readFileSync } from "node:fs";
import { posix, resolve } from "node:path";
import { transformSync } from "@swc/wasm-typescript";
import { parse } from "acorn";
import { describe, expect, test } from "vitest";
import { descendants } from "../../bench/tcb/syntax.ts";
import { COSTS } from "../../engines/machine/model/cost-model.ts";

const REPOSITORY = resolve(import.meta.dirname, "../..");
/** Names that only the cost model has; `memory` or `fence` mean other things elsewhere. */
const NAMES: ReadonlySet<string> = new Set(["COSTS", "CostModel", "costs", ...Object.keys(COSTS).filter((name) => /[A-Z]/.test(name))]);

/** What in an engine's module states or charges a cost. */
function statedCosts(path: string, text: string): string[] {
  const { code } = transformSync(text, { mode: "strip-only", module: true });
  const program = parse(code, { ecmaVersion: "latest", sourceType: "module" });
  const found: string[] = [];
  for (const { node } of descendants(program)) {
    if ((node.type === "Identifier" || node.type === "PrivateIdentifier") && NAMES.has(node.name)) found.push(`${path}: ${node.name}`);
    if (node.type !== "CallExpression") continue;
    // The engines' own charge() is imported or private, and accounts for CPU time by timestamps.
    const { callee } = node;
    if (callee.type === "MemberExpression" && callee.property.type === "Identifier" && callee.property.name === "charge") found.push(`${path}: charge()`);
  }
  for (const node of program.body) {
    if (node.type !== "ImportDeclaration" && node.type !== "ExportNamedDeclaration" && node.type !== "ExportAllDeclaration") continue;
    const from = posix.join(posix.dirname(path), String(node.source?.value ?? ""));
    if (from.startsWith("engines/machine/model/")) found.push(`${path}: ${from}`);
  }
  return found;
}

describe("engines", () => {
  const modules = globSync("engines/**/*.ts", { cwd: REPOSITORY }).map((path) => path.replaceAll("\\", "/")).filter((path) => !path.startsWith("engines/machine/"));

  test("state no cost", () => {
    expect(modules.length).toBeGreaterThan(100);
    expect(modules.flatMap((path) => statedCosts(path, readFileSync(resolve(REPOSITORY, path), "utf8")))).toEqual([]);
  });

  test.each([
    ["hart.charge(12);", "charge()"],
    ["export const planted = (hart) => { hart.memory.charge(COST); };", "charge()"],
    ["export const planted = { trapEntry: 66 };", "trapEntry"],
    ["export const planted = (model) => model.costs;", "costs"],
    [`import { planted } from "../machine/model/model.ts"; planted();`, "engines/machine/model/model.ts"],
    [`export * from "../machine/model/cost-model.ts";`, "engines/machine/model/cost-model.ts"],
  ])("are found out: %s", (text, found) => {
    expect(statedCosts("engines/smp/planted.ts", text)).toContain(`engines/smp/planted.ts: ${found}`);
  });

  test("may account for CPU time", () => {
    expect(statedCosts("engines/smp/planted.ts", `import { charge } from "../scheduler/queue.ts"; class Planted { #charge() {} run() { charge(memory, queue, now); this.#charge(); } }`)).toEqual([]);
  });
});
