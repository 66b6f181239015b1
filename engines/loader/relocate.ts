// Relocations of a static position-independent executable: the RELA table that PT_DYNAMIC names.
// Such an image has only R_RISCV_RELATIVE (RISC-V psABI, "Relocations": B + A); anything else needs
// symbols or a dynamic linker, and is refused by name.

import { readWord64 } from "./elf.ts";
import type { GuestImage } from "./guest-image.ts";
import { hex, loaded, refuse, type Loaded } from "./result.ts";

/** Put `addend` plus the distance that the image was moved by at the linked address `address` (8 bytes). */
export interface Relocation {
  readonly address: number;
  readonly addend: number;
}

const DYNAMIC_ENTRY_BYTES = 16;
const RELA_ENTRY_BYTES = 24;
const TAG = { end: 0, pltBytes: 2, rela: 7, relaBytes: 8, relaEntryBytes: 9, relBytes: 18, relrBytes: 35 } as const;
const RELOCATION = { none: 0, relative: 3 } as const;
const RELOCATION_NAMES: Readonly<Record<number, string>> = {
  1: "R_RISCV_32", 2: "R_RISCV_64", 4: "R_RISCV_COPY", 5: "R_RISCV_JUMP_SLOT", 6: "R_RISCV_TLS_DTPMOD32",
  7: "R_RISCV_TLS_DTPMOD64", 8: "R_RISCV_TLS_DTPREL32", 9: "R_RISCV_TLS_DTPREL64", 10: "R_RISCV_TLS_TPREL32",
  11: "R_RISCV_TLS_TPREL64", 12: "R_RISCV_TLSDESC", 58: "R_RISCV_IRELATIVE",
};

/** The image's relocations, each checked to lie inside one of its segments. One that runs only where it was linked
 *  needs none: if it has a table, that is for itself. */
export function readRelocations(image: GuestImage): Loaded<readonly Relocation[]> {
  if (!image.relocatable) return loaded([]);
  const view = new DataView(image.file.buffer, image.file.byteOffset, image.file.byteLength);
  const table = findTable(image, view);
  if (!table.ok) return table;
  const relocations: Relocation[] = [];
  for (let at = table.value.offset; at < table.value.offset + table.value.bytes; at += RELA_ENTRY_BYTES) {
    const kind = view.getUint32(at + 8, true);
    if (kind === RELOCATION.none) continue;
    if (kind !== RELOCATION.relative) {
      const name = RELOCATION_NAMES[kind] ?? `kind ${kind}`;
      return refuse("relocation-kind", `relocation ${name} needs a dynamic linker: link the image with -static-pie`);
    }
    const address = readWord64(view, at);
    const addend = readWord64(view, at + 16);
    const inside = image.segments.some((segment) =>
      address >= segment.address && address + 8 <= segment.address + segment.memoryBytes);
    if (!inside) {
      return refuse("relocation-target", `a relocation at ${hex(address)} lies outside every segment of the image`);
    }
    if (!Number.isSafeInteger(addend)) {
      return refuse("relocation-target", `a relocation at ${hex(address)} points to ${hex(addend)}, beyond 2^53`);
    }
    relocations.push({ address, addend });
  }
  return loaded(relocations);
}

interface FileRange {
  readonly offset: number;
  readonly bytes: number;
}

function findTable(image: GuestImage, view: DataView): Loaded<FileRange> {
  let address = 0;
  let bytes = 0;
  let entryBytes = RELA_ENTRY_BYTES;
  const { dynamic } = image;
  // Counted from 0: where it has no bytes, its offset may be one that a double cannot add to.
  for (let entry = 0; entry + DYNAMIC_ENTRY_BYTES <= dynamic.bytes; entry += DYNAMIC_ENTRY_BYTES) {
    const at = dynamic.offset + entry;
    const tag = readWord64(view, at);
    const value = readWord64(view, at + 8);
    if (tag === TAG.end) break;
    if (tag === TAG.rela) address = value;
    if (tag === TAG.relaBytes) bytes = value;
    if (tag === TAG.relaEntryBytes) entryBytes = value;
    if ((tag === TAG.relBytes || tag === TAG.relrBytes || tag === TAG.pltBytes) && value !== 0) {
      return refuse("relocation-table",
        `the image has a REL, RELR or PLT relocation table (tag ${tag}): only RELA is used; link with -static-pie`);
    }
  }
  if (bytes === 0) return loaded({ offset: 0, bytes: 0 });
  if (entryBytes !== RELA_ENTRY_BYTES || bytes % RELA_ENTRY_BYTES !== 0) {
    return refuse("dynamic", `a RELA table of ${bytes} bytes in entries of ${entryBytes}: entries have ${RELA_ENTRY_BYTES}`);
  }
  const holder = image.segments.find((segment) =>
    address >= segment.address && address + bytes <= segment.address + segment.fileBytes);
  if (holder === undefined) {
    return refuse("dynamic", `the RELA table at ${hex(address)} (${bytes} bytes) lies in no segment's bytes`);
  }
  return loaded({ offset: address - holder.address + holder.offset, bytes });
}
