// Progress on stderr: one line that is rewritten on a terminal, one line a case elsewhere.

export interface Progress {
  /** A case begins. */
  begin(label: string): void;
  /** Something the user must see, now. */
  say(line: string): void;
  /** The case has ended as `outcome` says. */
  end(outcome: string): void;
}

export function reportProgress(stream: NodeJS.WriteStream, cases: number): Progress {
  const started = performance.now();
  let index = 0;
  let current = "";
  const clear = () => stream.isTTY && stream.write("\r\u001b[K");
  const head = () => `[${index}/${cases}, ${Math.round((performance.now() - started) / 1000)} s] ${current}`;
  return {
    begin(label) {
      index++;
      current = label;
      if (stream.isTTY) stream.write(head());
    },
    say(line) {
      clear();
      stream.write(`${line}\n`);
      if (stream.isTTY && current !== "") stream.write(head());
    },
    end(outcome) {
      clear();
      if (!stream.isTTY) stream.write(`${head()}: ${outcome}\n`);
      else if (outcome.startsWith("failed")) stream.write(`${head()}: ${outcome}\n`);
      current = "";
    },
  };
}
