// The page's three selects, and the selection that they mean.

import { hartsOf, type Scenario, scenariosOf, type Selection, type Source } from "../../figures/dataset.ts";
import { ELEMENTS } from "./payload.ts";

export interface Controls {
  /** Undefined where the source has no figures of any workload. */
  selection(): Selection | undefined;
  scenario(): Scenario | undefined;
}

interface Choices {
  readonly engines: readonly string[];
  readonly scenarios: readonly Scenario[];
  readonly sources: readonly Source[];
}

/** Where a report begins: the workload that shows most, where it was measured. */
const FIRST_SCENARIO = "contend";

/** Fills the selects, and calls `changed` whenever the user chose something. */
export function openControls({ engines, scenarios, sources }: Choices, changed: () => void): Controls {
  const [sourceSelect, scenarioSelect, hartsSelect] = [ELEMENTS.source, ELEMENTS.scenario, ELEMENTS.harts].map(findSelect);
  const source = () => sources[Number(sourceSelect.value)];
  const counts = () => hartsOf(source().points.filter((point) => point.scenario === scenarioSelect.value));

  const fillScenarios = () => {
    const names = scenariosOf(source(), scenarios).map(({ name }) => name);
    const wanted = [scenarioSelect.value, FIRST_SCENARIO, ...names].find((name) => names.includes(name));
    fill(scenarioSelect, names.map((name) => [name, name]), wanted);
  };
  const fillHarts = () => {
    const all = counts().map(String);
    fill(hartsSelect, all.map((count) => [count, count]), all.includes(hartsSelect.value) ? hartsSelect.value : all[all.length - 1]);
  };

  fill(sourceSelect, sources.map(({ label }, index) => [String(index), label]), "0");
  fillScenarios();
  fillHarts();
  sourceSelect.addEventListener("change", () => { fillScenarios(); fillHarts(); changed(); });
  scenarioSelect.addEventListener("change", () => { fillHarts(); changed(); });
  hartsSelect.addEventListener("change", changed);
  return {
    selection: () => (scenarioSelect.value === "" ? undefined : { engines, source: source(), scenario: scenarioSelect.value, harts: Number(hartsSelect.value) }),
    scenario: () => scenarios.find(({ name }) => name === scenarioSelect.value),
  };
}

function fill(select: HTMLSelectElement, options: readonly (readonly [value: string, label: string])[], chosen: string | undefined): void {
  select.replaceChildren(...options.map(([value, label]) => new Option(label, value, false, value === chosen)));
  select.disabled = options.length < 2;
}

function findSelect(id: string): HTMLSelectElement {
  const found = document.querySelector<HTMLSelectElement>(`select#${id}`);
  if (found === null) throw new Error(`the page has no select ${id}`);
  return found;
}
