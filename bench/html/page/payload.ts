// What the page is given as data.

import type { Scenario, Source } from "../../figures/dataset.ts";
import type { PackedPoints } from "../../figures/pack.ts";

export type PackedSource = Omit<Source, "points"> & { readonly points: PackedPoints };

export interface Payload {
  readonly engines: readonly string[];
  readonly scenarios: readonly Scenario[];
  readonly sources: readonly PackedSource[];
  /** Of the figures of engines. */
  readonly ofEngines: PackedSource;
}

/** Names of elements that the document has and the page's script looks for. */
export const ELEMENTS = {
  data: "data", source: "source", scenario: "scenario", harts: "harts", title: "selection-title", about: "selection-about", status: "status", warning: "warning",
} as const;

/** What marks the parts of a figure. */
export const PARTS = { drawing: "drawing", says: "says", table: "data" } as const;

export const figureId = (name: string): string => `figure-${name}`;
