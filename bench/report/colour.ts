// Colours of reports and warnings: on a terminal only, and not where NO_COLOR asks for none (no-color.org).

import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** What stands out, wherever it stands. */
const STYLES: readonly (readonly [what: RegExp, style: Style])[] = [
  [/^(?! |Every |Its |Columns:|The rows )\S.*$/gm, "bold"],
  [/(?<![/\w-])(failed|ESCAPED)\b/g, "red"],
  [/(?<![/\w-])(contaminated|unsupported)\b|\b\d+\.\d+× slower\b/g, "yellow"],
];

export const paint = (text: string, stream: NodeJS.WriteStream): string => (
  STYLES.reduce((painted, [what, style]) => painted.replaceAll(what, (match) => styleText(style, match, { stream })), text));

export const paintWarning = (line: string, stream: NodeJS.WriteStream): string => line.replace(/^warning:/, (word) => styleText("yellow", word, { stream }));
