import { describe, expect, test } from "vitest";
import { reportProgress } from "../../bench/progress.ts";

/** To the line's beginning, and what it said is gone. */
const BACK = "\r\u001b[K";

/** A stream that keeps what is written to it. */
function stream(columns?: number): { readonly stream: NodeJS.WriteStream; readonly written: () => string } {
  let written = "";
  const write = (text: string) => { written += text; };
  return { stream: { write, isTTY: columns !== undefined, columns } as unknown as NodeJS.WriteStream, written: () => written };
}

describe("progress", () => {
  test("on a terminal is one line that is rewritten, with the time left, and no longer than the terminal's", () => {
    const { stream: terminal, written } = stream(40);
    const progress = reportProgress(terminal, [[10_000, 10_000]]);
    progress.begin("channel-pingpong on microscheduler lock=mcs, 32 harts");
    progress.end("1,000 units/s");
    progress.begin("timer on smp, 1 hart");
    progress.end("failed: no such guest");
    const lines = written().replaceAll(BACK, "\n").split("\n");
    expect(lines.slice(0, 2)).toEqual(["", expect.stringMatching(/^\[1\/2, \d+ s, about \d+ s left\] channel-/)]);
    expect(lines.filter((line) => !line.includes("failed")).every((line) => line.length < 40)).toBe(true);
    expect(lines.find((line) => line.includes("failed"))).toMatch(/^\[2\/2, \d+ s, about 0 s left\] timer on smp, 1 hart: failed: no such guest$/);
    expect(written()).not.toContain("1,000 units/s");
  });

  test("elsewhere is a plain line for each case", () => {
    const { stream: pipe, written } = stream();
    const progress = reportProgress(pipe, [[10_000], [10_000]]);
    progress.say("2 cases");
    progress.begin("one");
    progress.end("1,000 units/s");
    progress.begin("two");
    progress.end("interrupted");
    expect(written().split("\n")).toEqual([
      "2 cases", expect.stringMatching(/^\[1\/2, \d+ s, about \d+ s left\] one: 1,000 units\/s$/), expect.stringMatching(/^\[2\/2, \d+ s, about 0 s left\] two: interrupted$/), "",
    ]);
    expect(written()).not.toContain("\u001b");
  });
});
