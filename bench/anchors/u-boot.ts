// From the start of a process to the prompt of Debian's U-Boot for S-mode, unmodified. U-Boot counts two
// seconds down before it boots something by itself; a key that is pressed when it says so ends that, and the
// prompt comes at once. Nothing compiled is kept from one process to the next.

import { existsSync } from "node:fs";
import type { EngineName } from "../../engines/engine.ts";
import { now } from "../hart-clock.ts";
import { median } from "../statistics.ts";
import { GuestProcess } from "./guest-process.ts";

/** Where Debian's package u-boot-qemu puts it: a flat binary, and an ELF file. */
export const U_BOOT = {
  flat: "/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin",
  elf: "/usr/lib/u-boot/qemu-riscv64_smode/uboot.elf",
} as const;
const ROUNDS = 5;
const COUNTDOWN = /Hit any key to stop autoboot/;
export const PROMPT = /\r\n=> $/;

export function hasUBoot(): boolean {
  return existsSync(U_BOOT.flat) && existsSync(U_BOOT.elf);
}

/** Stops the countdown, as its user would, and waits for the prompt. Answers what U-Boot has written. */
export async function reachPrompt(guest: GuestProcess): Promise<string> {
  const banner = await guest.until(COUNTDOWN);
  guest.type(" ");
  return banner + await guest.until(PROMPT);
}

/** Milliseconds, the median of some processes. */
export async function promptTime(engine: EngineName): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = now();
    const guest = new GuestProcess(["--guest", U_BOOT.flat, "--engine", engine], { ...process.env, NODE_DISABLE_COMPILE_CACHE: "1" });
    try {
      await reachPrompt(guest);
      times.push(now() - begun);
    } finally {
      guest.kill();
      await guest.end();
    }
  }
  return median(times);
}
