import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DeviceTreeNode, type MemoryReservation, type PropertyValue, writeDeviceTree } from "../../engines/loader/device-tree.ts";
import { readDeviceTree } from "../../engines/loader/device-tree-reader.ts";
import { foreignDeviceTree } from "../../engines/loader/foreign-tree.ts";
import type { LoadErrorKind } from "../../engines/loader/result.ts";

const hasCompiler = spawnSync("dtc", ["--version"]).status === 0;
if (!hasCompiler) console.warn("device tree tests skipped: install dtc (Debian: device-tree-compiler)");

function compile(source: string): Uint8Array {
  const run = spawnSync("dtc", ["-I", "dts", "-O", "dtb", "-"], { input: source });
  if (run.status !== 0) throw new Error(run.stderr.toString());
  return run.stdout;
}

/** What dtc makes of a tree; undefined where it does not take it. */
function decompile(tree: Uint8Array): string | undefined {
  const run = spawnSync("dtc", ["-f", "-q", "-I", "dtb", "-O", "dts", "-"], { input: tree });
  return run.status === 0 ? run.stdout.toString() : undefined;
}

const name = fc.stringMatching(/^[a-z][a-z0-9,._+-]{0,20}(@[0-9a-f]{1,8})?$/);
const value: fc.Arbitrary<PropertyValue> = fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ bytes }));
const properties = fc.dictionary(fc.stringMatching(/^[a-zA-Z#][a-zA-Z0-9,._+?#-]{0,20}$/), value, { maxKeys: 5 });
const { node } = fc.letrec<{ node: DeviceTreeNode }>((tie) => ({
  node: fc.record({
    name, properties,
    children: fc.oneof({ depthSize: "small" }, fc.constant([]), fc.uniqueArray(tie("node"), { maxLength: 4, selector: (child) => child.name })),
  }),
}));
const root = node.map((tree): DeviceTreeNode => ({ ...tree, name: "" }));
const reservations = fc.array(fc.record<MemoryReservation>({
  address: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), bytes: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
}), { maxLength: 3 });

/** A little of everything. */
const SAMPLE = writeDeviceTree({
  name: "",
  properties: { "#address-cells": { cells: [2] }, "#size-cells": { cells: [2] }, compatible: { text: "someone,board" } },
  children: [
    { name: "chosen", properties: { bootargs: { text: "old" }, "linux,initrd-start": { cells: [0, 0x8400_0000] } }, children: [] },
    { name: "memory@0", properties: { device_type: { text: "memory" }, reg: { cells: [0, 0, 0, 0x1000] } }, children: [] },
    { name: "soc", properties: { ranges: { present: true } }, children: [{ name: "uart@10000000", properties: { reg: { cells: [1, 2] } }, children: [] }] },
  ],
}, [{ address: 0x8000_0000n, bytes: 0x2_0000n }]);

function changed(at: number, cell: number): Uint8Array {
  const tree = SAMPLE.slice();
  new DataView(tree.buffer).setUint32(at, cell);
  return tree;
}

describe("a tree", () => {
  test("is read as it was written", () => {
    fc.assert(fc.property(root, reservations, (tree, reserved) => {
      expect(readDeviceTree(writeDeviceTree(tree, reserved))).toEqual({ ok: true, value: { root: tree, reservations: reserved } });
    }));
  });

  test.skipIf(!hasCompiler)("that dtc wrote means to dtc the same after we read and wrote it", () => {
    const source = `/dts-v1/; /memreserve/ 0x80000000 0x20000; / { #address-cells = <2>; #size-cells = <1>; model = "a", "b";
      empty; bytes = [00 ff 17]; a: node@1 { reg = <1 2 3>; deep { er { x = <&a>; }; }; }; node@2 { status = "okay"; }; };`;
    const read = readDeviceTree(compile(source));
    if (!read.ok) throw new Error(read.error.message);
    expect(decompile(writeDeviceTree(read.value.root, read.value.reservations))).toBe(decompile(compile(source)));
  });

  test("with NOPs and room behind it is the same tree", () => {
    const tree = writeDeviceTree({ name: "", properties: { a: { bytes: new Uint8Array(4) } }, children: [] });
    const nops = tree.slice();
    const view = new DataView(nops.buffer);
    const structure = view.getUint32(8);
    for (let cell = structure + 8; cell < structure + 24; cell += 4) view.setUint32(cell, 4);
    expect(readDeviceTree(nops)).toEqual({ ok: true, value: { root: { name: "", properties: {}, children: [] }, reservations: [] } });
    expect(readDeviceTree(Buffer.concat([tree, Buffer.alloc(100)]))).toEqual(readDeviceTree(tree));
  });
});

describe("what is no tree is refused", () => {
  const structure = new DataView(SAMPLE.buffer).getUint32(8);
  test.each<[string, LoadErrorKind, Uint8Array]>([
    ["nothing", "tree-truncated", new Uint8Array(0)],
    ["a file cut short", "tree-truncated", SAMPLE.subarray(0, SAMPLE.length - 1)],
    ["something else", "tree-magic", new Uint8Array(100)],
    ["an old version", "tree-version", changed(20, 16)],
    ["a version to come", "tree-version", changed(24, 18)],
    ["a structure block beyond the end", "tree-layout", changed(36, SAMPLE.length)],
    ["a structure block in the header", "tree-layout", changed(8, 36)],
    ["a structure block at an odd address", "tree-layout", changed(8, structure + 2)],
    ["a strings block beyond the end", "tree-layout", changed(12, 0xffff_ffff)],
    ["reservations in the header", "tree-reservations", changed(16, 8)],
    ["reservations at an odd address", "tree-reservations", changed(16, 44)],
    ["reservations without an end", "tree-reservations", changed(16, SAMPLE.length & ~7)],
    ["an unknown token", "tree-structure", changed(structure, 5)],
    ["an end before the tree", "tree-structure", changed(structure, 9)],
    ["a node that never begins", "tree-structure", changed(structure, 2)],
    ["a property outside a node", "tree-structure", changed(structure, 3)],
    ["a property longer than the tree", "tree-structure", changed(structure + 12, 0xffff_fff0)],
    ["a property without a name", "tree-name", changed(structure + 16, 0xffff)],
    ["a root with a name", "tree-name", changed(structure + 4, 0x6162_0000)],
  ])("%s", (_name, kind, file) => {
    expect(readDeviceTree(file)).toMatchObject({ ok: false, error: { kind, message: expect.not.stringContaining("\n") } });
  });

  test("a node or property that is there twice", () => {
    const twin: DeviceTreeNode = { name: "twin", properties: {}, children: [] };
    expect(readDeviceTree(writeDeviceTree({ name: "", properties: {}, children: [twin, twin] }))).toMatchObject({ error: { kind: "tree-duplicate" } });
  });

  test("nodes within nodes without end", () => {
    let tree: DeviceTreeNode = { name: "x", properties: {}, children: [] };
    for (let depth = 0; depth < 64; depth++) tree = { name: depth === 63 ? "" : "x", properties: {}, children: [tree] };
    expect(readDeviceTree(writeDeviceTree(tree))).toMatchObject({ error: { kind: "tree-depth" } });
  });

  test("whatever is changed in a tree, reading it answers, and what is read can be written and read again", () => {
    const edit = fc.record({ at: fc.nat({ max: SAMPLE.length - 1 }), byte: fc.nat({ max: 255 }) });
    fc.assert(fc.property(root, reservations, fc.array(edit, { minLength: 1, maxLength: 4 }), (tree, reserved, edits) => {
      const file = writeDeviceTree(tree, reserved);
      for (const { at, byte } of edits) file[at % file.length] = byte;
      const read = readDeviceTree(file);
      const again = read.ok ? readDeviceTree(writeDeviceTree(read.value.root, read.value.reservations)) : read;
      expect(again).toEqual(read);
    }), { numRuns: 2000 });
  });

  test.skipIf(!hasCompiler)("what we take of a damaged tree, dtc takes too", () => {
    const edit = fc.record({ at: fc.integer({ min: 56, max: SAMPLE.length - 1 }), byte: fc.nat({ max: 255 }) });
    fc.assert(fc.property(edit, ({ at, byte }) => {
      const file = SAMPLE.slice();
      file[at] = byte;
      const isTree = readDeviceTree(file).ok;
      expect(isTree && decompile(file) === undefined).toBe(false);
    }), { numRuns: 100 });
  });
});

describe("a tree that the user gives", () => {
  const given = { memory: 0x8020_0000, memoryBytes: 0x800_0000, bootArguments: "" };

  test("says what memory there is, and is otherwise as it was", () => {
    const adapted = foreignDeviceTree(SAMPLE, given);
    const before = readDeviceTree(SAMPLE);
    const after = adapted.ok ? readDeviceTree(adapted.value) : adapted;
    if (!before.ok || !after.ok) throw new Error("it does not parse");
    const memory = after.value.root.children.filter((child) => child.name.startsWith("memory"));
    expect(memory).toMatchObject([{ name: "memory@80200000", properties: { reg: { bytes: Uint8Array.of(0, 0, 0, 0, 0x80, 0x20, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0) } } }]);
    const others = (tree: DeviceTreeNode) => tree.children.filter((child) => !child.name.startsWith("memory"));
    expect(others(after.value.root)).toEqual(others(before.value.root));
    expect(after.value.root.properties).toEqual(before.value.root.properties);
    expect(after.value.reservations).toEqual(before.value.reservations);
  });

  test("gets boot arguments beside what /chosen had", () => {
    const adapted = foreignDeviceTree(SAMPLE, { ...given, bootArguments: "new" });
    const after = adapted.ok ? readDeviceTree(adapted.value) : adapted;
    if (!after.ok) throw new Error(after.error.message);
    const chosen = after.value.root.children.filter((child) => child.name === "chosen");
    expect(chosen).toMatchObject([{ properties: { bootargs: { bytes: Uint8Array.from(Buffer.from("new\0")) }, "linux,initrd-start": {} } }]);
  });

  test("with one cell for sizes by default, and no room for what does not fit", () => {
    const tree = writeDeviceTree({ name: "", properties: { "#address-cells": { cells: [1] } }, children: [] });
    expect(foreignDeviceTree(tree, given)).toMatchObject({ ok: true });
    expect(foreignDeviceTree(tree, { ...given, memory: 0x1_0000_0000 })).toMatchObject({ error: { kind: "tree-cells" } });
  });
});
