import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addedFigures, sourceFigures } from "../../bench/tcb/figures.ts";
import { reach, UncountableEngine } from "../../bench/tcb/reach.ts";
import { Sources } from "../../bench/tcb/source.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tcb-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

/** Writes the files and reaches from engines/small/small.ts. */
async function small(files: Readonly<Record<string, string>>, entry = "engines/small/small.ts") {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return reach(new Sources(root), entry);
}

const ENTRY = `
  import { used } from "../common.ts";
  import { word } from "../machine/memory.ts";
  import type { Shape } from "../types.ts";
  export function trap(shape: Shape) { return used(shape.sides) + word(); }
`;
const COMMON = `
  const scale = 2;
  export function used(n: number) { return n * scale; }
  export function unused(n: number) {
    return n;
  }
`;
const FILES = {
  "engines/small/small.ts": ENTRY,
  "engines/common.ts": COMMON,
  "engines/types.ts": "export interface Shape { readonly sides: number }",
  "engines/machine/memory.ts": "export function word() { return 7; }",
  "engines/bystander.ts": "export const bystander = 1;",
};

test("what is imported for its types, is not imported, or is hardware is not reached", async () => {
  const modules = await small(FILES);
  expect(modules.map(({ path }) => path)).toEqual(["engines/common.ts", "engines/small/small.ts"]);
  expect(modules.every(({ minifiedBytes }) => minifiedBytes > 0)).toBe(true);
});

test("top-level statements that tree shaking drops are not counted", async () => {
  const figures = sourceFigures(await small(FILES));
  expect(figures).toMatchObject({ modules: 2, lines: 3, statements: 5, lockSites: 0 });
  const whole = sourceFigures(await small({ ...FILES, "engines/small/small.ts": ENTRY.replace("word()", "word() + unused(1)").replace("{ used }", "{ unused, used }") }));
  expect(whole).toMatchObject({ modules: 2, lines: 6, statements: 7 });
  expect(whole.bytes).toBeGreaterThan(figures.bytes);
});

test("an engine that calls the host is refused", async () => {
  const files = { ...FILES, "engines/common.ts": `import { readFileSync } from "node:fs";\nexport const used = (n: number) => readFileSync(String(n)).length;` };
  await expect(small(files)).rejects.toThrow(UncountableEngine);
});

test("what an engine adds to another: its own modules and the statements of common ones that the other lacks", async () => {
  const base = await small(FILES);
  const larger = await small({
    "engines/large/large.ts": `
      import { trap as base } from "../small/small.ts";
      import { unused } from "../common.ts";
      export function trap(lock: { acquire(): void }) {
        lock.acquire();
        return base({ sides: unused(3) });
      }
    `,
  }, "engines/large/large.ts");
  expect(addedFigures(larger, base)).toMatchObject({ modules: 2, lines: 4 + 3, statements: 3 + 2, lockSites: 1 });
  const none = { modules: 0, lines: 0, statements: 0, bytes: 0, lockSites: 0, entryPoints: 0 };
  expect(addedFigures(base, base)).toEqual(none);
});

test("entry points: what a guest can name and the engine decides on, each once", async () => {
  const files = {
    "engines/sbi/numbers.ts": "export const TIMER = { set: 0, get: 1, unused: 2 } as const; export const ERROR = { no: -1 } as const;",
    "engines/machine/hart/privileged.ts": "export const CAUSE = { call: 8, page: 13 } as const;",
    "engines/sbi/calls.ts": `
      import { ERROR, TIMER } from "./numbers.ts";
      export const isSet = (call: number) => call === TIMER.set || call === ERROR.no;
    `,
    "engines/small/small.ts": `
      import { isSet } from "../sbi/calls.ts";
      import { ERROR, TIMER } from "../sbi/numbers.ts";
      import { CAUSE } from "../machine/hart/privileged.ts";
      const OTHER = { word: 3 };
      export function trap(cause: number, call: number): number {
        if (cause === CAUSE.page) return ERROR.no;
        switch (call) {
          case TIMER.set: return cause === CAUSE.page && isSet(call) ? 1 : 2;
          case TIMER.get: return 3;
          case OTHER.word: return 4;
          default: return 5;
        }
      }
    `,
  };
  const base = await small(files);
  expect(sourceFigures(base).entryPoints).toBe(3);
  const larger = await small({
    "engines/large/large.ts": `
      import { CAUSE } from "../machine/hart/privileged.ts";
      import { trap as base } from "../small/small.ts";
      export const trap = (cause: number) => (cause !== CAUSE.call && cause !== CAUSE.page ? base(cause, 0) : 0);
    `,
  }, "engines/large/large.ts");
  expect(addedFigures(larger, base).entryPoints).toBe(1);
});
