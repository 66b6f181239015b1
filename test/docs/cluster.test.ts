// The examples for clusters: the manifest is as Kubernetes takes it, and what each has a job run is a command line that is right.

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseCommandLine } from "../../bench/cli.ts";
import { vocabularyOf } from "../../bench/vocabulary.ts";
import { ENGINES } from "../../engines/engines.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";

const read = (name: string): string => readFileSync(new URL(`../../docs/cluster/${name}`, import.meta.url), "utf8");

interface Job {
  spec: {
    completions: number;
    completionMode: string;
    template: { spec: { restartPolicy: string; containers: { command: string[]; args: string[] }[] } };
  };
}
interface Workflow {
  jobs: { shard: { strategy: { matrix: { shard: number[] } }; steps: { run?: string }[] }; merge: { steps: { run?: string }[] } };
}

/** A folder with an `npm` that says what it was asked to run. */
let bin: string;
beforeAll(() => {
  bin = mkdtempSync(join(tmpdir(), "tcbench-npm-"));
  writeFileSync(join(bin, "npm"), '#!/bin/sh\nprintf "%s\\n" "$@"\n');
  chmodSync(join(bin, "npm"), 0o755);
});
afterAll(() => rmSync(bin, { recursive: true }));

/** What a shell makes of a job's command, as a request. */
function requestOf(script: string, env: Readonly<Record<string, string>>) {
  const { stdout, stderr, status } = spawnSync("sh", ["-eu", "-c", script], { encoding: "utf8", env: { PATH: `${bin}:${process.env["PATH"] ?? ""}`, ...env } });
  expect(status, stderr).toBe(0);
  const words = stdout.trimEnd().split("\n");
  expect(words.slice(0, 3)).toEqual(["run", "bench", "--"]);
  return parseCommandLine(words.slice(3), vocabularyOf(Object.values(ENGINES), CATALOGUE));
}

describe("the Kubernetes Indexed Job", () => {
  const job = parse(read("indexed-job.yaml")) as Job;
  const validate = new Ajv2020().compile(JSON.parse(read("job.schema.json")) as object);

  test("is what its schema says; what is misspelt or left out is not", () => {
    expect(validate(job), JSON.stringify(validate.errors)).toBe(true);
    const changed = (change: (copy: Job) => void): boolean => {
      const copy = structuredClone(job);
      change(copy);
      return validate(copy);
    };
    expect(changed(() => undefined)).toBe(true);
    expect(changed(({ spec }) => { spec.completionMode = "indexed"; })).toBe(false);
    expect(changed(({ spec }) => { Object.assign(spec, { backofLimitPerIndex: 5 }); })).toBe(false);
    expect(changed(({ spec }) => { Object.assign(spec, { completions: "8" }); })).toBe(false);
    // No podFailurePolicy goes with OnFailure.
    expect(changed(({ spec }) => { spec.template.spec.restartPolicy = "OnFailure"; })).toBe(false);
    expect(changed(({ spec }) => { spec.template.spec.containers = []; })).toBe(false);
  });

  test("has each pod measure its shard, all of them", () => {
    const { spec: { completions, template } } = job;
    const [{ command, args }] = template.spec.containers;
    expect(command).toEqual(["sh", "-c"]);
    const shards = Array.from({ length: completions }, (_, index) => requestOf(args[0], { JOB_COMPLETION_INDEX: String(index) }));
    shards.forEach((request, index) => expect(request).toMatchObject({ clock: "model", full: true, resume: true, shard: { index: index + 1, count: completions } }));
  });
});

test("the Slurm array has each task measure its shard", () => {
  const script = read("array.sbatch");
  const [, first, last] = /^#SBATCH --array=(\d+)-(\d+)$/m.exec(script)?.map(Number) ?? [];
  expect(first).toBe(1);
  for (const index of [first, last]) {
    const env = { SLURM_ARRAY_TASK_ID: String(index), SLURM_ARRAY_TASK_COUNT: String(last) };
    expect(requestOf(script, env)).toMatchObject({ clock: "model", full: true, resume: true, resultsFolder: "parts", shard: { index, count: last } });
  }
});

test("the matrix has each job measure its shard, and merges them", () => {
  const { jobs: { shard, merge } } = parse(read("matrix.yml")) as Workflow;
  const { matrix } = shard.strategy;
  const script = shard.steps.find(({ run }) => run?.includes("--shard"))?.run ?? "";
  matrix.shard.forEach((value, index) => {
    expect(requestOf(script.replaceAll("${{ matrix.shard }}", String(value)), {})).toMatchObject({ clock: "model", shard: { index: index + 1, count: matrix.shard.length }, resultsFolder: "parts" });
  });
  expect(merge.steps.map(({ run }) => run)).toContain("npm run merge -- parts");
});
