// What a figure is: a drawing made from a selection, with its words and its table for those who do not see it.

import type { TopLevelSpec } from "vega-lite";
import type { Selection } from "./dataset.ts";
import type { Ink } from "./ink.ts";

/** How a drawing is to look. */
export interface Look {
  /** In pixels, with legend and axes. */
  readonly width: number;
  readonly ink: Ink;
}

export interface Drawing {
  readonly spec: TopLevelSpec;
  /** What it shows, in a sentence or two, with figures. */
  readonly says: string;
  readonly table: Table;
}

/** The first column is of names, the others are of figures. */
export interface Table {
  readonly head: readonly string[];
  readonly body: readonly (readonly string[])[];
}

export interface Figure {
  /** Of its files. */
  readonly name: string;
  readonly title: string;
  /** How to read it. */
  readonly reading: string;
  /** Undefined where the selection has nothing of the kind. */
  draw(selection: Selection, look: Look): Drawing | undefined;
  /** Why there may be nothing. */
  readonly absent: string;
}
