import { describe, expect, test } from "vitest";
import { readSource } from "../../bench/tcb/source.ts";

const figures = (text: string) => {
  const { statements } = readSource("module.ts", text);
  return {
    lines: new Set(statements.flatMap(({ lines }) => lines)).size,
    statements: statements.flatMap((statement) => statement.statements).length,
  };
};

describe("lines", () => {
  test("comments, blank lines, types and imports are none", () => {
    expect(figures(`
      // A comment.
      import type { Far } from "./far.ts";
      import { near } from "./near.ts";
      export * from "./other.ts";

      /* Two lines
         of it. */
      interface Shape {
        readonly sides: number;
      }
      type Sides = Shape["sides"];
      export type { Far };
      declare const outside: number;
    `)).toEqual({ lines: 0, statements: 0 });
  });

  test("a line with a token is one, however little and beside whatever comment", () => {
    expect(figures(`
      export function area(
        width: number, // wide
        height: number,
      ): number {
        /* first */ return (width as number) * // by
          height;
      }
    `).lines).toBe(7);
  });

  test("what looks like a comment inside a string or a template is code", () => {
    expect(figures("export const text = `\n// not a comment\n\n/* nor this */`;\nexport const url = '//host';\n").lines).toBe(5);
  });

  test("a character outside ASCII in a comment or a type moves nothing", () => {
    const text = "/* π → ∞ 𝕏 */ const a: 'π→𝕏' | number = 1; // é\nconst b = a;\n";
    const [first, second] = readSource("module.ts", text).statements;
    expect(text.slice(first.start, first.end)).toBe("const a: 'π→𝕏' | number = 1;");
    expect(text.slice(second.start, second.end)).toBe("const b = a;");
    expect(second.lines).toEqual([1]);
  });
});

describe("statements", () => {
  test.each([
    ["const a = 1, b = 2;", 1],
    ["if (a) b(); else { c(); d(); }", 4],
    ["for (let i = 0; i < 3; i++) { ; f(i); }", 2],
    ["for (const i of list) for (k in i);", 2],
    ["while (true) { break; }", 2],
    ["export function f() { return 1; }", 2],
    ["export const f = () => { g(); return (h) => { throw h; }; };", 4],
    ["class A { x = 1; static y; constructor() { this.x = 2; } get z() { return 3; } }", 7],
    ["switch (a) { case 1: b(); break; default: c(); }", 4],
    ["try { a(); } catch { b(); } finally { c(); }", 4],
    ["const a = 1; export { a };", 1],
    ["import { a } from './a.ts'; export { b } from './b.ts';", 0],
  ])("%s", (text, statements) => {
    expect(figures(text).statements).toBe(statements);
  });
});

test("syntax that is not erasable is refused, not miscounted", () => {
  expect(() => readSource("module.ts", "enum Kind { a, b }")).toThrow("enum is not supported");
});
