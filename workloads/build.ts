// Builds the guest images: `node workloads/build.ts`, and with `--check` compares with those that are
// committed and writes nothing. The same compiler makes the same bytes: no paths, no times, sorted inputs.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseElf } from "../engines/loader/elf.ts";
import { readRelocations } from "../engines/loader/relocate.ts";
import { IMAGES, sumOfImage } from "./images.ts";
import { generatedSources } from "./network/sources.ts";

export const COMPILER = "riscv64-unknown-elf-gcc";
/** Debian's bare-metal linker has no -pie; the Linux one of the same release has. */
const LINKER = "riscv64-linux-gnu-ld";
const PACKAGES = "gcc-riscv64-unknown-elf binutils-riscv64-linux-gnu";

/** ELF header: offset of the file type, and the type of position-independent files. */
const E_TYPE = 16;
const ET_DYN = 3;
const PAGE_BYTES = 4096;

/** Where QEMU's firmware, and engines that map a guest's RAM at 0x8000_0000, enter a kernel. */
const LINK_ADDRESS = "0x80200000";

// -misa-spec=2.2 makes the CSR and fence.i instructions part of I, as in the ISA manual 2.2.
const COMPILER_OPTIONS = `-std=gnu11 -march=rv64imac -misa-spec=2.2 -mabi=lp64 -mcmodel=medany
  -ffreestanding -O2 -fpie -fvisibility=hidden -fno-jump-tables -fno-asynchronous-unwind-tables
  -ffunction-sections -fdata-sections -Wall -Wextra -Wmissing-prototypes -Werror
  -DLINK_ADDRESS=${LINK_ADDRESS}`.split(/\s+/);
const LINKER_OPTIONS = `-m elf64lriscv -pie --no-dynamic-linker --no-undefined --fatal-warnings --gc-sections
  -z max-page-size=4096 -z noexecstack --hash-style=sysv --strip-debug --discard-locals -T guest.ld
  --defsym=LINK_ADDRESS=${LINK_ADDRESS}`.split(/\s+/);

export const GUESTS = join(import.meta.dirname, "guests");
const SUMS = "SHA256SUMS";
const RUNTIME = "runtime";
/** Folders whose sources every image may use; what one does not use, the linker leaves out. */
const SHARED: readonly string[] = [RUNTIME, "network"];

/** The names of the images: one folder of sources each, beside the shared ones. */
export function imageNames(): readonly string[] {
  return readdirSync(GUESTS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !SHARED.includes(entry.name))
    .map((entry) => entry.name)
    .sort();
}

/** The compiler or linker that is missing, in one line that says what to install; undefined when all is there. */
export function missingTool(): string | undefined {
  for (const tool of [COMPILER, LINKER]) {
    try {
      execFileSync(tool, ["--version"], { stdio: "ignore" });
    } catch {
      return `${tool} is not installed; on Debian: apt-get install ${PACKAGES}`;
    }
  }
  return undefined;
}

/** Compiles every source of `folder` (relative to GUESTS) with the shared ones, into one image. */
export function buildImage(folder: string): Uint8Array {
  const scratch = mkdtempSync(join(tmpdir(), "tcbench-guest-"));
  try {
    const objects = [...SHARED, folder].flatMap(sources).map((source, index) => {
      const object = `${String(index).padStart(2, "0")}-${basename(source)}.o`;
      execFileSync(COMPILER, [...COMPILER_OPTIONS, "-I", RUNTIME, "-c", source, "-o", join(scratch, object)], { cwd: GUESTS });
      return join(scratch, object);
    });
    const image = join(scratch, "image.elf");
    execFileSync(LINKER, [...LINKER_OPTIONS, ...objects, "-o", image], { cwd: GUESTS });
    const bytes = readFileSync(image);
    bytes.writeUInt16LE(ET_DYN, E_TYPE); // the linker writes ET_EXEC where the link address is not 0
    checkImage(bytes);
    return bytes;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Throws where an engine could not place the image anywhere, or a boot loader would enter it at the wrong place. */
function checkImage(bytes: Uint8Array): void {
  const image = parseElf(bytes);
  if (!image.ok) throw new Error(image.error.message);
  const relocations = readRelocations(image.value);
  if (!relocations.ok) throw new Error(relocations.error.message);
  if (image.value.alignment !== PAGE_BYTES) throw new Error(`segments are aligned to ${image.value.alignment} bytes`);
  if (image.value.floatingPoint) throw new Error("it is built for floating-point registers");
  if (image.value.entry !== image.value.low) throw new Error("the entry is not the image's lowest address");
}

function sources(folder: string): readonly string[] {
  return readdirSync(join(GUESTS, folder))
    .filter((name) => /\.[cS]$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** In the format of sha256sum(1). */
function sumsOf(images: ReadonlyMap<string, Uint8Array>): string {
  return [...images].map(([file, bytes]) => `${sumOfImage(bytes)}  ${file}\n`).join("");
}

function write(images: ReadonlyMap<string, Uint8Array>): number {
  for (const [file, bytes] of images) {
    writeFileSync(join(IMAGES, file), bytes);
    console.log(`${file}  ${bytes.length} bytes`);
  }
  writeFileSync(join(IMAGES, SUMS), sumsOf(images));
  return 0;
}

function check(images: ReadonlyMap<string, Uint8Array>): number {
  const stale = [...images].filter(([file, bytes]) => !readFileSync(join(IMAGES, file)).equals(bytes)).map(([file]) => file);
  stale.push(...[...generatedSources()].filter(([file, text]) => readFileSync(join(GUESTS, file), "utf8") !== text).map(([file]) => file));
  if (readFileSync(join(IMAGES, SUMS), "utf8") !== sumsOf(images)) stale.push(SUMS);
  if (stale.length === 0) {
    console.log(`${images.size} images are what their sources build to`);
    return 0;
  }
  const compiler = execFileSync(COMPILER, ["--version"], { encoding: "utf8" }).split("\n")[0];
  console.error(`differs from what is committed: ${stale.join(", ")} (built here by ${compiler})`);
  return 1;
}

function main(): number {
  const missing = missingTool();
  if (missing !== undefined) {
    console.error(missing);
    return 1;
  }
  const checks = process.argv.includes("--check");
  if (!checks) for (const [file, text] of generatedSources()) writeFileSync(join(GUESTS, file), text);
  const images = new Map(imageNames().map((name) => [`${name}.elf`, buildImage(name)]));
  return checks ? check(images) : write(images);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main();
