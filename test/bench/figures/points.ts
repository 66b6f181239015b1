// Points of made-up measurements, of which `part` says what matters.

import type { Point, Source } from "../../../bench/figures/dataset.ts";

export const ENGINES = ["bare", "uniprocessor", "per-core", "smp", "microscheduler", "hosted"];

export function point(part: Partial<Point> = {}): Point {
  return { scenario: "contend", engine: "smp", variant: "", harts: 1, subject: "", metric: "throughput", unit: "units/Mcycle", value: 100, low: null, high: null, failed: false, ...part };
}

export const sourceOf = (...points: readonly Point[]): Source => ({ label: "made up", warning: "", clock: "model", points });

export const select = (points: readonly Point[], harts = 1, scenario = "contend") => ({ engines: ENGINES, source: sourceOf(...points), scenario, harts });
