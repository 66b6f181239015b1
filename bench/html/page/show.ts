// One figure on the page: its drawing, what it says, and its table.

import { parse, View } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile } from "vega-lite";
import type { Selection } from "../../figures/dataset.ts";
import type { Drawing, Figure, Table } from "../../figures/figure.ts";
import { VARIABLE_INK } from "../../figures/ink.ts";
import { figureId, PARTS } from "./payload.ts";

const views = new Map<string, View>();

/** Draws anew, in the width that there is. */
export async function show(figure: Figure, selection: Selection | undefined): Promise<void> {
  const frame = document.querySelector<HTMLElement>(`#${figureId(figure.name)}`);
  const [drawing, says, table] = [PARTS.drawing, PARTS.says, PARTS.table].map((part) => frame?.querySelector<HTMLElement>(`.${part}`));
  if (frame === null || drawing == null || says == null || table == null) throw new Error(`the page has no figure ${figure.name}`);
  views.get(figure.name)?.finalize();
  views.delete(figure.name);
  const drawn = selection && figure.draw(selection, { width: drawing.clientWidth, ink: VARIABLE_INK });
  frame.classList.toggle("absent", drawn === undefined);
  says.textContent = drawn?.says ?? figure.absent;
  table.replaceChildren(...(drawn === undefined ? [] : [tableElement(drawn.table, figure.title)]));
  drawing.replaceChildren();
  if (drawn !== undefined) views.set(figure.name, await render(drawn, figure, drawing));
}

async function render({ spec, says }: Drawing, { title }: Figure, container: HTMLElement): Promise<View> {
  const view = new View(parse(compile(spec).spec, undefined, { ast: true }), { expr: expressionInterpreter, renderer: "svg", container, hover: true });
  await view.runAsync();
  const svg = container.querySelector("svg");
  svg?.setAttribute("role", "img");
  svg?.setAttribute("aria-label", `${title}. ${says} The table below has every figure.`);
  return view;
}

function tableElement({ head, body }: Table, title: string): HTMLTableElement {
  const table = document.createElement("table");
  table.createCaption().textContent = title;
  const cell = (kind: "th" | "td", text: string, scope?: string) => {
    const made = document.createElement(kind);
    made.textContent = text;
    if (scope !== undefined) made.setAttribute("scope", scope);
    return made;
  };
  table.createTHead().insertRow().append(...head.map((text) => cell("th", text, "col")));
  const rows = table.createTBody();
  for (const [name, ...figures] of body) rows.insertRow().append(cell("th", name, "row"), ...figures.map((text) => cell("td", text)));
  return table;
}
