// Runs one to three guests on QEMU under the test firmware in firmware/, a hart each, with a channel from
// each to the next (or from one guest back to itself): what QEMU's own firmware cannot do.

import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { QEMU } from "../../bench/anchors/qemu.ts";
import { parseElf } from "../../engines/loader/elf.ts";
import { type GuestChannel, guestDeviceTree } from "../../engines/loader/guest-tree.ts";
import { readRelocations } from "../../engines/loader/relocate.ts";
import { guestPhysical } from "../../engines/machine/address.ts";
import { COMPILER, GUESTS } from "../../workloads/build.ts";

export interface FirmwareGuest {
  readonly image: Uint8Array;
  readonly bootArguments: string;
  /** The image is relocated before it starts, as our loader does; otherwise it has to do that itself. */
  readonly relocated?: boolean;
  /** virtio-mmio slots with its devices. */
  readonly slots?: readonly number[];
}

// As in firmware.c.
const SLOT_BASE = 0x8040_0000;
const SLOT_BYTES = 0x0080_0000;
const TREE_OFFSET = 0x007f_0000;
/** Where the channels' windows lie: behind the slots. */
const WINDOWS = 0x8200_0000;
const WINDOW_BYTES = 0x0010_0000;
const MEGABYTES = "64";
const LIMIT_MS = 60_000;

const FIRMWARE = join(import.meta.dirname, "firmware");
const OPTIONS = ["-march=rv64imac", "-misa-spec=2.2", "-mabi=lp64", "-mcmodel=medany", "-ffreestanding", "-nostdlib",
  "-O2", "-Wall", "-Wextra", "-Werror", "-I", join(GUESTS, "runtime"), "-Wl,-Ttext=0x80000000,--nmagic,--no-relax,--no-warn-rwx-segments"];

/** What the guests and then the firmware printed. */
export async function runUnderFirmware(guests: readonly FirmwareGuest[]): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), "tcbench-firmware-"));
  try {
    const { stdout } = await promisify(execFile)(QEMU, firmwareOptions(scratch, guests), { timeout: LIMIT_MS });
    return stdout;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Of QEMU, for a machine with these guests; the files it reads are written to `scratch`. */
export function firmwareOptions(scratch: string, guests: readonly FirmwareGuest[]): string[] {
  const firmware = join(scratch, "firmware.elf");
  execFileSync(COMPILER, [...OPTIONS, join(FIRMWARE, "entry.S"), join(FIRMWARE, "firmware.c"), "-o", firmware]);
  const loads = guests.flatMap((guest, index) => {
    const base = SLOT_BASE + index * SLOT_BYTES;
    const tree = guestDeviceTree({
      memory: guestPhysical(base), memoryBytes: SLOT_BYTES, vcpus: 1, bootArguments: guest.bootArguments,
      channels: channelsOf(index, guests.length),
      ...(guest.slots === undefined ? {} : { devices: { serial: false, slots: guest.slots, firstHart: index } }),
    });
    return [load(scratch, `image-${index}`, flatten(guest, base), base), load(scratch, `tree-${index}`, tree, base + TREE_OFFSET)];
  });
  return [
    "-M", "virt", "-smp", String(guests.length), "-m", MEGABYTES, "-display", "none", "-monitor", "none", "-serial", "stdio",
    "-bios", firmware, ...loads.flatMap((device) => ["-device", device]),
  ];
}

/** The ends of channels that guest `index` has: of the one before it, and of the one behind. */
function channelsOf(index: number, guests: number): GuestChannel[] {
  const numbers = guests === 1 ? [0] : [index - 1, index].filter((channel) => channel >= 0 && channel < guests - 1);
  return numbers.map((channel, id): GuestChannel => (
    { id, end: channel === index ? 0 : 1, window: guestPhysical(WINDOWS + channel * WINDOW_BYTES), windowBytes: WINDOW_BYTES }));
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
