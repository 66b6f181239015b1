// Progress on stderr: one line that is rewritten on a terminal, one line a case elsewhere.

import { paintWarning } from "./report/colour.ts";
import { TimeLeft } from "./time-left.ts";

export interface Progress {
  /** A case begins. */
  begin(label: string): void;
  /** Something the user must see, now. */
  say(line: string): void;
  /** The case has ended as `outcome` says. */
  end(outcome: string): void;
}

/** `stages`: for each clock in turn, how many milliseconds each of its cases is expected to take. */
export function reportProgress(stream: NodeJS.WriteStream, stages: readonly (readonly number[])[]): Progress {
  const cases = stages.flat().length;
  const started = performance.now();
  let lastEnd = started;
  let index = 0;
  let ended = 0;
  let current = "";
  const left = stages.filter((stage) => stage.length > 0).map((expected) => ({ cases: expected.length, time: new TimeLeft(expected) }));
  const clear = () => stream.isTTY && stream.write("\r\u001b[K");
  const head = () => {
    const now = performance.now();
    const rest = left.reduce((sum, { time }) => sum + time.milliseconds(), 0) - (now - lastEnd);
    return `[${index}/${cases}, ${Math.round((now - started) / 1000)} s, about ${Math.max(0, Math.round(rest / 1000))} s left] ${current}`;
  };
  // What is longer than the terminal's line could not be taken back.
  const showHead = () => stream.isTTY && stream.write(head().slice(0, stream.columns - 1));
  return {
    begin(label) {
      index++;
      current = label;
      clear();
      showHead();
    },
    say(line) {
      clear();
      stream.write(`${paintWarning(line, stream)}\n`);
      if (current !== "") showHead();
    },
    end(outcome) {
      const now = performance.now();
      let before = 0;
      left.find((stage) => ended < (before += stage.cases))?.time.end(now - lastEnd);
      ended++;
      lastEnd = now;
      clear();
      if (!stream.isTTY || outcome.startsWith("failed")) stream.write(`${head()}: ${outcome}\n`);
      current = "";
      if (ended < cases) showHead();
    },
  };
}
