// What kind of image a file is, by its content.

import { parseElf } from "./elf.ts";
import { parseFlat } from "./flat.ts";
import type { GuestImage } from "./guest-image.ts";
import { LINUX_HEADER_BYTES, LINUX_MAGIC, LINUX_MAGIC_OFFSET, parseLinuxImage } from "./linux-image.ts";
import { refuse, type Loaded } from "./result.ts";

interface Signature {
  readonly at: number;
  readonly bytes: readonly number[];
  readonly name: string;
}

const ELF: Signature = { at: 0, bytes: [0x7f, 0x45, 0x4c, 0x46], name: "an ELF file" };

/** Files that would run as garbage if taken for flat binaries. */
const FOREIGN: readonly Signature[] = [
  // Linux, Documentation/arm64/booting.rst: magic "ARM\x64".
  { at: 56, bytes: [0x41, 0x52, 0x4d, 0x64], name: "a Linux Image for ARM64: the machine is RISC-V" },
  // Linux, Documentation/x86/boot.rst: magic "HdrS".
  { at: 0x202, bytes: [0x48, 0x64, 0x72, 0x53], name: "a Linux bzImage for x86: the machine is RISC-V" },
  // Linux, drivers/firmware/efi/libstub/zboot-header.S: "zimg" behind "MZ".
  { at: 4, bytes: [0x7a, 0x69, 0x6d, 0x67], name: "a compressed EFI kernel: give the Image inside it" },
  { at: 0, bytes: [0x4d, 0x5a], name: "a program for EFI or Windows: the machine has neither" },
  { at: 0, bytes: [0x1f, 0x8b], name: "compressed by gzip: decompress it first" },
  { at: 0, bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], name: "compressed by xz: decompress it first" },
  { at: 0, bytes: [0x28, 0xb5, 0x2f, 0xfd], name: "compressed by zstd: decompress it first" },
  // U-Boot, include/image.h: IH_MAGIC, big-endian.
  { at: 0, bytes: [0x27, 0x05, 0x19, 0x56], name: "a U-Boot uImage: give the image inside it" },
  { at: 0, bytes: [0xd0, 0x0d, 0xfe, 0xed], name: "a flattened device tree or FIT: a tree is given beside the image" },
];

/** An ELF file, a Linux Image, or else a flat binary. */
export function parseImage(file: Uint8Array): Loaded<GuestImage> {
  if (matches(file, ELF)) return parseElf(file);
  if (isLinuxImage(file)) return parseLinuxImage(file);
  const foreign = FOREIGN.find((signature) => matches(file, signature));
  if (foreign !== undefined) return refuse("foreign", `the image is ${foreign.name}`);
  return parseFlat(file);
}

function isLinuxImage(file: Uint8Array): boolean {
  if (file.length < LINUX_HEADER_BYTES) return false;
  return new DataView(file.buffer, file.byteOffset, file.byteLength).getUint32(LINUX_MAGIC_OFFSET, true) === LINUX_MAGIC;
}

function matches(file: Uint8Array, { at, bytes }: Signature): boolean {
  return bytes.every((byte, index) => file[at + index] === byte);
}
