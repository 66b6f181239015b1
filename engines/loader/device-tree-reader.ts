// Reads a flattened device tree, version 17 (Devicetree Specification 0.4, chapter 5). What it returns is
// checked: every block lies in the file, the structure is one well-formed tree, and every name is a name.

import type { DeviceTree, DeviceTreeNode, MemoryReservation, PropertyValue } from "./device-tree.ts";
import { HEADER_BYTES, MAGIC, TOKEN, VERSION } from "./device-tree.ts";
import { hex, loaded, refuse, type Loaded } from "./result.ts";

const FIELD = {
  magic: 0, totalSize: 4, structureOffset: 8, stringsOffset: 12, reservationsOffset: 16, version: 20,
  lastCompatibleVersion: 24, stringsBytes: 32, structureBytes: 36,
} as const;
const RESERVATION_ALIGNMENT = 8;
const RESERVATION_BYTES = 16;
const CELL = 4;
const NOP = 4;
/** Real trees are five or six deep, and section 2.2.1 allows names of 31 characters. */
const DEEPEST = 64;
const LONGEST_NAME = 255;
/** Printable, and nothing that separates names in a path. */
const NODE_NAME = /^[!-.0-~]+$/;
const PROPERTY_NAME = /^[!-~]+$/;

interface Block {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
}

/** A node that has begun and not ended. */
interface OpenNode {
  readonly name: string;
  readonly properties: Map<string, PropertyValue>;
  readonly children: DeviceTreeNode[];
  readonly childNames: Set<string>;
}

export function readDeviceTree(file: Uint8Array): Loaded<DeviceTree> {
  if (file.length < HEADER_BYTES) return refuse("tree-truncated", `the device tree has ${file.length} bytes: its header alone has ${HEADER_BYTES}`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const field = (at: number): number => view.getUint32(at, false);
  if (field(FIELD.magic) !== MAGIC) return refuse("tree-magic", `this is no flattened device tree: it begins with ${hex(field(FIELD.magic))}, not with ${hex(MAGIC)}`);
  if (field(FIELD.version) < VERSION || field(FIELD.lastCompatibleVersion) > VERSION) {
    return refuse("tree-version",
      `the device tree has version ${field(FIELD.version)}, readable from ${field(FIELD.lastCompatibleVersion)} on: convert it to version ${VERSION}`);
  }
  const total = field(FIELD.totalSize);
  if (total > file.length) return refuse("tree-truncated", `the device tree has ${total} bytes, the file only ${file.length}`);
  const structure: Block = { name: "structure block", offset: field(FIELD.structureOffset), bytes: field(FIELD.structureBytes) };
  const strings: Block = { name: "strings block", offset: field(FIELD.stringsOffset), bytes: field(FIELD.stringsBytes) };
  for (const { name, offset, bytes } of [structure, strings]) {
    if (offset < HEADER_BYTES || offset + bytes > total) {
      return refuse("tree-layout", `the device tree's ${name}, ${bytes} bytes at ${hex(offset)}, does not lie between its header and its end at ${hex(total)}`);
    }
  }
  if (structure.offset % CELL !== 0) return refuse("tree-layout", `the device tree's structure block at ${hex(structure.offset)} is not aligned to ${CELL} bytes`);
  const reservations = readReservations(view, field(FIELD.reservationsOffset), total);
  if (!reservations.ok) return reservations;
  const root = new StructureReader(file, view, structure, strings).read();
  return root.ok ? loaded({ root: root.value, reservations: reservations.value }) : root;
}

function readReservations(view: DataView, offset: number, total: number): Loaded<readonly MemoryReservation[]> {
  if (offset < HEADER_BYTES || offset % RESERVATION_ALIGNMENT !== 0) {
    return refuse("tree-reservations", `the device tree's memory reservations at ${hex(offset)} are in its header, or not aligned to ${RESERVATION_ALIGNMENT} bytes`);
  }
  const reservations: MemoryReservation[] = [];
  for (let at = offset; at + RESERVATION_BYTES <= total; at += RESERVATION_BYTES) {
    const address = view.getBigUint64(at, false);
    const bytes = view.getBigUint64(at + 8, false);
    if (address === 0n && bytes === 0n) return loaded(reservations);
    reservations.push({ address, bytes });
  }
  return refuse("tree-reservations", "the device tree's memory reservations do not end");
}

/** Walks the structure block once, without recursion: what it reads may be hostile. */
class StructureReader {
  readonly #file: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  readonly #strings: Block;
  #at: number;
  readonly #open: OpenNode[] = [];

  constructor(file: Uint8Array, view: DataView, structure: Block, strings: Block) {
    this.#file = file;
    this.#view = view;
    this.#at = structure.offset;
    this.#end = structure.offset + structure.bytes;
    this.#strings = strings;
  }

  /** The root, which must be all there is. */
  read(): Loaded<DeviceTreeNode> {
    let root: DeviceTreeNode | undefined;
    for (;;) {
      const token = this.#cell();
      if (token === TOKEN.end && root !== undefined && this.#open.length === 0) return loaded(root);
      if (token === NOP) continue;
      if (root !== undefined) return this.#malformed("goes on behind its root node");
      if (token === TOKEN.beginNode) {
        const refused = this.#begin();
        if (refused !== undefined) return refused;
      } else if (token === TOKEN.property) {
        const refused = this.#property();
        if (refused !== undefined) return refused;
      } else if (token === TOKEN.endNode) {
        const ended = this.#open.pop();
        if (ended === undefined) return this.#malformed("ends a node that has not begun");
        const node: DeviceTreeNode = { name: ended.name, properties: Object.fromEntries(ended.properties), children: ended.children };
        const parent = this.#open.at(-1);
        if (parent === undefined) root = node;
        else parent.children.push(node);
      } else {
        return this.#malformed(token === undefined || token === TOKEN.end ? "ends inside a node" : `has the token ${hex(token)}`);
      }
    }
  }

  #begin(): Loaded<never> | undefined {
    const isRoot = this.#open.length === 0;
    if (this.#open.length === DEEPEST) return refuse("tree-depth", `the device tree has nodes more than ${DEEPEST} deep`);
    const name = this.#text(this.#at, this.#end);
    if (name === undefined) return this.#malformed(`has a node whose name does not end within ${LONGEST_NAME} characters`);
    if (isRoot ? name !== "" : !NODE_NAME.test(name)) {
      return refuse("tree-name", isRoot ? `the device tree's root is called ${JSON.stringify(name)}` : `a device tree node cannot be called ${JSON.stringify(name)}`);
    }
    this.#skip(name.length + 1);
    const siblings = this.#open.at(-1)?.childNames;
    if (siblings?.has(name) === true) return refuse("tree-duplicate", `the device tree has the node ${name} twice in one node`);
    siblings?.add(name);
    this.#open.push({ name, properties: new Map(), children: [], childNames: new Set() });
  }

  #property(): Loaded<never> | undefined {
    const node = this.#open.at(-1);
    // Section 5.4.2: the properties of a node come before its subnodes.
    if (node === undefined || node.children.length > 0) return this.#malformed("has a property outside a node or behind its subnodes");
    const bytes = this.#cell();
    const nameOffset = this.#cell();
    if (bytes === undefined || nameOffset === undefined || this.#at + bytes > this.#end) return this.#malformed("ends inside a property");
    const { offset, bytes: stringsBytes } = this.#strings;
    const name = this.#text(offset + nameOffset, offset + stringsBytes);
    if (name === undefined || !PROPERTY_NAME.test(name)) {
      return refuse("tree-name", `a device tree property has no name at ${hex(nameOffset)} of the strings block`);
    }
    if (node.properties.has(name)) return refuse("tree-duplicate", `the device tree has the property ${name} twice in one node`);
    node.properties.set(name, { bytes: new Uint8Array(this.#file.subarray(this.#at, this.#at + bytes)) });
    this.#skip(bytes);
  }

  /** The next cell; undefined where the block ends. */
  #cell(): number | undefined {
    if (this.#at + CELL > this.#end) return undefined;
    this.#at += CELL;
    return this.#view.getUint32(this.#at - CELL, false);
  }

  /** The name that begins at `from` and is terminated before `end`. */
  #text(from: number, end: number): string | undefined {
    const length = this.#file.subarray(from, Math.min(end, from + LONGEST_NAME + 1)).indexOf(0);
    return length < 0 ? undefined : String.fromCharCode(...this.#file.subarray(from, from + length));
  }

  /** Passes `bytes` and what aligns the next token. */
  #skip(bytes: number): void {
    this.#at += Math.ceil(bytes / CELL) * CELL;
  }

  #malformed(what: string): Loaded<never> {
    return refuse("tree-structure", `the device tree's structure block ${what}, at ${hex(this.#at)}`);
  }
}
