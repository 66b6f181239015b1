// A headless Chromium of this host; tests without one are skipped, and say why.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "vitest";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

export const CHROMIUM = (process.env["PATH"] ?? "").split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path));

export function needChromium(context: TestContext): void {
  if (CHROMIUM === undefined) context.skip("no chromium is installed (Debian: chromium)");
}
