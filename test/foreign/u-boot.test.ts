// Debian's U-Boot for QEMU's S-mode, unmodified, typed at as a person would.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { GuestProcess } from "../../bench/anchors/guest-process.ts";
import { hasUBoot, PROMPT, reachPrompt, U_BOOT } from "../../bench/anchors/u-boot.ts";
import { EXIT_CODE } from "../../bench/exit-code.ts";
import type { EngineName } from "../../engines/engine.ts";
import { parseImage } from "../../engines/loader/image-format.ts";

if (!hasUBoot()) console.warn("U-Boot tests skipped: install it (Debian: u-boot-qemu)");

const BANNER = /\r\nU-Boot 20\d\d\.\d\d/;
const LOADED = "80200000";
const HOSTS: readonly (readonly [EngineName, string, number])[] = [
  ["bare", U_BOOT.flat, 1], ["uniprocessor", U_BOOT.elf, 1], ["per-core", U_BOOT.flat, 2], ["smp", U_BOOT.elf, 2], ["hosted", U_BOOT.elf, 2], ["microscheduler", U_BOOT.flat, 1],
];

async function atPrompt(words: readonly string[], use: (command: (line: string) => Promise<string>, guest: GuestProcess) => Promise<void>): Promise<void> {
  const guest = new GuestProcess(words);
  try {
    await reachPrompt(guest);
    await use((line) => {
      guest.type(`${line}\r`);
      return guest.until(PROMPT);
    }, guest);
  } finally {
    guest.kill();
  }
}

/** What the file's first segment brings into memory. */
function loadedFrom(file: string): Uint8Array {
  const image = parseImage(readFileSync(file));
  if (!image.ok) throw new Error(image.error.message);
  const { offset, fileBytes, address } = image.value.segments[0];
  expect(address.toString(16)).toBe(LOADED);
  return image.value.file.subarray(offset, offset + fileBytes);
}

/** As U-Boot prints it. */
function sumOf(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, "0");
}

describe.skipIf(!hasUBoot())("U-Boot", () => {
  test.each(HOSTS)("on %s answers as on hardware, reads and writes its virtio disk, and starts again when it is told to reset", async (engine, file, harts) => {
    const contents = new Uint8Array(8 * 512).map((_, index) => (index * 37) >> 3);
    const disk = join(mkdtempSync(join(tmpdir(), "tcbench-disk-")), "disk.img");
    writeFileSync(disk, contents.subarray(0, contents.length - 100));
    const padded = contents.fill(0, contents.length - 100);
    await atPrompt(["--guest", file, "--engine", engine, "--harts", String(harts), "--disk", disk], async (command, guest) => {
      expect(await command("version")).toMatch(/U-Boot 20\d\d\.\d\d.*\r\n\r\n.*gcc.*\r\n.*ld/);

      // Its own code where it was loaded, which it has left behind untouched.
      expect(await command(`crc32 ${LOADED} 10000`)).toContain(`==> ${sumOf(loadedFrom(file).subarray(0, 0x1_0000))}\r\n`);

      // What we have it write.
      await command("mw.l 84000000 12345678 400");
      expect(await command("crc32 84000000 1000")).toContain(`==> ${sumOf(new Uint8Array(new Uint32Array(0x400).fill(0x1234_5678).buffer))}\r\n`);

      await command("virtio scan");
      expect(await command("virtio info")).toMatch(/Capacity: 0\.0 MB[^\n]*\(8 x 512\)/);
      await command("virtio read 84001000 0 8");
      expect(await command("crc32 84001000 1000")).toContain(`==> ${sumOf(padded)}\r\n`);
      await command("mw.b 84001000 5a 200");
      await command("virtio write 84001000 3 1");
      await command("virtio read 84002000 3 1");
      expect(await command("crc32 84002000 200")).toContain(`==> ${sumOf(new Uint8Array(512).fill(0x5a))}\r\n`);

      guest.type("reset\r");
      await guest.until(/resetting/);
      await guest.until(BANNER);
      await reachPrompt(guest);
      expect(await command("md.l 84000000 1")).toContain("84000000: 00000000");
    });
    expect(readFileSync(disk).length).toBe(contents.length - 100);
    expect(sumOf(readFileSync(disk))).toBe(sumOf(padded.subarray(0, padded.length - 100)));
    rmSync(dirname(disk), { recursive: true });
  });

  test("ends when it is reset with --no-reboot", async () => {
    await atPrompt(["--guest", U_BOOT.flat, "--no-reboot"], async (_command, guest) => {
      guest.type("reset\r");
      expect(await guest.end()).toMatchObject({ code: EXIT_CODE.fine.code, errors: expect.stringContaining("asked for a cold reboot") });
    });
  });

  test("has the memory, boot arguments and processors that it is given", async () => {
    await atPrompt(["--guest", U_BOOT.elf, "--mem", "64M", "--append", "one=1 two", "--vcpus", "2"], async (command) => {
      expect(await command("bdinfo")).toMatch(/start *= 0x0*80000000\r\n-> size *= 0x0*4000000\r\n/);
      expect(await command("fdt print /chosen")).toContain("bootargs = \"one=1 two\"");
      expect(await command("fdt list /cpus")).toMatch(/cpu@0[^]*cpu@1/);
    });
  });
});
