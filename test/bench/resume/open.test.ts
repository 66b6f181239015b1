import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BenchRequest, parseCommandLine } from "../../../bench/cli.ts";
import { UsageError } from "../../../bench/exit-code.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import { readEnvironment } from "../../../bench/results/environment.ts";
import { type Inputs, INPUTS, readInputs } from "../../../bench/resume/inputs.ts";
import { Journal, measuredBy, type RunRecord } from "../../../bench/resume/journal.ts";
import { meantRun, openJournal, requireSame } from "../../../bench/resume/open.ts";
import { vocabularyOf } from "../../../bench/vocabulary.ts";
import { ENGINES } from "../../../engines/engines.ts";
import { CATALOGUE } from "../../../workloads/catalogue.ts";

const inputs = readInputs(loadProfile("graviton3"), undefined);
const record: RunRecord = {
  command: [], revision: "abc", inputs, shard: "", finished: false, wall: "", ...measuredBy(process.pid), environment: readEnvironment(new Date(0), []),
};

describe("a run to go on with", () => {
  const vocabulary = vocabularyOf(Object.values(ENGINES), CATALOGUE);
  const meant = (...words: string[]) => meantRun(parseCommandLine(words, vocabulary) as BenchRequest, words, vocabulary);
  let folder: string;
  beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "tcbench-open-")); });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is the one that is there, with its flags; without any, nothing is gone on with, but for a job that may be the first", () => {
    expect(() => meant("--resume", folder)).toThrow(new UsageError(`--resume: there is no interrupted run in ${folder}`));
    expect(meant("--quick", "--resume", folder).begun).toBeUndefined();
    const run = join(folder, "unfinished", "run");
    Journal.begin(run, { ...record, command: ["--quick", "--set", "lock=mcs"] });
    expect(meant("--resume", folder).request).toMatchObject({ quick: true, settings: { lock: "mcs" }, resultsFolder: folder, resume: true });
    expect(meant("--set=lock=mcs", "--resume", folder, "--quick", "--json").request).toMatchObject({ quick: true, json: true });
    expect(() => meant("--full", "--resume", folder)).toThrow(new UsageError(`--resume: the run in ${run} was begun with other flags: --quick --set lock=mcs; give the same, or none`));
    expect(meant("--full", "--results", folder).begun).toBeUndefined();
    expect(meant("--shard", "1/2", "--quick", "--resume", folder).begun).toBeUndefined();
  });

  test.skipIf(process.platform !== "linux")("is left to the process that measures it, and not replaced by another run either", () => {
    const shard = Journal.begin(join(folder, "shards", "1-of-2"), { ...record, command: ["--quick"], shard: "1/2", ...measuredBy(process.ppid) });
    expect(shard.isRunning()).toBe(true);
    const words = ["--quick", "--shard", "1/2", "--results", folder];
    const refusal = new UsageError(`process ${process.ppid} is still measuring the run in ${shard.folder}`);
    expect(() => meant(...words, "--resume")).toThrow(refusal);
    expect(() => openJournal(meant(...words), words, inputs)).toThrow(refusal);
  });

  test("on the wall clock is of one host", () => {
    const run = Journal.begin(join(folder, "wall"), { ...record, wall: "wall.csv", environment: { ...record.environment, host: "elsewhere" } });
    const environment = readEnvironment(new Date(), []);
    expect(() => openJournal({ request: parseCommandLine([], vocabulary) as BenchRequest, environment, begun: run }, [], inputs))
      .toThrow(/measures the wall clock of host elsewhere under Node v.*; go on there, or begin anew$/);
  });
});

describe("what a run was begun with", () => {
  test("is the same a second time, and not with another profile or a capture", () => {
    expect(readInputs(loadProfile("graviton3"), undefined)).toEqual(inputs);
    expect(readInputs(loadProfile("imx8mm"), undefined)).toEqual({ ...inputs, profile: expect.stringMatching(/^imx8mm@[0-9a-f]{8}$/) });
    expect(readInputs(undefined, import.meta.filename).capture).toMatch(/^[0-9a-f]{16}$/);
    expect(() => requireSame("--resume: since then", record, inputs, "abc")).not.toThrow();
  });

  test.each(Object.keys(INPUTS) as (keyof Inputs)[])("of %s, a change is refused in one line", (input) => {
    const [name, remedy] = INPUTS[input];
    expect(() => requireSame("--resume: since then", record, { ...inputs, [input]: "other" }, "def"))
      .toThrow(new UsageError(`--resume: since then (revision abc, now def), ${name} changed; ${remedy}, or begin anew`));
  });
});
