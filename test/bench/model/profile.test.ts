import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UsageError } from "../../../bench/exit-code.ts";
import { PROFILES_DOCUMENTATION, profilesDocumentation } from "../../../bench/model/documentation.ts";
import { DEFAULT_PROFILE, loadProfile, PROFILE_FOLDER, PROFILE_NAMES, requireCores } from "../../../bench/model/profile.ts";
import { PROFILE_SCHEMA } from "../../../bench/model/profile-schema.ts";
import { type Cost, COSTS } from "../../../engines/machine/model/cost-model.ts";
import { anyProfile } from "./any-profile.ts";

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "tcbench-profile-")); });
afterAll(() => rmSync(folder, { recursive: true }));

const NAMES = Object.keys(COSTS) as Cost[];

function load(content: unknown): ReturnType<typeof loadProfile> {
  const path = join(folder, "mine.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return loadProfile(path);
}

function refusal(action: () => unknown): string {
  let refused: unknown = "nothing was refused";
  try {
    action();
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(UsageError);
  const { message } = refused as Error;
  expect(message).not.toContain("\n");
  return message;
}

describe("the built-in profiles", () => {
  test("are the files of the folder, each under its name", () => {
    const files = readdirSync(PROFILE_FOLDER).filter((file) => file.endsWith(".json"));
    expect(files.toSorted()).toEqual(PROFILE_NAMES.map((name) => `${name}.json`).toSorted());
    for (const name of PROFILE_NAMES) expect(loadProfile(name).name).toBe(name);
  });

  // Medians of nviennot/core-to-core-latency and KCORES/core-to-core-latency-plus, to 0.1 ns, times the frequency.
  test.each([
    ["spacemit-k1", 8, 1.6, (from: number, to: number) => (from >> 2 === to >> 2 ? 32.6 : 85.4)],
    ["graviton3", 64, 2.6, () => 46.4],
    ["epyc-7r13", 48, 3.6, (from: number, to: number) => (from >> 3 === to >> 3 ? 22.8 : 107.6)],
    ["imx8mm", 4, 1.2, () => 36.7],
    ["uniform-128", 128, 2.6, () => 46.4],
  ] as const)("%s has the distances that were measured", (name, cores, gigahertz, nanoseconds) => {
    const profile = loadProfile(name);
    expect([profile.cores, profile.gigahertz]).toEqual([cores, gigahertz]);
    for (let from = 0; from < cores; from++) {
      for (let to = 0; to < cores; to++) {
        const expected = from === to ? 0 : Math.round(nanoseconds(from, to) * gigahertz);
        if (profile.transfer[from * cores + to] !== expected) throw new Error(`core ${from} to ${to}: ${profile.transfer[from * cores + to]}, not ${expected}`);
      }
    }
  });

  test("have seL4's null system call, and hypercalls to Xen, as their traps", () => {
    const trap = (name: string): number => loadProfile(name).costs.trapEntry + loadProfile(name).costs.trapReturn;
    expect(PROFILE_NAMES.map(trap)).toEqual([131, 376, 1228, 131, 376]);
  });

  test("uniform-128 differs from graviton3 in its cores only", () => {
    const { costs, gigahertz } = loadProfile("graviton3");
    expect(loadProfile("uniform-128")).toMatchObject({ costs, gigahertz });
  });

  test("the default has cores for the largest default machine", () => {
    expect(() => requireCores(loadProfile(DEFAULT_PROFILE), 32)).not.toThrow();
    expect(refusal(() => requireCores(loadProfile("spacemit-k1"), 32))).toBe("profile spacemit-k1 has 8 cores: a machine of 32 harts needs another");
  });

  test("their documentation is the one generated from them and from the schema", () => {
    expect(readFileSync(PROFILES_DOCUMENTATION, "utf8")).toBe(profilesDocumentation());
  });
});

describe("a profile from a file", () => {
  test("loads when it is valid, with every number in whole cycles, and names its file's hash", () => {
    fc.assert(fc.property(anyProfile, (profile) => {
      const loaded = load(profile);
      const inCycles = ({ value, unit }: { value: number; unit: string }): number => Math.round(unit === "ns" ? value * profile.frequency.value : value);
      expect(loaded.hash).toBe(createHash("sha256").update(JSON.stringify(profile)).digest("hex").slice(0, 8));
      for (const cost of NAMES) expect(loaded.costs[cost]).toBe(inCycles(profile.costs[cost]));
      const { cores, levels, matrix } = profile.topology;
      expect(loaded.cores).toBe(cores);
      for (let from = 0; from < cores; from++) {
        for (let to = 0; to < cores; to++) {
          const distance = matrix === undefined
            ? levels!.find(({ groups }) => groups.some((group) => membersOf(group).has(from) && membersOf(group).has(to)))!.oneWay
            : { value: matrix.rows[from][to], unit: "ns" };
          expect(loaded.transfer[from * cores + to]).toBe(from === to ? 0 : inCycles(distance));
        }
      }
    }));
  });

  test("is refused with the field's name when one number, citation or cost of it is wrong", () => {
    fc.assert(fc.property(anyProfile, fc.constantFrom(...NAMES), fc.constantFrom(...MUTATIONS), (profile, cost, [mutate, complaint]) => {
      const broken = structuredClone(profile) as unknown as Mutable;
      mutate(broken, cost);
      const line = refusal(() => load(broken));
      expect(line).toContain(complaint.replaceAll("COST", `costs.${cost}`));
      expect(line.startsWith(`profile ${join(folder, "mine.json")}: `)).toBe(true);
    }));
  });

  test("is refused when its groups overlap or miss cores", () => {
    fc.assert(fc.property(anyProfile, fc.nat(), (profile, chosen) => {
      const cores = profile.topology.cores + 1;
      const core = chosen % cores;
      const oneWay = profile.costs.memory;
      const others = Array.from({ length: cores }, (_, other) => other).filter((other) => other !== core);
      const withGroups = (groups: readonly string[]): unknown => ({ ...profile, topology: { cores, levels: [{ name: "all", groups, oneWay }] } });
      expect(refusal(() => load(withGroups([others.join(",")])))).toContain(`topology.levels.0.groups miss core ${core}`);
      expect(refusal(() => load(withGroups([`0-${cores - 1}`, String(core)])))).toContain(`topology.levels.0.groups.1 has core ${core}, which is in a group already`);
      expect(refusal(() => load(withGroups([`0-${cores}`])))).toContain(`topology.levels.0.groups.0 has core ${cores} of ${cores}`);
    }));
  });

  test("is refused when levels do not nest, or do not reach all cores, or its matrix is not square", () => {
    const profile = fc.sample(anyProfile, 1)[0];
    const oneWay = profile.costs.memory;
    const level = (...groups: string[]): unknown => ({ name: "some", groups, oneWay });
    const withTopology = (topology: object): string => refusal(() => load({ ...profile, topology: { cores: 4, ...topology } }));
    expect(withTopology({ levels: [level("0-1", "2-3"), level("0", "1-3"), level("0-3")] })).toContain("topology.levels.1.groups part cores 0 and 1");
    expect(withTopology({ levels: [level("0-1", "2-3")] })).toContain("no group with both core 0 and core 2");
    expect(withTopology({ levels: [level("3-0")] })).toContain("topology.levels.0.groups.0 has 3-0, which is no range");
    expect(withTopology({ levels: [level("all")] })).toContain(`topology.levels.0.groups.0 is "all", not a list of cores`);
    expect(withTopology({})).toContain("topology has to have either levels or a matrix");
    expect(withTopology({ levels: [level("0-3")], matrix: { rows: [], source: "here" } })).toContain("either levels or a matrix");
    expect(withTopology({ matrix: { rows: [[0]], source: "here" } })).toContain("topology.matrix.rows has 1 rows for 4 cores");
    const rows = Array.from({ length: 4 }, (_, from) => Array.from({ length: 4 }, (_, to) => Number(from !== to)));
    expect(withTopology({ matrix: { rows: rows.with(2, [1, 1, 0]), source: "here" } })).toContain("topology.matrix.rows.2 has 3 numbers");
    expect(withTopology({ matrix: { rows: rows.with(2, [1, 1, 5, 1]), source: "here" } })).toContain("topology.matrix.rows.2.2 is 5");
    expect(withTopology({ matrix: { rows: rows.with(2, [1, -1, 0, 1]), source: "here" } })).toContain("topology.matrix.rows.2.1 is negative: -1");
  });

  test("is refused when there is none of the name, when it cannot be read, and when it is not JSON", () => {
    expect(refusal(() => loadProfile("graviton"))).toBe(`unknown profile graviton: there are ${PROFILE_NAMES.join(", ")}, and files, whose names have a slash or end in .json; did you mean graviton3?`);
    expect(refusal(() => loadProfile(join(folder, "none.json")))).toMatch(/^profile .*none\.json cannot be read: ENOENT/);
    expect(refusal(() => loadProfile(folder))).toMatch(/cannot be read: EISDIR/);
    expect(refusal(() => load("{\n  \"schema\": 1,\n"))).toMatch(/mine\.json: not JSON: /);
    expect(refusal(() => load(""))).toMatch(/not JSON/);
    expect(refusal(() => load("[]"))).toContain("is missing");
    expect(refusal(() => load("7"))).toContain("the file is not an object");
  });
});

interface Mutable {
  [field: string]: unknown;
  frequency: Record<string, unknown>;
  topology: Record<string, unknown>;
  costs: Record<string, Record<string, unknown>>;
}

/** What is wrong, and what the line has to say; COST stands for the field. */
const MUTATIONS: readonly (readonly [(profile: Mutable, cost: Cost) => void, string])[] = [
  [({ costs }, cost) => { delete costs[cost]; }, "COST is missing"],
  [({ costs }, cost) => { costs[cost] = { ...costs[cost], value: -1 }; }, "COST.value is negative: -1"],
  [({ costs }, cost) => { costs[cost] = { ...costs[cost], value: -1e-9 }; }, "COST.value is negative"],
  [({ costs }, cost) => { costs[cost] = { ...costs[cost], value: null }; }, "COST.value is not a number"],
  [({ costs }, cost) => { costs[cost] = { ...costs[cost], value: "12" }; }, "COST.value is not a number"],
  [({ costs }, cost) => { costs[cost] = { ...costs[cost], value: 1e9 }; }, "COST.value is 1000000000: more than"],
  [({ costs }) => { costs.pause = { ...costs.pause, value: 0.4, unit: "cycles" }; }, "costs.pause rounds to 0 cycles: a hart that spins has to get on"],
  [({ costs }) => { costs.cacheHit = { ...costs.cacheHit, value: 0 }; }, "costs.cacheHit rounds to 0 cycles"],
  [({ costs }, cost) => { delete costs[cost].value; }, "COST.value is missing"],
  [({ costs }, cost) => { delete costs[cost].source; }, "COST.source is missing"],
  [({ costs }, cost) => { costs[cost] = { ...costs[cost], source: "  " }; }, "COST.source is empty"],
  [({ costs }, cost) => { costs[cost] = { ...costs[cost], unit: "GHz" }; }, `COST.unit is "GHz", not cycles or ns`],
  [({ costs }, cost) => { costs[cost] = { ...costs[cost], kind: "guessed" }; }, `COST.kind is "guessed", not measured`],
  [({ costs }, cost) => { costs[cost] = { ...costs[cost], note: "?" }; }, "COST.note is no field of a profile"],
  [(profile, cost) => { profile.costs = { ...profile.costs, [`${cost}s`]: profile.costs[cost] }; }, "COSTs is no field of a profile"],
  [(profile) => { profile.schema = PROFILE_SCHEMA + 1; }, `schema is version ${PROFILE_SCHEMA + 1}; version ${PROFILE_SCHEMA} is supported`],
  [(profile) => { profile.schema = 0; profile.costs = {}; }, "schema is version 0; version"],
  [(profile) => { delete profile.schema; }, "schema is missing"],
  [(profile) => { profile.name = "Mine, too"; }, `name is "Mine, too", not up to 40`],
  [(profile) => { delete profile.summary; }, "summary is missing"],
  [({ frequency }) => { frequency.value = 0; }, "frequency has value 0"],
  [({ frequency }) => { frequency.value = -1; }, "frequency.value is negative"],
  [({ topology }) => { topology.cores = 0; }, "topology.cores is 0, not a whole number from 1"],
  [({ topology }) => { topology.cores = 2.5; }, "topology.cores is 2.5, not a whole number"],
];

function membersOf(list: string): Set<number> {
  return new Set(list.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  }));
}
