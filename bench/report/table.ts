// Plain text tables: first columns to the left, figures to the right.

export interface Column<Row> {
  readonly title: string;
  readonly align: "left" | "right";
  readonly text: (row: Row) => string;
}

/** The table's lines. Columns that are empty in every row are left out. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const filled = columns.map((column) => ({ column, cells: rows.map(column.text) })).filter(({ cells }) => cells.some((cell) => cell !== ""));
  const lines = [filled.map(({ column }) => column.title), ...rows.map((_, row) => filled.map(({ cells }) => cells[row]))];
  const widths = filled.map((_, index) => Math.max(...lines.map((line) => line[index].length)));
  return lines.map((line) => line.map((cell, index) => (
    filled[index].column.align === "left" ? cell.padEnd(widths[index]) : cell.padStart(widths[index])
  )).join("  ").trimEnd()).join("\n");
}

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

export const indent = (text: string): string => text.replaceAll(/^/gm, "  ");
