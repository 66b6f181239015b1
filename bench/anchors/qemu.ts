// One guest under QEMU's system emulation: the board our machine is laid out as, OpenSBI.

import { execFile } from "node:child_process";
import { type GuestResult, parseGuestOutput } from "./guest-line.ts";

export const QEMU = "qemu-system-riscv64";
const LIMIT_MS = 120_000;

/** QEMU's version line, or undefined when it is not installed. */
export async function qemuVersion(): Promise<string | undefined> {
  try {
    return (await execute(["--version"])).split("\n")[0];
  } catch {
    return undefined;
  }
}

/** Runs an ELF file until the guest shuts down. */
export async function runOnQemu(image: string, bootArguments: string, harts = 1): Promise<GuestResult> {
  return parseGuestOutput(await execute([
    "-M", "virt", "-smp", String(harts), "-m", "64", "-display", "none", "-monitor", "none", "-serial", "stdio",
    "-bios", "default", "-kernel", image, "-append", bootArguments,
  ]));
}

function execute(words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(QEMU, words, { timeout: LIMIT_MS, encoding: "utf8" }, (error, output) => {
      if (error === null) resolve(output);
      else reject(new Error(`${QEMU}: ${error.message.split("\n")[0]}`));
    }).stdin?.end();
  });
}
