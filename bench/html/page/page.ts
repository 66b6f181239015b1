// The script of the report's page: draws every figure for what the reader has chosen, and again when the width changes.

import type { Selection } from "../../figures/dataset.ts";
import { FIGURES_OF_ENGINES, FIGURES_OF_SCENARIOS } from "../../figures/figures.ts";
import { unpackPoints } from "../../figures/pack.ts";
import { harts } from "../../figures/words.ts";
import { openControls } from "./controls.ts";
import { ELEMENTS, type PackedSource, type Payload } from "./payload.ts";
import { show } from "./show.ts";

const find = (id: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(`#${id}`);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
};
const unpack = (source: PackedSource) => ({ ...source, points: unpackPoints(source.points) });

const payload = JSON.parse(find(ELEMENTS.data).textContent) as Payload;
const ofEngines = unpack(payload.ofEngines);
const { engines, scenarios } = payload;
const controls = openControls({ engines, scenarios, sources: payload.sources.map(unpack) }, () => { void draw(); });

async function draw(): Promise<void> {
  const selection = controls.selection();
  const scenario = controls.scenario();
  find(ELEMENTS.title).textContent = selection?.scenario ?? "Nothing was measured";
  find(ELEMENTS.about).textContent = [
    scenario?.summary ?? "", scenario === undefined || scenario.unit === "" ? "" : `one unit: ${scenario.unit}`,
    scenario === undefined || scenario.event === "" ? "" : `timed: ${scenario.event}`,
  ].filter((sentence) => sentence !== "").join("; ");
  find(ELEMENTS.warning).textContent = selection?.source.warning ?? "";
  const aboutEngines: Selection = { engines, source: ofEngines, scenario: selection?.scenario ?? "", harts: 0 };
  await Promise.all([
    ...FIGURES_OF_SCENARIOS.map((figure) => show(figure, selection)),
    ...FIGURES_OF_ENGINES.map((figure) => show(figure, aboutEngines)),
  ]);
  find(ELEMENTS.status).textContent = selection === undefined ? "" : `Showing ${selection.scenario} on ${harts(selection.harts)}. ${selection.source.label}.`;
}

/** Of a window that is being made, there is nothing to see. */
const LEAST_WIDTH = 100;
let width = 0;
new ResizeObserver(() => {
  const { clientWidth } = document.documentElement;
  if (clientWidth === width || clientWidth < LEAST_WIDTH) return;
  width = clientWidth;
  void draw();
}).observe(document.documentElement);
