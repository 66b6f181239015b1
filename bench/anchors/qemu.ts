// One guest under QEMU's system emulation: the board our machine is laid out as, OpenSBI.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  return parseGuestOutput(await withConsole((serial) => execute([
    "-M", "virt", "-smp", String(harts), "-m", "64", "-display", "none", "-monitor", "none", "-serial", serial,
    "-bios", "default", "-kernel", image, "-append", bootArguments,
  ])));
}

/** What a run of QEMU writes to its serial port: in a file, as QEMU drops what a pipe's reader is too slow to take. */
async function withConsole(run: (serial: string) => Promise<unknown>): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), "tcbench-qemu-"));
  try {
    const file = join(scratch, "console");
    await run(`file:${file}`);
    return readFileSync(file, "utf8");
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function execute(words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(QEMU, words, { timeout: LIMIT_MS, encoding: "utf8" }, (error, output) => {
      if (error === null) resolve(output);
      else reject(new Error(`${QEMU}: ${error.message.split("\n")[0]}`));
    }).stdin?.end();
  });
}
