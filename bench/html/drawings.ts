// The figures as files: SVG from Vega without a browser, PNG from that.

import { Resvg } from "@resvg/resvg-js";
import * as vega from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile, type TopLevelSpec } from "vega-lite";
import { LIGHT } from "../figures/ink.ts";
import { FONT_SIZE } from "../figures/style.ts";

/** Twice the size of the drawing: sharp on paper and on dense screens. */
const PNG_SCALE = 2;
/** Of a character, in the font's size. Text is measured without a font here; Vega's own guess of 0.8 leaves gaps in legends. */
const CHARACTER_WIDTH = 0.55;

/** Missing in Vega's types. */
const { textMetrics } = vega as unknown as { readonly textMetrics: { width: (item: { readonly fontSize?: number }, text: unknown) => number } };
textMetrics.width = ({ fontSize = FONT_SIZE }, text) => String(text).length * CHARACTER_WIDTH * fontSize;

/** Where none of the fonts that a figure asks for is installed. */
const SANS_SERIF = "DejaVu Sans";

/** With a background of its own. */
export async function toSvg(spec: TopLevelSpec): Promise<string> {
  const runtime = vega.parse(compile({ ...spec, background: LIGHT.paper, padding: 12 }).spec, undefined, { ast: true });
  const view = new vega.View(runtime, { expr: expressionInterpreter, renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** With fonts of this host. */
export function toPng(svg: string): Uint8Array {
  return new Resvg(svg, { fitTo: { mode: "zoom", value: PNG_SCALE }, font: { loadSystemFonts: true, sansSerifFamily: SANS_SERIF, defaultFontFamily: SANS_SERIF } }).render().asPng();
}
