// Writes a flattened device tree, version 17 (Devicetree Specification 0.4, chapter 5).

/** Text, a list of texts, 32-bit cells, present without a value, or bytes of whatever meaning. */
export type PropertyValue =
  | { readonly text: string }
  | { readonly texts: readonly string[] }
  | { readonly cells: readonly number[] }
  | { readonly present: true }
  | { readonly bytes: Uint8Array };

export interface DeviceTreeNode {
  /** Name with its unit address; "" for the root. */
  readonly name: string;
  readonly properties: Readonly<Record<string, PropertyValue>>;
  readonly children: readonly DeviceTreeNode[];
}

/** Memory that the guest must leave alone. */
export interface MemoryReservation {
  readonly address: bigint;
  readonly bytes: bigint;
}

export interface DeviceTree {
  readonly root: DeviceTreeNode;
  readonly reservations: readonly MemoryReservation[];
}

export const MAGIC = 0xd00d_feed;
export const VERSION = 17;
export const LAST_COMPATIBLE_VERSION = 16;
export const HEADER_BYTES = 40;
export const TOKEN = { beginNode: 1, endNode: 2, property: 3, end: 9 } as const;
const BOOT_HART = 0;

/** The tree as bytes. Throws RangeError on a text that holds NUL. */
export function writeDeviceTree(root: DeviceTreeNode, reservations: readonly MemoryReservation[] = []): Uint8Array {
  const structure: number[] = [];
  const strings = new StringTable();
  writeNode(root, structure, strings);
  pushCell(structure, TOKEN.end);

  const reserved = reservationBlock(reservations);
  const structureOffset = HEADER_BYTES + reserved.length;
  const stringsOffset = structureOffset + structure.length;
  const total = stringsOffset + strings.bytes.length;
  const header: number[] = [];
  for (const field of [
    MAGIC, total, structureOffset, stringsOffset, HEADER_BYTES, VERSION, LAST_COMPATIBLE_VERSION,
    BOOT_HART, strings.bytes.length, structure.length,
  ]) pushCell(header, field);

  const tree = new Uint8Array(total);
  tree.set(header, 0);
  tree.set(reserved, HEADER_BYTES);
  tree.set(structure, structureOffset);
  tree.set(strings.bytes, stringsOffset);
  return tree;
}

/** Two cells, for #address-cells or #size-cells of 2. */
export function cells64(value: number): readonly [number, number] {
  return [Math.floor(value / 0x1_0000_0000), value >>> 0];
}

/** Property names, each once. */
class StringTable {
  readonly bytes: number[] = [];
  readonly #offsets = new Map<string, number>();

  offset(name: string): number {
    const known = this.#offsets.get(name);
    if (known !== undefined) return known;
    const offset = this.bytes.length;
    pushText(this.bytes, name);
    this.#offsets.set(name, offset);
    return offset;
  }
}

/** Terminated by an entry of zeros. */
function reservationBlock(reservations: readonly MemoryReservation[]): Uint8Array {
  const words = new BigUint64Array(2 * (reservations.length + 1));
  const view = new DataView(words.buffer);
  for (const [index, { address, bytes }] of reservations.entries()) {
    view.setBigUint64(16 * index, address, false);
    view.setBigUint64(16 * index + 8, bytes, false);
  }
  return new Uint8Array(words.buffer);
}

function writeNode(node: DeviceTreeNode, out: number[], strings: StringTable): void {
  pushCell(out, TOKEN.beginNode);
  pushText(out, node.name);
  align(out);
  for (const [name, value] of Object.entries(node.properties)) {
    const bytes = encode(value);
    pushCell(out, TOKEN.property);
    pushCell(out, bytes.length);
    pushCell(out, strings.offset(name));
    for (const byte of bytes) out.push(byte);
    align(out);
  }
  for (const child of node.children) writeNode(child, out, strings);
  pushCell(out, TOKEN.endNode);
}

function encode(value: PropertyValue): readonly number[] {
  const out: number[] = [];
  if ("text" in value) pushText(out, value.text);
  else if ("texts" in value) for (const text of value.texts) pushText(out, text);
  else if ("cells" in value) for (const cell of value.cells) pushCell(out, cell);
  else if ("bytes" in value) return Array.from(value.bytes);
  return out;
}

/** Big-endian, as everything in a device tree. */
function pushCell(out: number[], value: number): void {
  out.push((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

function pushText(out: number[], text: string): void {
  if (text.includes("\0")) throw new RangeError(`the device tree text ${JSON.stringify(text)} holds a NUL`);
  for (const byte of new TextEncoder().encode(text)) out.push(byte);
  out.push(0);
}

function align(out: number[]): void {
  while (out.length % 4 !== 0) out.push(0);
}
