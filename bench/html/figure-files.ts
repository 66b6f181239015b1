// The page's figures as files, in light colours: of the first source, each scenario at its most harts.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Dataset, hartsOf, scenariosOf, type Selection, type Source } from "../figures/dataset.ts";
import type { Figure } from "../figures/figure.ts";
import { FIGURES_OF_ENGINES, FIGURES_OF_SCENARIOS } from "../figures/figures.ts";
import { LIGHT } from "../figures/ink.ts";
import { toPng, toSvg } from "./drawings.ts";

/** In pixels: a column of text on a page, and what spans two. */
const WIDTH = 640;
const WIDE = 860;

/** Replaces the folder. Answers how many figures it holds then. */
export async function writeFigures(folder: string, { engines, scenarios, sources }: Dataset, ofEngines: Source): Promise<number> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const [source] = sources;
  const shown = scenariosOf(source, scenarios).map(({ name }) => name);
  const counts = (scenario: string) => hartsOf(source.points.filter((point) => point.scenario === scenario));
  let written = 0;
  const write = async (name: string, figure: Figure, selection: Selection, width: number) => {
    const drawing = figure.draw(selection, { width, ink: LIGHT });
    if (drawing === undefined) return;
    const svg = await toSvg(drawing.spec);
    writeFileSync(join(folder, `${name}.svg`), svg);
    writeFileSync(join(folder, `${name}.png`), toPng(svg));
    written += 1;
  };
  for (const scenario of shown) {
    const selection: Selection = { engines, source, scenario, harts: counts(scenario).at(-1) ?? 0 };
    for (const figure of FIGURES_OF_SCENARIOS) await write(`${figure.name}-${fileName(scenario)}`, figure, selection, WIDTH);
  }
  const aboutEngines: Selection = { engines, source: ofEngines, scenario: shown.find((name) => name === SCENARIO_OF_TRUST) ?? shown[0] ?? "", harts: 0 };
  for (const figure of FIGURES_OF_ENGINES) await write(figure.name, figure, aboutEngines, WIDE);
  return written;
}

/** Whose guests are counted where guests are trusted. */
const SCENARIO_OF_TRUST = "contend";

const fileName = (scenario: string): string => scenario.replaceAll(/[^\w.-]+/g, "-");
