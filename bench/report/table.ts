// Plain text tables: first columns to the left, figures to the right; as wide as a terminal of 80 columns has room for.

export interface Column<Row> {
  readonly title: string;
  readonly align: "left" | "right";
  /** Whether it says what a line is of: repeated where a table goes on below. Where no column does, the first is taken. */
  readonly key?: boolean;
  readonly text: (row: Row) => string;
}

/** Of a line, with what `indent` puts before it. */
export const PAGE_WIDTH = 80;
const INDENTATION = "  ";
const TABLE_WIDTH = PAGE_WIDTH - INDENTATION.length;
/** What says what a line is of goes on in the next one from here. */
const KEY_WIDTH = 30;
const GAP = 2;

interface Filled {
  readonly title: string;
  readonly align: "left" | "right";
  readonly cells: readonly string[];
  readonly width: number;
}

/** The table's lines; columns that have no room beside the others follow below, for the rows that have any of them. Columns that are empty in every row are left out. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const keyed = columns.some(({ key }) => key) ? columns : columns.map((column, index) => ({ ...column, key: index === 0 }));
  const fill = (list: readonly Column<Row>[], most: number): Filled[] => list
    .map(({ title, align, text }) => ({ title, align, cells: rows.map((row) => foldWords(text(row), most)) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ""))
    .map((filled) => ({ ...filled, width: Math.max(...[filled.title, ...filled.cells].flatMap((cell) => cell.split("\n").map((line) => line.length))) }));
  const keys = fill(keyed.filter(({ key }) => key), KEY_WIDTH);
  const tables = sideBySide(keys, fill(keyed.filter(({ key }) => !key), Infinity));
  return tables.map((others, index) => formatLines([...keys, ...others], [...rows.keys()].filter((row) => index === 0 || others.some(({ cells }) => cells[row] !== "")))).join("\n\n");
}

/** Columns that have room beside the keys, and those that have to go below. */
function sideBySide(keys: readonly Filled[], others: readonly Filled[]): Filled[][] {
  const widthOf = (columns: readonly Filled[]) => columns.reduce((sum, { width }) => sum + width + GAP, -GAP);
  const tables: Filled[][] = [[]];
  for (const column of others) {
    const [table] = tables.slice(-1);
    if (table.length > 0 && widthOf([...keys, ...table, column]) > TABLE_WIDTH) tables.push([column]);
    else table.push(column);
  }
  return tables;
}

function formatLines(columns: readonly Filled[], rows: readonly number[]): string {
  const line = (cellOf: (column: Filled) => string): string => {
    const parts = columns.map((column) => cellOf(column).split("\n"));
    const height = Math.max(1, ...parts.map(({ length }) => length));
    return Array.from({ length: height }, (_, at) => (
      columns.map(({ align, width }, index) => (align === "left" ? (parts[index][at] ?? "").padEnd(width) : (parts[index][at] ?? "").padStart(width)))
        .join(" ".repeat(GAP)).trimEnd())).join("\n");
  };
  return [line(({ title }) => title), ...rows.map((row) => line(({ cells }) => cells[row]))].join("\n");
}

/** Broken between words, so that lines have no more than so many characters where words have not; `hanging` begins all but the first. */
export function foldWords(text: string, most: number, hanging = ""): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(last === undefined ? word : `${hanging}${word}`);
  }
  return lines.join("\n");
}

/** Lines that are too long for the page, which are prose, broken between words. */
export const foldPage = (text: string): string => text.split("\n").map((line) => {
  if (line.length <= PAGE_WIDTH) return line;
  const margin = /^ */.exec(line)?.[0] ?? "";
  return margin + foldWords(line.slice(margin.length), PAGE_WIDTH - margin.length, INDENTATION).replaceAll("\n", `\n${margin}`);
}).join("\n");

/** A figure with about four significant digits and thousands set apart; empty for null. */
export function formatFigure(value: number | null): string {
  if (value === null) return "";
  const digits = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : Math.abs(value) >= 0.01 || value === 0 ? 2 : 4;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

/** Nanoseconds in the unit that reads best. */
export function formatNanoseconds(value: number | null): string {
  if (value === null) return "";
  if (value < 1e3) return `${value.toFixed(0)} ns`;
  if (value < 1e6) return `${(value / 1e3).toPrecision(3)} µs`;
  if (value < 1e9) return `${(value / 1e6).toPrecision(3)} ms`;
  return `${(value / 1e9).toPrecision(3)} s`;
}

export const indent = (text: string): string => text.replaceAll(/^(?=.)/gm, INDENTATION);
