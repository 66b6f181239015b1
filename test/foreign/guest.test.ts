// `--guest FILE` with guests of every format, on a pipe; and with what is no guest.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GuestProcess } from "../../bench/anchors/guest-process.ts";
import { bench } from "../../bench/bench.ts";
import { EXIT_CODE, UsageError } from "../../bench/exit-code.ts";
import { ENGINES } from "../../engines/engines.ts";
import { writeDeviceTree } from "../../engines/loader/device-tree.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";
import { buildElf, SEGMENT_LOAD, TYPE_EXECUTABLE } from "../loader/elf-builder.ts";
import { Assembler, Label } from "../differential/assembler.ts";
import { echo, echoAsLinuxImage } from "./echo.ts";

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "tcbench-guest-")); });
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function elf(address: number): Uint8Array {
  const bytes = echo();
  return buildElf({
    type: TYPE_EXECUTABLE, entry: address,
    segments: [{ type: SEGMENT_LOAD, rights: 7, address, bytes, memoryBytes: bytes.length, alignment: 0x1000 }],
  });
}

/** What it answers when all this is typed, and how it ends. */
async function run(words: readonly string[], typed = ""): Promise<{ readonly output: string; readonly errors: string; readonly code: number | null }> {
  const guest = new GuestProcess(words);
  guest.type(typed);
  const { code, errors, output } = await guest.end();
  return { output, errors, code };
}

describe("a guest", () => {
  test.each(Object.keys(ENGINES))("reads and writes the console by SBI on %s, and ends by shutting down", async (engine) => {
    const { output, errors, code } = await run(["--guest", file("echo", echo()), "--engine", engine], "hello\0\xffq");
    expect(output).toBe("hello\0\xffq");
    expect(errors).toBe("tcbench: echo: it shut down\n");
    expect(code).toBe(EXIT_CODE.fine.code);
  });

  test.each([
    ["Linux Image", () => echoAsLinuxImage()],
    ["ELF file", () => elf(0x8030_0000)],
  ])("may be a %s", async (name, bytes) => {
    expect(await run(["--guest", file(name, bytes()), "--engine", "microscheduler"], "q")).toMatchObject({ output: "q", code: EXIT_CODE.fine.code });
    expect(await run(["--guest", file(name, bytes()), "--mem", "1G"], "q")).toMatchObject({ output: "q", code: EXIT_CODE.fine.code });
  });

  test("takes as much input as a pipe holds, and is not outrun by it", async () => {
    const text = "abcdefghijklmnopqrstuvwxyz0123456789".replace("q", "").repeat(2_000);
    const { output, code } = await run(["--guest", file("echo", echo())], `${text}q`);
    expect([output === `${text}q`, output.length, code]).toEqual([true, text.length + 1, EXIT_CODE.fine.code]);
  });

  test("that cannot go on fails with its registers", async () => {
    const code = new Assembler(0);
    const self = new Label();
    code.bind(self);
    code.to(self, "jal", { rd: 1, immediate: 0 });
    code.op("jalr");
    // Jumps to address 0, where neither it nor its trap vector is.
    expect(await run(["--guest", file("lost", code.finish().subarray(4)), "--engine", "uniprocessor"])).toMatchObject({
      code: EXIT_CODE.failedCase.code, errors: expect.stringMatching(/^tcbench: lost: vCPU 0: exception .* at pc 0x0 .*\n$/),
    });
  });

  test("may be stopped from outside", async () => {
    const guest = new GuestProcess(["--guest", file("echo", echo())]);
    guest.type("x");
    await guest.until(/x/);
    guest.interrupt();
    expect(await guest.end()).toMatchObject({ code: EXIT_CODE.interrupted.code, errors: "" });
  });
});

describe("what is no guest is one line and the exit code for usage", () => {
  const tree = writeDeviceTree({ name: "", properties: {}, children: [] });

  test.each<[string, () => readonly string[], string]>([
    ["no file", () => ["--guest", join(folder, "none")], "ENOENT"],
    ["an image larger than the memory", () => ["--guest", file("large", new Uint8Array(2 << 20)), "--mem", "3M"], "smp cannot host it: large: the image needs"],
    ["an image outside the memory", () => ["--guest", file("high", elf(0xa000_0000))], "the image needs 0xa000_0000"],
    ["an image where the engine is", () => ["--guest", file("low", elf(0x8000_0000)), "--engine", "microscheduler"], "microscheduler cannot host it: low can only be at 0x8000_0000"],
    ["more vCPUs than harts where each has its own", () => ["--guest", file("echo", echo()), "--engine", "bare", "--vcpus", "2", "--harts", "1"], "bare cannot host it: "],
  ])("%s", async (_name, words, message) => {
    const { output, errors, code } = await run(words());
    expect(errors).toMatch(/^tcbench: [^\n]*\n$/);
    expect(errors).toContain(message);
    expect({ output, code }).toEqual({ output: "", code: EXIT_CODE.usage.code });
  });

  test.each<[string, () => readonly string[], string]>([
    ["a folder", () => ["--guest", folder], "EISDIR"],
    ["an empty file", () => ["--guest", file("empty", new Uint8Array(0))], "the image is empty"],
    ["a program of this host", () => ["--guest", process.execPath], "not for RISC-V (243)"],
    ["no device tree", () => ["--guest", file("echo", echo()), "--dtb", file("echo", echo())], "this is no flattened device tree"],
    ["a device tree cut short", () => ["--guest", file("echo", echo()), "--dtb", file("cut", tree.subarray(0, -1))], "the device tree has"],
  ])("%s, before anything is started", async (_name, words, message) => {
    const refusal = await bench(words(), Object.values(ENGINES), CATALOGUE).then(() => undefined, (error: unknown) => error);
    expect(refusal).toBeInstanceOf(UsageError);
    expect((refusal as UsageError).message).toMatch(/^[^\n]+$/);
    expect((refusal as UsageError).message).toContain(message);
  });
});
