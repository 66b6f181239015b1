// The page as text: all that does not change, and what its script draws from.

import type { Source } from "../figures/dataset.ts";
import type { Figure } from "../figures/figure.ts";
import { FIGURES_OF_ENGINES, FIGURES_OF_SCENARIOS } from "../figures/figures.ts";
import { packPoints } from "../figures/pack.ts";
import type { Gathered, Provenance } from "./gather.ts";
import { escapeHtml as text } from "./escape.ts";
import { ELEMENTS, figureId, type PackedSource, PARTS, type Payload } from "./page/payload.ts";
import { engineMark, summaryTable } from "./summary-table.ts";

export interface DocumentParts {
  readonly gathered: Gathered;
  readonly script: string;
  readonly style: string;
  readonly revision: string;
}

/** Nothing may be loaded, from anywhere. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

export function formatDocument({ gathered, script, style, revision }: DocumentParts): string {
  const { dataset, ofEngines, summaries, provenance } = gathered;
  const payload: Payload = { engines: dataset.engines, scenarios: dataset.scenarios, sources: dataset.sources.map(pack), ofEngines: pack(ofEngines) };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>tcbench: hypervisor architectures compared</title>
<style>
${style}</style>
</head>
<body>
<a class="skip" href="#summary">Skip to the summary</a>
<header>
<h1>Hypervisor architectures compared</h1>
<p>The same RISC-V guests ran on each of ${dataset.engines.length} engines over one simulated multicore, so that the architecture is the only thing that differs. Results of: ${provenance.map(({ label }) => text(label)).join("; ")}.</p>
<dl class="engines">
${summaries.map(({ name, summary }) => `<div><dt>${engineMark(name, dataset.engines)}${text(name)}</dt><dd>${text(summary)}</dd></div>`).join("\n")}
</dl>
<nav aria-label="Parts of this report"><ul>
<li><a href="#summary">The trade-off</a></li><li><a href="#workloads">Workload by workload</a></li><li><a href="#engines">What to trust, and what an attacker reaches</a></li><li><a href="#runs">What ran where</a></li>
</ul></nav>
</header>
<main>
<noscript><p><strong>The figures are drawn by this page's script, which is switched off here.</strong> The summary and what ran where are below.</p></noscript>
<section id="summary" aria-labelledby="summary-title">
<h2 id="summary-title">The trade-off on one page</h2>
<p class="faint">A row is a measure, a bar its value in proportion to the row's largest. Arrows say what is better: ↑ more, ↓ less; ★ marks the best, and what is within 1 % of it. Engines as they come, without options. ${text(dataset.sources[0].label)}.</p>
${summaryTable(ofEngines, dataset)}
</section>
<section id="workloads" aria-labelledby="workloads-title">
<h2 id="workloads-title">Workload by workload</h2>
<form class="controls" aria-label="What the figures show" autocomplete="off" onsubmit="return false">
<label>Measured by <select id="${ELEMENTS.source}"></select></label>
<label>Workload <select id="${ELEMENTS.scenario}"></select></label>
<label>Harts <select id="${ELEMENTS.harts}"></select></label>
</form>
<p id="${ELEMENTS.status}" class="visually-hidden" role="status"></p>
<h3 id="${ELEMENTS.title}" style="margin-top:1.2rem"></h3>
<p id="${ELEMENTS.about}" class="faint"></p>
<p id="${ELEMENTS.warning}" class="warning"></p>
<div class="figures">
${FIGURES_OF_SCENARIOS.map((figure, index) => frame(figure, index === 0)).join("\n")}
</div>
</section>
<section id="engines" aria-labelledby="engines-title">
<h2 id="engines-title">What to trust, and what an attacker reaches</h2>
<div class="figures">
${FIGURES_OF_ENGINES.map((figure) => frame(figure, true)).join("\n")}
</div>
</section>
<section id="runs" class="provenance" aria-labelledby="runs-title">
<h2 id="runs-title">What ran where</h2>
${provenance.map(provenanceOf).join("\n")}
</section>
</main>
<footer>Made by tcbench${revision === "" ? "" : `, revision ${text(revision)}`}, from its result files alone. This file needs no network.</footer>
<script type="application/json" id="${ELEMENTS.data}">${JSON.stringify(payload).replaceAll("<", "\\u003c")}</script>
<script>
${script}</script>
</body>
</html>
`;
}

const pack = (source: Source): PackedSource => ({ ...source, points: packPoints(source.points) });

const frame = ({ name, title, reading }: Figure, wide: boolean): string => `<figure id="${figureId(name)}"${wide ? ' class="wide"' : ""}>
<figcaption><h3>${text(title)}</h3><p class="reading">${text(reading)}</p><p class="${PARTS.says}"></p></figcaption>
<div class="${PARTS.drawing}"></div>
<details><summary>Table of ${text(title.toLowerCase())}</summary><div class="${PARTS.table} scroll" tabindex="0" role="region" aria-label="Table of ${text(title.toLowerCase())}"></div></details>
</figure>`;

function provenanceOf({ label, facts, cases, failed, warning }: Provenance): string {
  return `<section><h3>${text(label)}</h3><ul>
<li>${cases} cases</li>
${warning === "" ? "" : `<li class="warning">${text(warning)}</li>`}
${facts.map((fact) => `<li>${text(fact)}</li>`).join("\n")}
${failed.map((reason) => `<li class="failed">failed: ${text(reason)}</li>`).join("\n")}
</ul></section>`;
}
