// Result rows as JSON: the fields of the schema, figures as numbers, and null where there is none.

import type { ResultRow } from "./schema.ts";

/** One array, a row a line. */
export const formatJson = (rows: readonly ResultRow[]): string => (rows.length === 0 ? "[]" : `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]`);
