// Runs a program in QEMU's `virt` machine under OpenSBI. Its RAM is a file, which is the result.

import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RAM, RAM_BYTES } from "./program.ts";

const EMULATOR = "qemu-system-riscv64";
/** RV64IMAC and nothing more, so that what is illegal on our machine is illegal there. */
const PROCESSOR = "rv64,f=off,d=off,h=off,sstc=off,zba=off,zbb=off,zbc=off,zbs=off";
const LIMIT_MILLISECONDS = 20_000;

export const hasQemu = spawnSync(EMULATOR, ["--version"]).status === 0;
if (!hasQemu) console.warn(`differential tests skipped: install ${EMULATOR} (Debian: qemu-system-misc)`);

/** Runs until the program shuts the machine down; answers `bytes` of memory from `address`. `disk` is what the virtio disk
 *  of slot 4 holds, if there is to be one. */
export function runInQemu(elf: Uint8Array, address: number, bytes: number, disk?: Uint8Array): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), "tcbench-qemu-"));
  try {
    const image = join(directory, "program.elf");
    const ram = join(directory, "ram");
    writeFileSync(image, elf);
    const media = join(directory, "disk");
    if (disk !== undefined) writeFileSync(media, disk);
    const equipment = disk === undefined ? [] : [
      "-global", "virtio-mmio.force-legacy=false", "-drive", `if=none,id=disk,format=raw,file=${media}`,
      "-device", "virtio-blk-device,drive=disk,bus=virtio-mmio-bus.4",
    ];
    const run = spawnSync(EMULATOR, [
      "-machine", "virt,memory-backend=ram", "-cpu", PROCESSOR, "-smp", "2", "-m", `${RAM_BYTES >> 20}M`,
      "-object", `memory-backend-file,id=ram,mem-path=${ram},size=${RAM_BYTES},share=on`,
      "-accel", "tcg,thread=multi", "-nographic", "-monitor", "none", "-serial", "stdio", "-bios", "default", "-kernel", image, ...equipment,
    ], { timeout: LIMIT_MILLISECONDS });
    // Asked to stop at the limit, QEMU ends with 0.
    if (run.error !== undefined || run.status !== 0) {
      throw new Error(`${EMULATOR} ended with ${run.error?.message ?? run.status}: ${run.stderr.toString()}\n${run.stdout.toString()}`);
    }
    const result = new Uint8Array(bytes);
    const file = openSync(ram, "r");
    readSync(file, result, 0, bytes, address - RAM);
    closeSync(file);
    return result;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
