// What loading answers: the thing, or why not and what would be right. Nothing here throws on bad input.

export type LoadErrorKind =
  // the kind of file
  | "foreign"
  // the ELF header
  | "not-elf" | "class" | "endianness" | "version" | "machine" | "type" | "abi" | "header" | "truncated"
  // the segments
  | "no-segment" | "segment-size" | "alignment" | "address-range" | "overlap" | "entry"
  // a flattened device tree
  | "tree-truncated" | "tree-magic" | "tree-version" | "tree-layout" | "tree-reservations" | "tree-structure" | "tree-name"
  | "tree-duplicate" | "tree-depth" | "tree-cells"
  // relocation
  | "dynamic" | "relocation-table" | "relocation-kind" | "relocation-target"
  // placement
  | "fixed-address" | "placement-alignment" | "outside-slot" | "slot-outside-memory";

export interface LoadError {
  readonly kind: LoadErrorKind;
  /** What is wrong, and what would be right. One sentence for a person. */
  readonly message: string;
}

export type Loaded<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: LoadError };

export function loaded<Value>(value: Value): Loaded<Value> {
  return { ok: true, value };
}

export function refuse(kind: LoadErrorKind, message: string): { readonly ok: false; readonly error: LoadError } {
  return { ok: false, error: { kind, message } };
}

/** An address as people write it: 0x8020_0000. */
export function hex(value: number): string {
  return `0x${value.toString(16).replace(/\B(?=(?:[0-9a-f]{4})+$)/g, "_")}`;
}
