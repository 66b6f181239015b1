// The colours, in light and dark. Those of engines have the hues of Okabe and Ito (2008), made darker or lighter until a line
// of each has a contrast of 3 : 1 with the paper (WCAG 2.2, 1.4.11) and the colour-blind tell them apart.

interface Scheme {
  readonly paper: string;
  readonly text: string;
  readonly faint: string;
  readonly grid: string;
  readonly ideal: string;
  /** Of engines, in their order; the first is the baseline's. */
  readonly engines: readonly string[];
  /** Of parts of a whole. */
  readonly parts: readonly string[];
  /** Behind outcomes of attacks, from harmless to bad, and where there is none. */
  readonly outcomes: readonly string[];
  /** Of text on these. */
  readonly onOutcomes: readonly string[];
}

/** The colours as a drawing names them: values, or the page's variables. */
export type Ink = Scheme;

export const LIGHT: Scheme = {
  paper: "#ffffff", text: "#1b1f24", faint: "#57606a", grid: "#e3e7ec", ideal: "#76808b",
  engines: ["#414042", "#944984", "#007fc7", "#ae3800", "#168665", "#bf8900", "#2f8fc4", "#7a5c3e"],
  parts: ["#8ccbea", "#ddb74a", "#9c1f5a", "#d5dae0", "#44aa99", "#332288", "#cc6677", "#999933", "#aa4499"],
  outcomes: ["#d9efe6", "#f6dfa4", "#b3352b", "#f1f3f5"],
  onOutcomes: ["#0b4a37", "#5a3d00", "#ffffff", "#57606a"],
};

export const DARK: Scheme = {
  paper: "#14181d", text: "#e6eaee", faint: "#a2adb8", grid: "#2c333b", ideal: "#8b96a1",
  engines: ["#b5cedc", "#ba6fa4", "#57b5ed", "#f1813d", "#25c295", "#ffc436", "#8fd0f5", "#c9a27d"],
  parts: ["#5fa8cc", "#d2a93a", "#e0588f", "#4a535d", "#56b8a8", "#8f86e0", "#dd8b98", "#b9b955", "#cc79c4"],
  outcomes: ["#17392f", "#5a4512", "#e2645a", "#20262d"],
  onOutcomes: ["#9fe3c9", "#ffe09a", "#14181d", "#a2adb8"],
};

/** Every colour of a scheme by the name of its variable. */
export function namedColours(scheme: Scheme): [name: string, colour: string][] {
  return Object.entries(scheme).flatMap(([name, colours]: [string, string | readonly string[]]) => (
    typeof colours === "string" ? [[`--${name}`, colours] as [string, string]] : colours.map((colour, index): [string, string] => [`--${name}-${index}`, colour])));
}

/** Ink that follows the page's scheme, in print too, without being drawn again. */
export const VARIABLE_INK: Ink = {
  paper: "var(--paper)", text: "var(--text)", faint: "var(--faint)", grid: "var(--grid)", ideal: "var(--ideal)",
  engines: LIGHT.engines.map((_, index) => `var(--engines-${index})`),
  parts: LIGHT.parts.map((_, index) => `var(--parts-${index})`),
  outcomes: LIGHT.outcomes.map((_, index) => `var(--outcomes-${index})`),
  onOutcomes: LIGHT.onOutcomes.map((_, index) => `var(--onOutcomes-${index})`),
};
