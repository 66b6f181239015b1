// What tests of the guests need of the host; tests without it are skipped, and say why.

import type { TestContext } from "vitest";
import { qemuVersion } from "../../bench/anchors/qemu.ts";
import { missingTool } from "../../workloads/build.ts";

const NO_QEMU = (await qemuVersion()) === undefined ? "qemu-system-riscv64 is not installed" : undefined;
const NO_COMPILER = missingTool();

export function needQemu(context: TestContext): void {
  if (NO_QEMU !== undefined) context.skip(NO_QEMU);
}

export function needQemuAndCompiler(context: TestContext): void {
  needQemu(context);
  if (NO_COMPILER !== undefined) context.skip(NO_COMPILER);
}
