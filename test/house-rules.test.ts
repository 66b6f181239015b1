// The lint configuration is what keeps the house rules; this plants one breach of each and expects it found.

import { spawnSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";

interface Breach {
  readonly path: string;
  readonly text: string;
  readonly rule: string;
}

const BREACHES: readonly Breach[] = [
  { path: "engines/smp/upwards.ts", text: `import type { Row } from "../../bench/row.ts";\nexport type Planted = Row;\n`, rule: "no-restricted-imports" },
  { path: "engines/sideways.ts", text: `export * from "../workloads/catalogue.ts";\n`, rule: "no-restricted-imports" },
  { path: "engines/machine/knows.ts", text: `export * from "../engine.ts";\n`, rule: "no-restricted-imports" },
  { path: "engines/machine/hart/knows.ts", text: `export * from "../../smp/smp.ts";\n`, rule: "no-restricted-imports" },
  { path: "engines/machine/devices/sideways.ts", text: `export * from "../../virtual-devices/plic.ts";\n`, rule: "no-restricted-imports" },
  { path: "engines/virtio/knows.ts", text: `export * from "../machine/layout.ts";\n`, rule: "no-restricted-imports" },
  { path: "workloads/measures.ts", text: `export * from "../bench/row.ts";\n`, rule: "no-restricted-imports" },
  { path: "bench/tested.ts", text: `export * from "../test/helper.ts";\n`, rule: "no-restricted-imports" },
  { path: "engines/smp/random.ts", text: "export const planted = Math.random();\n", rule: "no-restricted-properties" },
  { path: "engines/smp/date.ts", text: "export const planted = Date.now();\n", rule: "no-restricted-globals" },
  { path: "engines/smp/clock.ts", text: "export const planted = performance.now();\n", rule: "no-restricted-globals" },
  { path: "engines/smp/atomics.ts", text: "export const planted = (words: Int32Array) => Atomics.load(words, 0);\n", rule: "no-restricted-globals" },
  { path: "engines/smp/views.ts", text: "export const planted = (memory: { i32: Int32Array }) => memory.i32[0];\n", rule: "no-restricted-properties" },
  { path: "engines/smp/host.ts", text: `export { cpus } from "node:os";\n`, rule: "no-restricted-imports" },
  { path: "engines/smp/costs.ts", text: `export * from "../machine/model/cost-model.ts";\n`, rule: "no-restricted-imports" },
  { path: "engines/prices.ts", text: `import type { CostModel } from "./machine/model/cost-model.ts";\nexport type Planted = CostModel;\n`, rule: "no-restricted-imports" },
  { path: "engines/smp/collected.ts", text: "export const planted = (word: object) => new WeakRef(word);\n", rule: "no-restricted-globals" },
  { path: "engines/virtio/host.ts", text: `export { cpus } from "node:os";\n`, rule: "no-restricted-imports" },
  ...["engines/machine/planted.ts", "engines/machine/hart/planted.ts", "engines/machine/hart/mmu/planted.ts", "engines/machine/model/planted.ts"].flatMap((path, index): Breach[] => [
    { path: path.replace("planted", "host"), text: `export { randomBytes } from "node:crypto";\n`, rule: "no-restricted-imports" },
    { path: path.replace("planted", "time"), text: `export { performance } from "node:perf_hooks";\n`, rule: "no-restricted-imports" },
    { path: path.replace("planted", "date"), text: "export const planted = Date.now();\n", rule: "no-restricted-globals" },
    { path: path.replace("planted", "monotonic"), text: "export const planted = process.hrtime.bigint();\n", rule: "no-restricted-globals" },
    { path: path.replace("planted", "later"), text: "export const planted = () => setTimeout(() => {}, 1);\n", rule: "no-restricted-globals" },
    { path: path.replace("planted", "identity"), text: "export const planted = crypto.randomUUID();\n", rule: "no-restricted-globals" },
    { path: path.replace("planted", "random"), text: "export const planted = Math.random();\n", rule: "no-restricted-properties" },
    { path: path.replace("planted", "sleep"), text: `export const planted = (words: Int32Array) => Atomics.wait(words, ${index}, 0);\n`, rule: "no-restricted-properties" },
  ]),
  { path: "engines/smp/any.ts", text: "export const planted = (word: any) => String(word);\n", rule: "no-explicit-any" },
  { path: "bench/floating.ts", text: "export function planted(): void {\n  Promise.resolve(1);\n}\n", rule: "no-floating-promises" },
  { path: "test/only.test.ts", text: `import { test } from "vitest";\ntest.only("planted", () => {});\n`, rule: "no-focused-tests" },
];
const REPOSITORY = resolve(import.meta.dirname, "..");
const BINARIES = join(REPOSITORY, "node_modules/.bin");

test("every breach of a house rule is found where it stands, and a clean module passes", async () => {
  const root = await mkdtemp(join(tmpdir(), "house-"));
  try {
    const clean = { path: "engines/smp/clean.ts", text: "export const clean = (word: number): number => word + 1;\n" };
    const standard = { path: "engines/machine/devices/clean.ts", text: `export * from "../../virtio/numbers.ts";\n` };
    const clock = { path: "engines/machine/clock.ts", text: `import { performance } from "node:perf_hooks";\nexport const planted = process.hrtime.bigint() + BigInt(performance.now());\n` };
    for (const { path, text } of [...BREACHES, clean, standard, clock]) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    for (const name of [".oxlintrc.json", "tsconfig.json"]) await copyFile(join(REPOSITORY, name), join(root, name));
    await mkdir(join(root, "node_modules"));
    await symlink(join(REPOSITORY, "node_modules/@types"), join(root, "node_modules/@types"));
    const env = { ...process.env, OXLINT_TSGOLINT_PATH: join(BINARIES, "tsgolint") };
    const { status, stdout } = spawnSync(join(BINARIES, "oxlint"), ["--format", "unix"], { cwd: root, encoding: "utf8", env });
    expect(status).toBe(1);
    const found = stdout.split("\n");
    for (const { path, rule } of BREACHES) {
      expect(found.filter((line) => line.startsWith(`${path}:`)).join("\n"), path).toContain(`(${rule})`);
    }
    for (const { path } of [clean, standard, clock]) expect(found.filter((line) => line.startsWith(path))).toEqual([]);
  } finally {
    await rm(root, { recursive: true });
  }
});
