// Runs one or two guests on QEMU under the test firmware in firmware/, a hart each, with a channel
// between them (or from one guest back to itself): what QEMU's own firmware cannot do.

import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { QEMU } from "../../bench/anchors/qemu.ts";
import { parseElf } from "../../engines/loader/elf.ts";
import { guestDeviceTree } from "../../engines/loader/guest-tree.ts";
import { readRelocations } from "../../engines/loader/relocate.ts";
import { guestPhysical } from "../../engines/machine/address.ts";
import { COMPILER, GUESTS } from "../../workloads/build.ts";

export interface FirmwareGuest {
  readonly image: Uint8Array;
  readonly bootArguments: string;
  /** The image is relocated before it starts, as our loader does; otherwise it has to do that itself. */
  readonly relocated?: boolean;
}

// As in firmware.c.
const SLOT_BASE = 0x8040_0000;
const SLOT_BYTES = 0x0040_0000;
const TREE_OFFSET = 0x003f_0000;
/** Where the channel's window lies: behind both slots. */
const WINDOW = 0x8100_0000;
const WINDOW_BYTES = 0x4000;
const MEGABYTES = "32";
const LIMIT_MS = 60_000;

const FIRMWARE = join(import.meta.dirname, "firmware");
const OPTIONS = ["-march=rv64imac", "-misa-spec=2.2", "-mabi=lp64", "-mcmodel=medany", "-ffreestanding", "-nostdlib",
  "-O2", "-Wall", "-Wextra", "-Werror", "-I", join(GUESTS, "runtime"), "-Wl,-Ttext=0x80000000,--nmagic,--no-relax,--no-warn-rwx-segments"];

/** What the guests and then the firmware printed. */
export async function runUnderFirmware(guests: readonly FirmwareGuest[]): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), "tcbench-firmware-"));
  try {
    const firmware = join(scratch, "firmware.elf");
    execFileSync(COMPILER, [...OPTIONS, join(FIRMWARE, "entry.S"), join(FIRMWARE, "firmware.c"), "-o", firmware]);
    const loads = guests.flatMap((guest, index) => {
      const base = SLOT_BASE + index * SLOT_BYTES;
      const tree = guestDeviceTree({
        memory: guestPhysical(base), memoryBytes: SLOT_BYTES, vcpus: 1, bootArguments: guest.bootArguments,
        channels: [{ id: 0, end: index === 0 ? 0 : 1, window: guestPhysical(WINDOW), windowBytes: WINDOW_BYTES }],
      });
      return [load(scratch, `image-${index}`, flatten(guest, base), base), load(scratch, `tree-${index}`, tree, base + TREE_OFFSET)];
    });
    const { stdout } = await promisify(execFile)(QEMU, [
      "-M", "virt", "-smp", String(guests.length), "-m", MEGABYTES, "-display", "none", "-monitor", "none", "-serial", "stdio",
      "-bios", firmware, ...loads.flatMap((device) => ["-device", device]),
    ], { timeout: LIMIT_MS });
    return stdout;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function load(folder: string, name: string, bytes: Uint8Array, address: number): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return `loader,file=${file},addr=${address},force-raw=on`;
}

/** The image as it lies in memory at `base`. */
function flatten(guest: FirmwareGuest, base: number): Uint8Array {
  const image = parseElf(guest.image);
  if (!image.ok) throw new Error(image.error.message);
  const { low, high, segments } = image.value;
  const memory = new Uint8Array(high - low);
  for (const { address, offset, fileBytes } of segments) memory.set(guest.image.subarray(offset, offset + fileBytes), address - low);
  if (guest.relocated !== true) return memory;
  const relocations = readRelocations(image.value);
  if (!relocations.ok) throw new Error(relocations.error.message);
  const view = new DataView(memory.buffer);
  for (const { address, addend } of relocations.value) view.setBigUint64(address - low, BigInt(addend + base - low), true);
  return memory;
}
