// A device tree that the user gave. The guest gets it as it is, but for what only the loader knows: the
// memory it has, the hart it starts on (0, which every tree written here says), and boot arguments if there are any.

import { cells64, type DeviceTree, type DeviceTreeNode, type PropertyValue, writeDeviceTree } from "./device-tree.ts";
import { readDeviceTree } from "./device-tree-reader.ts";
import { hex, loaded, refuse, type Loaded } from "./result.ts";

export interface ForeignDescription {
  readonly memory: number;
  readonly memoryBytes: number;
  /** "" leaves those of the tree. */
  readonly bootArguments: string;
}

/** What a root that does not say so has (Devicetree Specification 0.4, section 2.3.5). */
const DEFAULT_CELLS = { "#address-cells": 2, "#size-cells": 1 } as const;
const CELL_BYTES = 4;
const LARGEST_CELL = 0xffff_ffff;

export function foreignDeviceTree(file: Uint8Array, description: ForeignDescription): Loaded<Uint8Array> {
  const tree = readDeviceTree(file);
  if (!tree.ok) return tree;
  const adapted = adapt(tree.value, description);
  return adapted.ok ? loaded(writeDeviceTree(adapted.value, tree.value.reservations)) : adapted;
}

function adapt({ root }: DeviceTree, { memory, memoryBytes, bootArguments }: ForeignDescription): Loaded<DeviceTreeNode> {
  const address = cellsOf(root, "#address-cells", memory);
  const size = cellsOf(root, "#size-cells", memoryBytes);
  if (address === undefined || size === undefined) {
    return refuse("tree-cells", `the device tree's root has #address-cells or #size-cells that cannot say ${hex(memoryBytes)} bytes at ${hex(memory)}: give it 2 of each`);
  }
  const memoryNode: DeviceTreeNode = {
    name: `memory@${memory.toString(16)}`,
    properties: { device_type: { text: "memory" }, reg: { cells: [...address, ...size] } },
    children: [],
  };
  const others = root.children.filter((node) => !isMemory(node) && (node.name !== "chosen" || bootArguments === ""));
  const chosen = root.children.find((node) => node.name === "chosen") ?? { name: "chosen", properties: {}, children: [] };
  const withArguments = { ...chosen, properties: { ...chosen.properties, bootargs: { text: bootArguments } } };
  return loaded({ ...root, children: [...(bootArguments === "" ? [] : [withArguments]), memoryNode, ...others] });
}

/** Section 3.4: memory nodes are known by their device_type. */
function isMemory({ name, properties }: DeviceTreeNode): boolean {
  return name === "memory" || name.startsWith("memory@") || textOf(properties["device_type"]) === "memory\0";
}

/** `value` in as many cells as the root says; undefined where it does not fit. */
function cellsOf(root: DeviceTreeNode, name: keyof typeof DEFAULT_CELLS, value: number): readonly number[] | undefined {
  const given = root.properties[name];
  const count = given === undefined ? DEFAULT_CELLS[name] : cellOf(given);
  if (count === 2) return cells64(value);
  return count === 1 && value <= LARGEST_CELL ? [value] : undefined;
}

function cellOf(value: PropertyValue): number | undefined {
  if (!("bytes" in value) || value.bytes.length !== CELL_BYTES) return undefined;
  return new DataView(value.bytes.buffer, value.bytes.byteOffset).getUint32(0, false);
}

function textOf(value: PropertyValue | undefined): string | undefined {
  return value !== undefined && "bytes" in value ? new TextDecoder("latin1").decode(value.bytes) : undefined;
}
