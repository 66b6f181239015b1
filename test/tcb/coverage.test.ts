import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { executedStatements, type FileCoverage } from "../../bench/tcb/coverage.ts";
import { readSource } from "../../bench/tcb/source.ts";

/** 12 statements; the calls below run all but those marked. */
const ENGINE = `
  export class Engine {
    turns: number = 1;
    static idle(): number { return 0; }        // 2 of 2: only with "idle"
    trap(cause: number): number {
      if (cause > 1) { return this.turns; }    // 1 of 2: only with cause 2
      else { this.turns++; }                   // 1: only with cause 1
      return 0;                                // 1: only with cause 1
    }
    never(): void { this.turns = 0; }          // 2
  }
  export function unreached(): void {}         // 1
`;
const ALWAYS = 4; // the class, the field, trap, if

const WORKER = `
  import { parentPort, workerData } from "node:worker_threads";
  const { CoverageRecorder } = await import(workerData.recorder);
  const recorder = await CoverageRecorder.start();
  const { Engine } = await import(workerData.engine);
  const engine = new Engine();
  for (const cause of workerData.causes) if (cause === "idle") Engine.idle(); else engine.trap(cause);
  parentPort.postMessage(await recorder.finish());
`;

async function coverageOf(engine: string, causes: readonly (number | string)[]): Promise<readonly FileCoverage[]> {
  const recorder = new URL("../../bench/tcb/coverage.ts", import.meta.url).href;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(WORKER)}`), {
    workerData: { recorder, engine: pathToFileURL(engine).href, causes },
  });
  const coverage = await new Promise<readonly FileCoverage[]>((resolve, reject) => worker.on("message", resolve).on("error", reject));
  await worker.terminate();
  return coverage;
}

test("counts exactly the statements that ran, in any of the threads", async () => {
  const root = await mkdtemp(join(tmpdir(), "coverage-"));
  try {
    const path = join(root, "engine.ts");
    await writeFile(path, ENGINE);
    const source = readSource(ENGINE);
    const modules = [{ path: "engine.ts", minifiedBytes: 1, statements: source.statements, source }];
    const executed = (...threads: (readonly FileCoverage[])[]) => executedStatements(root, modules, threads);

    expect(source.statements.flatMap(({ statements }) => statements)).toHaveLength(12);
    const one = await coverageOf(path, [1]);
    const two = await coverageOf(path, [2]);
    const idle = await coverageOf(path, ["idle"]);
    expect(executed(one)).toBe(ALWAYS + 2);
    expect(executed(two)).toBe(ALWAYS + 1);
    expect(executed(one, two)).toBe(ALWAYS + 3);
    expect(executed(idle)).toBe(ALWAYS - 2 + 2);
    expect(executed()).toBe(0);
  } finally {
    await rm(root, { recursive: true });
  }
});
