// Modules with their imports as constants do what they did, on the same lines.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripTypeScriptTypes } from "node:module";
import { parse, type Program } from "acorn";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withConstants } from "../../bench/module-constants.ts";

const PRELOAD = new URL("../../bench/load-constants.ts", import.meta.url).href;
const ENGINES = fileURLToPath(new URL("../../engines", import.meta.url));

const MODULES = {
  "numbers.ts": `export const ONE = 1;
export const TABLE = { two: 2, three: 3 } as const;
export type Number = number;
`,
  "sums.ts": `import { ONE, type Number, TABLE as NUMBERS } from "./numbers.ts";
import {
  basename,
} from "node:path";
import type { Number as Sum } from "./numbers.ts";

export function sum(more: Number): Sum {
  return ONE + NUMBERS.two + NUMBERS.three + more;
}
export class Adder {
  static readonly unit = sum(ONE);
  where(): string {
    const line = new Error("here").stack?.split("\\n")[1] ?? "";
    return basename(line).replace(/:\\d+\\)?$/, "");
  }
}
`,
  "main.ts": `import { TABLE } from "./numbers.ts";
import { Adder, sum } from "./sums.ts";
export { ONE } from "./numbers.ts";

console.log(JSON.stringify([sum(10), Adder.unit, TABLE, new Adder().where(), Object.keys(await import("./sums.ts"))]));
`,
} as const;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "constants-"));
  for (const [name, source] of Object.entries(MODULES)) writeFileSync(join(folder, name), source);
});
afterAll(() => rmSync(folder, { recursive: true }));

const outputOf = (...options: string[]): string => execFileSync(process.execPath, [...options, join(folder, "main.ts")], { encoding: "utf8" });

test("a program does the same, and stops on the same lines", () => {
  const output = outputOf("--import", PRELOAD);
  expect(output).toBe(outputOf());
  expect(JSON.parse(output)).toEqual([16, 7, { two: 2, three: 3 }, "sums.ts:13", ["Adder", "sum"]]);
});

test("nothing that a module of an engine uses is imported or exported under its own name", () => {
  const sources = readdirSync(ENGINES, { recursive: true, encoding: "utf8" }).filter((name) => /(?<!\.d)\.ts$/.test(name));
  expect(sources.length).toBeGreaterThan(100);
  for (const name of sources) {
    const rewritten = stripTypeScriptTypes(withConstants(readFileSync(join(ENGINES, name), "utf8")));
    const { body } = parse(rewritten, { ecmaVersion: "latest", sourceType: "module" });
    expect(body.flatMap(namesKept), name).toEqual([]);
  }
});

/** What a statement imports or exports under the name by which the module uses it. */
function namesKept(node: Program["body"][number]): readonly string[] {
  if (node.type === "ImportDeclaration") return node.specifiers.map(({ local }) => local.name).filter((name) => !name.endsWith("$imported"));
  if (node.type !== "ExportNamedDeclaration" || node.declaration == null) return [];
  const { declaration } = node;
  if (declaration.type === "VariableDeclaration") return ["a variable"];
  // Asynchronous functions are no part of a hart's work.
  return declaration.type === "FunctionDeclaration" && declaration.async ? [] : [declaration.id.name];
}
