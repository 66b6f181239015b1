// The summary as a table with small bars; on narrow screens, the page's style sheet turns each row into a list.

import type { Dataset, Source } from "../figures/dataset.ts";
import { LIGHT } from "../figures/ink.ts";
import { bestOf, type Measure, summarise } from "../figures/summary.ts";
import { short } from "../figures/words.ts";
import { escapeHtml as text } from "./escape.ts";

export function summaryTable(source: Source, { engines, baseline }: Dataset): string {
  const measures = summarise(source, engines);
  const shown = engines.filter((engine) => measures.some(({ values }) => values.has(engine)));
  const groups = [...Map.groupBy(measures, ({ group }) => group)];
  return `<table class="summary" role="table">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col" class="measure"><span class="visually-hidden">Measure</span></th>${shown.map((engine) => `<th role="columnheader" scope="col">${engineMark(engine, engines)}${text(engine)}${engine === baseline ? '<span class="detail">no hypervisor</span>' : ""}</th>`).join("")}</tr></thead>
<tbody role="rowgroup">
${groups.map(([group, own]) => `<tr role="row" class="group"><th role="rowheader" colspan="${shown.length + 1}" scope="rowgroup">${text(group)}</th></tr>
${own.map((measure) => row(measure, shown, { engines, baseline })).join("\n")}`).join("\n")}
</tbody>
</table>`;
}

/** The square of an engine's colour before its name. */
export const engineMark = (engine: string, engines: readonly string[]): string => `<span class="engine-mark" style="background:${colourOf(engine, engines)}"></span>`;

const colourOf = (engine: string, engines: readonly string[]): string => `var(--engines-${engines.indexOf(engine) % LIGHT.engines.length})`;

function row(measure: Measure, shown: readonly string[], { engines, baseline }: Pick<Dataset, "engines" | "baseline">): string {
  const { name, detail, better, values } = measure;
  const most = Math.max(...[...values.values()].map(Math.abs));
  const best = bestOf(measure, baseline);
  const arrow = better === "higher" ? '<span aria-label="higher is better">↑</span>' : '<span aria-label="lower is better">↓</span>';
  const cells = shown.map((engine) => {
    const value = values.get(engine);
    if (value === undefined) return '<td role="cell" class="none faint">–</td>';
    const share = most === 0 ? 0 : Math.max(0, (100 * value) / most);
    return `<td role="cell"><span class="name">${text(engine)}</span><span class="value${best.has(engine) ? " best" : ""}">${short(value)}</span><span class="bar"><span style="width:${share.toFixed(1)}%;background:${colourOf(engine, engines)}"></span></span></td>`;
  });
  return `<tr role="row"><th role="rowheader" scope="row">${text(name)}&nbsp;${arrow}<span class="detail">${text(detail)}</span></th>${cells.join("")}</tr>`;
}
