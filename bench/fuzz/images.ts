// Images and device trees malformed in every field: loading answers an image in its slot, or a refusal, and never throws.

import { foreignDeviceTree } from "../../engines/loader/foreign-tree.ts";
import { guestDeviceTree } from "../../engines/loader/guest-tree.ts";
import { parseImage } from "../../engines/loader/image-format.ts";
import { LINUX_HEADER_BYTES, LINUX_MAGIC, LINUX_MAGIC_OFFSET } from "../../engines/loader/linux-image.ts";
import { placeDeviceTree, placeImage, placementIn, type Slot } from "../../engines/loader/place.ts";
import { guestPhysical, physical } from "../../engines/machine/address.ts";
import { RAM_BASE } from "../../engines/machine/layout.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import type { ImageName } from "../../workloads/workload.ts";
import { readImage } from "../../workloads/images.ts";
import { Random, seedOf } from "./random.ts";

const MEBI = 0x10_0000;
const SLOT_BYTES = 3 * MEBI;
/** In the middle of RAM, so that writes on either side of it show. */
const SLOT: Slot = { guest: guestPhysical(RAM_BASE), physical: physical(RAM_BASE + MEBI), bytes: SLOT_BYTES };
const GUARD = 0xa5;
const LOOKED_AT = 0x400;
const GOOD: readonly ImageName[] = ["compute", "pipeline", "attack"];
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PROGRAM_HEADERS = 6;
const DYNAMIC = 2;
const RELOCATION_BYTES = 24;

export type ImageKind = "ELF" | "Linux Image" | "flat binary" | "device tree";
export const IMAGE_KINDS: readonly ImageKind[] = ["ELF", "Linux Image", "flat binary", "device tree"];

export interface ImageFailure {
  readonly kind: ImageKind;
  readonly seed: number;
  readonly failure: string;
}

export interface ImageTally {
  readonly kind: ImageKind;
  tried: number;
  loaded: number;
  /** By LoadErrorKind. */
  readonly refused: Map<string, number>;
}

/** A field of an ELF file: where it is, and how many bytes it has. */
interface Field {
  readonly at: number;
  readonly bytes: number;
}

/** Makes files of a seed and loads them. */
export class ImageFuzzer {
  readonly #memory = PhysicalMemory.create(SLOT_BYTES + 2 * MEBI, 1);
  readonly #guard = Buffer.alloc(MEBI, GUARD);
  readonly #good = GOOD.map((name) => new Uint8Array(readImage(name)));
  readonly #fields = this.#good.map(fieldsOf);
  readonly #tree = guestDeviceTree({
    memory: SLOT.guest, memoryBytes: SLOT_BYTES, bootArguments: "units=1", vcpus: 2, devices: { serial: true, slots: [0, 4], firstHart: 0 },
    channels: [{ id: 0, end: 0, window: guestPhysical(0xc000_0000), windowBytes: 0x1000 }],
  });
  readonly tallies = new Map(IMAGE_KINDS.map((kind): [ImageKind, ImageTally] => [kind, { kind, tried: 0, loaded: 0, refused: new Map() }]));

  constructor() {
    this.#memory.u8.fill(GUARD, this.#memory.ramOffset);
  }

  /** One file; answers what went wrong. */
  try(kind: ImageKind, seed: number): ImageFailure | undefined {
    const random = new Random(seedOf(seed, IMAGE_KINDS.indexOf(kind) + 1));
    const tally = this.tallies.get(kind) as ImageTally;
    tally.tried++;
    try {
      const refusal = kind === "device tree" ? this.#loadTree(mutated(random, this.#tree, 1)) : this.#load(this.#file(kind, random));
      if (refusal === undefined) tally.loaded++;
      else tally.refused.set(refusal, (tally.refused.get(refusal) ?? 0) + 1);
      return this.#isWhole() ? undefined : { kind, seed, failure: "memory outside the guest's was written to" };
    } catch (error) {
      return { kind, seed, failure: (error as Error).stack?.split("\n").slice(0, 3).join(" ") ?? String(error) };
    }
  }

  #file(kind: ImageKind, random: Random): Uint8Array {
    if (kind === "flat binary") return anyBytes(random, random.pick([0, 1, 2, 3, 63, 64, 1 + random.below(0x2000), SLOT_BYTES - 2 * MEBI + random.below(9) - 4]));
    if (kind === "Linux Image") return linuxImage(random);
    const which = random.below(this.#good.length);
    const file = this.#good[which].slice();
    const view = new DataView(file.buffer);
    for (let count = 1 + random.below(3); count > 0; count--) change(view, random.pick(this.#fields[which]), random);
    return random.once(4) ? mutated(random, file, 1) : file;
  }

  #load(file: Uint8Array): string | undefined {
    const parsed = parseImage(file);
    if (!parsed.ok) return parsed.error.kind;
    const placed = placeImage(this.#memory, parsed.value, SLOT, placementIn(parsed.value, SLOT));
    if (!placed.ok) return placed.error.kind;
    const tree = placeDeviceTree(this.#memory, this.#tree, SLOT, placed.value.high);
    const { entry, low, high } = placed.value;
    if (entry < low || entry >= high) throw new Error(`loaded at ${low} to ${high}, and begins at ${entry}`);
    return tree.ok ? undefined : tree.error.kind;
  }

  #loadTree(file: Uint8Array): string | undefined {
    const tree = foreignDeviceTree(file, { memory: SLOT.guest, memoryBytes: SLOT.bytes, bootArguments: "" });
    if (!tree.ok) return tree.error.kind;
    const placed = placeDeviceTree(this.#memory, tree.value, SLOT, SLOT.guest);
    return placed.ok ? undefined : placed.error.kind;
  }

  /** Whether everything outside the slot is as it was. */
  #isWhole(): boolean {
    const { wasm, ramOffset } = this.#memory;
    const after = ramOffset + MEBI + SLOT_BYTES;
    return [ramOffset, after].every((at) => this.#guard.equals(new Uint8Array(wasm.buffer, at, MEBI)));
  }
}

/** Of the ELF header, the program headers, the dynamic section and the relocations. */
function fieldsOf(file: Uint8Array): readonly Field[] {
  const view = new DataView(file.buffer);
  const fields: Field[] = [];
  const add = (at: number, ...sizes: readonly number[]): void => {
    for (const bytes of sizes) {
      if (at + bytes <= file.length) fields.push({ at, bytes });
      at += bytes;
    }
  };
  add(0, 4, 1, 1, 1, 1, 8, 2, 2, 4, 8, 8, 8, 4, 2, 2, 2, 2, 2, 2);
  const headers = Number(view.getBigUint64(32, true));
  const count = Math.min(PROGRAM_HEADERS, view.getUint16(56, true));
  for (let index = 0; index < count; index++) {
    const at = headers + index * PROGRAM_HEADER_BYTES;
    add(at, 4, 4, 8, 8, 8, 8, 8, 8);
    if (view.getUint32(at, true) !== DYNAMIC) continue;
    const dynamic = Number(view.getBigUint64(at + 8, true));
    for (let entry = dynamic; entry < dynamic + Number(view.getBigUint64(at + 32, true)); entry += 16) add(entry, 8, 8);
  }
  // Relocations lie in a segment; those that the image begins with are as good as any.
  const relocations = relocationsOf(view, headers, count);
  for (let index = 0; index < 8; index++) add(relocations + index * RELOCATION_BYTES, 8, 4, 4, 8);
  return fields.filter(({ at }) => at >= 0 && at < Math.max(HEADER_BYTES, file.length));
}

/** Offset of the table that DT_RELA names. */
function relocationsOf(view: DataView, headers: number, count: number): number {
  const segments = Array.from({ length: count }, (_, index) => headers + index * PROGRAM_HEADER_BYTES).map((at) => ({
    type: view.getUint32(at, true), offset: Number(view.getBigUint64(at + 8, true)), address: Number(view.getBigUint64(at + 16, true)), bytes: Number(view.getBigUint64(at + 32, true)),
  }));
  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  if (dynamic === undefined) return 0;
  for (let entry = dynamic.offset; entry < dynamic.offset + dynamic.bytes; entry += 16) {
    if (view.getBigUint64(entry, true) !== 7n) continue;
    const address = Number(view.getBigUint64(entry + 8, true));
    const holder = segments.find((segment) => segment.type === 1 && address >= segment.address && address < segment.address + segment.bytes);
    return holder === undefined ? 0 : holder.offset + address - holder.address;
  }
  return 0;
}

function change(view: DataView, { at, bytes }: Field, random: Random): void {
  const before = bytes === 8 ? view.getBigUint64(at, true) : BigInt(bytes === 4 ? view.getUint32(at, true) : bytes === 2 ? view.getUint16(at, true) : view.getUint8(at));
  const value = random.weighted<() => bigint>([
    [3, () => random.value()], [2, () => before + BigInt(random.below(9) - 4)], [2, () => before ^ (1n << BigInt(random.below(8 * bytes)))],
    [2, () => BigInt(random.pick([0, RAM_BASE, RAM_BASE + SLOT_BYTES, view.byteLength, 0x7fff_ffff, 0xffff_ffff, 0xffff]))], [1, () => (1n << 53n) + BigInt(random.below(3) - 1)],
  ])();
  for (let byte = 0; byte < bytes; byte++) view.setUint8(at + byte, Number((BigInt.asUintN(64, value) >> BigInt(8 * byte)) & 0xffn));
}

/** Some bytes, words or ends of a file are others. */
function mutated(random: Random, good: Uint8Array, changes: number): Uint8Array {
  const file = good.slice();
  for (let count = changes + random.below(3); count > 0; count--) {
    const at = random.below(file.length);
    if (random.once(2)) file[at] = random.word();
    else for (const [index, byte] of [random.word(), random.word(), random.word(), random.pick([0, 0, 1, 255])].entries()) if ((at & ~3) + index < file.length) file[(at & ~3) + index] = random.once(2) ? byte : 0;
  }
  return random.once(6) ? file.subarray(0, random.below(file.length)) : file;
}

/** Random where a loader looks, and zero behind that. */
function anyBytes(random: Random, length: number): Uint8Array {
  const file = new Uint8Array(length);
  for (let at = 0; at < Math.min(length, LOOKED_AT); at++) file[at] = random.word();
  return file;
}

function linuxImage(random: Random): Uint8Array {
  const file = anyBytes(random, random.pick([LINUX_HEADER_BYTES, LINUX_HEADER_BYTES + 1, 0x1000]));
  const view = new DataView(file.buffer);
  view.setBigUint64(8, random.once(3) ? random.value() : BigInt(random.pick([0, 0x20_0000, 2, 1, SLOT_BYTES])), true);
  view.setBigUint64(16, random.once(3) ? random.value() : BigInt(file.length + random.pick([-1, 0, 1, 0x1000, SLOT_BYTES])), true);
  view.setBigUint64(24, random.once(3) ? random.value() : 0n, true);
  if (!random.once(10)) view.setUint32(LINUX_MAGIC_OFFSET, LINUX_MAGIC, true);
  return file;
}
