// The catalogue as data: layouts on several numbers of harts, and what may be set.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NETWORK_PORTS } from "../../engines/machine/layout.ts";
import { imageNames } from "../../workloads/build.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import { IMAGES, sumOfImage } from "../../workloads/images.ts";
import { planWorkload, SettingError } from "../../workloads/plan.ts";
import type { Layout } from "../../workloads/workload.ts";

function plan(name: string, harts: number, settings: Record<string, string> = {}): Layout {
  const workload = CATALOGUE.find((each) => each.name === name);
  if (workload === undefined) throw new Error(`no workload ${name}`);
  return planWorkload(workload, harts, settings);
}
const hartsOf = (...of: Parameters<typeof plan>): number[] => plan(...of).guests.map(({ hart }) => hart);
const argumentsOf = (...of: Parameters<typeof plan>): string[] => plan(...of).guests.map(({ bootArguments }) => bootArguments);

test("the committed images have the committed sums", () => {
  const sums = imageNames().map((name) => {
    const file = `${name}.elf`;
    return `${sumOfImage(readFileSync(join(IMAGES, file)))}  ${file}\n`;
  });
  expect(readFileSync(join(IMAGES, "SHA256SUMS"), "utf8")).toBe(sums.join(""));
});

describe.each(CATALOGUE)("$name", (workload) => {
  test.each([1, 2, 3, 4, 128])("is laid out on %i harts", (harts) => {
    const { guests, channels, nics, traffic } = planWorkload(workload, harts, {});
    expect(imageNames()).toEqual(expect.arrayContaining(guests.map(({ image }) => image)));
    expect(new Set(guests.map(({ name }) => name)).size).toBe(guests.length);
    const used = [...new Set(guests.map(({ hart }) => hart))].sort((a, b) => a - b);
    // A guest of several vCPUs has but one place to be put; there are ports for so many guests.
    const places = guests.some(({ vcpus = 1 }) => vcpus > 1) ? 1 : traffic === undefined ? harts : Math.min(harts, guests.length);
    expect(used).toEqual(Array.from({ length: places }, (_, hart) => hart));
    for (const { port, owner } of nics ?? []) expect([port < NETWORK_PORTS, guests[owner] !== undefined]).toEqual([true, true]);
    expect(workload.unitDigest === 0n).toBe(traffic !== undefined);
    expect(guests.some(({ counted }) => counted)).toBe(true);
    for (const end of channels.flatMap(({ ends }) => ends)) expect(guests[end]).toBeDefined();
  });
});

test("names are unique", () => {
  expect(new Set(CATALOGUE.map(({ name }) => name)).size).toBe(CATALOGUE.length);
});

test("the ends of a channel are apart where there are two harts for them", () => {
  expect(hartsOf("channel-pingpong", 1)).toEqual([0, 0]);
  expect(hartsOf("channel-pingpong", 4)).toEqual([0, 1, 2, 3]);
  expect(hartsOf("channel-pingpong", 3)).toEqual([0, 1, 2, 2]);
  expect(hartsOf("channel-stream", 2, { placement: "together" })).toEqual([0, 0, 1, 1]);
});

test("a contending guest rings itself", () => {
  expect(plan("contend", 2).channels.map(({ ends }) => ends)).toEqual([[0, 0], [1, 1]]);
});

test("settings reach the boot arguments", () => {
  expect(argumentsOf("contend", 1, { think: "500" })).toEqual(["think=500 between=0 seed=0"]);
  expect(argumentsOf("legacy", 1)).toEqual(["seed=0", "seed=1"]);
});

test("settings that cannot be are refused", () => {
  expect(() => plan("timer", 1, { think: "1" })).toThrow(SettingError);
  expect(() => plan("timer", 1, { ahead: "0" })).toThrow("a number from 1");
  expect(() => plan("channel-stream", 1, { placement: "far" })).toThrow("apart or together");
});
