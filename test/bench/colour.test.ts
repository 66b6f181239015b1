import { stripVTControlCharacters } from "node:util";
import { WriteStream } from "node:tty";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { paint, paintWarning } from "../../bench/report/colour.ts";

const REPORT = "Throughput: units of work\n  smp   1   failed\n  bare  2   contaminated\n\nEvery figure: results/failed.csv";

/** A terminal, or a pipe, as far as colours are concerned. */
const stream = (isTTY: boolean): NodeJS.WriteStream => Object.create(WriteStream.prototype, { isTTY: { value: isTTY } }) as NodeJS.WriteStream;

beforeEach(() => {
  for (const name of ["NO_COLOR", "FORCE_COLOR", "NODE_DISABLE_COLORS", "CI", "TMUX"]) vi.stubEnv(name, undefined);
  vi.stubEnv("TERM", "xterm-256color");
});
afterEach(() => { vi.unstubAllEnvs(); });

describe("colours", () => {
  test("are for terminals, change no letter, and are off where NO_COLOR says so", () => {
    const painted = paint(REPORT, stream(true));
    expect(painted).toContain("\u001b[31mfailed\u001b[39m");
    expect(painted).toContain("\u001b[33mcontaminated\u001b[39m");
    expect(painted).toContain("\u001b[1mThroughput: units of work\u001b[22m");
    expect(stripVTControlCharacters(painted)).toBe(REPORT);
    expect(paint(REPORT, stream(false))).toBe(REPORT);
    expect(paintWarning("warning: load", stream(true))).toBe("\u001b[33mwarning:\u001b[39m load");
    vi.stubEnv("NO_COLOR", "1");
    expect(paint(REPORT, stream(true))).toBe(REPORT);
    expect(paintWarning("warning: load", stream(true))).toBe("warning: load");
  });
});
