// A Linux `Image` for RISC-V (Linux, Documentation/riscv/boot-image-header.rst): a header of 64 bytes that
// is also the first instructions. It runs anywhere that is `text_offset` above a multiple of 2 MiB.

import { RAM_BASE } from "../machine/layout.ts";
import { singleSegment } from "./flat.ts";
import { readWord64 } from "./elf.ts";
import type { GuestImage } from "./guest-image.ts";
import { hex, loaded, refuse, type Loaded } from "./result.ts";

export const LINUX_HEADER_BYTES = 64;
/** Field `magic2` and its value, "RSC\x05". */
export const LINUX_MAGIC_OFFSET = 56;
export const LINUX_MAGIC = 0x0543_5352;

const TEXT_OFFSET = 8;
const IMAGE_SIZE = 16;
const FLAGS = 24;
const BIG_ENDIAN = 1 << 0;
const BASE_ALIGNMENT = 0x20_0000;

export function parseLinuxImage(file: Uint8Array): Loaded<GuestImage> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const textOffset = readWord64(view, TEXT_OFFSET);
  const imageSize = readWord64(view, IMAGE_SIZE);
  if ((view.getUint32(FLAGS, true) & BIG_ENDIAN) !== 0) return refuse("endianness", "the Linux Image is big-endian");
  // The file ends where its .bss begins.
  if (imageSize < file.length) {
    return refuse("segment-size", `the Linux Image says that it needs ${imageSize} bytes of memory, but its file has ${file.length}`);
  }
  const address = RAM_BASE + textOffset;
  if (textOffset % 2 !== 0 || !(address + imageSize <= Number.MAX_SAFE_INTEGER)) {
    return refuse("address-range", `the Linux Image asks for ${hex(imageSize)} bytes at an offset of ${hex(textOffset)}, where the machine has no memory`);
  }
  return loaded(singleSegment(file, address, imageSize, { relocatable: true, alignment: BASE_ALIGNMENT }));
}
