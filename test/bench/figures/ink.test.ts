// Colours: contrast by WCAG's formula, and what the colour-blind see by Machado, Oliveira and Fernandes (2009), severity 1.

import { describe, expect, test } from "vitest";
import { DARK, LIGHT, namedColours, VARIABLE_INK } from "../../../bench/figures/ink.ts";
import { styleSeries } from "../../../bench/figures/style.ts";
import { ENGINES, point, select } from "./points.ts";

const SCHEMES = [["light", LIGHT], ["dark", DARK]] as const;

/** Red, green and blue as amounts of light, 0 to 1 (sRGB, IEC 61966-2-1). */
function light(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
}

const luminance = ([red, green, blue]: readonly number[]): number => 0.2126 * red + 0.7152 * green + 0.0722 * blue;

function contrast(left: string, right: string): number {
  const [less, more] = [luminance(light(left)), luminance(light(right))].sort((a, b) => a - b);
  return (more + 0.05) / (less + 0.05);
}

const SIGHTS: Readonly<Record<string, readonly (readonly number[])[]>> = {
  "full colour": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};

/** CIELAB, D65. */
function lab(rgb: readonly number[]): number[] {
  const [red, green, blue] = rgb.map((value) => Math.min(1, Math.max(0, value)));
  const [x, y, z] = [
    (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505, 0.2126 * red + 0.7152 * green + 0.0722 * blue, (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
  ].map((value) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function seen(colour: string, matrix: readonly (readonly number[])[]): number[] {
  const rgb = light(colour);
  return lab(matrix.map((row) => row.reduce((sum, factor, index) => sum + factor * rgb[index], 0)));
}

const distance = (left: readonly number[], right: readonly number[]): number => Math.hypot(...left.map((value, index) => value - right[index]));

describe.each(SCHEMES)("%s", (_, scheme) => {
  test("text has a contrast of 4.5 : 1, lines of 3 : 1 (WCAG 2.2, 1.4.3 and 1.4.11)", () => {
    for (const text of [scheme.text, scheme.faint]) expect(contrast(text, scheme.paper), text).toBeGreaterThanOrEqual(4.5);
    for (const line of [...scheme.engines, scheme.ideal]) expect(contrast(line, scheme.paper), line).toBeGreaterThanOrEqual(3);
    scheme.outcomes.forEach((behind, index) => { expect(contrast(scheme.onOutcomes[index], behind), behind).toBeGreaterThanOrEqual(4.5); });
  });

  test.each(Object.entries(SIGHTS))("engines' colours are apart in %s", (_, matrix) => {
    const colours = scheme.engines.slice(0, ENGINES.length).map((colour) => seen(colour, matrix));
    const closest = Math.min(...colours.flatMap((left, index) => colours.slice(index + 1).map((right) => distance(left, right))));
    expect(closest).toBeGreaterThan(15);
  });
});

test("both schemes and the variables have the same names", () => {
  const names = namedColours(LIGHT).map(([name]) => name);
  expect(namedColours(DARK).map(([name]) => name)).toEqual(names);
  expect(namedColours(VARIABLE_INK).map(([, colour]) => colour)).toEqual(names.map((name) => `var(${name})`));
});

test("an engine looks the same whatever it is beside, and no two lines share colour and shape", () => {
  const all = ENGINES.map((engine) => point({ engine }));
  const smp = ["", "granularity=big", "granularity=big lock=mcs", "granularity=big lock=test-and-set"].map((variant) => point({ engine: "smp", variant }));
  const series = [...all, ...smp.slice(1)];
  const [whole, alone] = [styleSeries(series, select(series), LIGHT), styleSeries(smp, select(series), LIGHT)];
  alone.labels.forEach((label, index) => {
    const there = whole.labels.indexOf(label);
    expect([alone.colours[index], alone.shapes[index], alone.dashes[index]]).toEqual([whole.colours[there], whole.shapes[there], whole.dashes[there]]);
  });
  expect(new Set(whole.colours.map((colour, index) => `${colour} ${whole.shapes[index]}`)).size).toBe(whole.labels.length);
  expect(new Set(alone.shapes).size).toBe(smp.length);
});
