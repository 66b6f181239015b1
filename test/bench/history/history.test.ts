// The command on a real git repository, and on a folder of runs.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT_CODE, UsageError } from "../../../bench/exit-code.ts";
import { history } from "../../../bench/history/history.ts";
import type { ResultRow } from "../../../bench/results/schema.ts";
import { exactRow, Repository } from "../compare/repository.ts";

const FILE = "results/exact/graviton3/contend.csv";
const MAIN = fileURLToPath(new URL("../../../bench/history/main.ts", import.meta.url));

const rows = (value: number, part: Partial<ResultRow> = {}): ResultRow[] => [
  exactRow({ value, ...part }), exactRow({ value: 100, engine: "per-core", ...part }),
  exactRow({ value: 5, metric: "lock-waiting", unit: "cycles", direction: "lower", subject: "channels", ...part }),
];
const wallRow = (value: number, part: Partial<ResultRow> = {}): ResultRow => exactRow({ clock: "wall", profile: "", unit: "units/s", class: "noisy", value, revision: "aaa", ...part });

let repository: Repository;
beforeAll(() => {
  repository = new Repository();
  repository.write(FILE, rows(100));
  repository.commit("first sweep");
  repository.write("README.md", "no results");
  repository.commit("words");
  repository.write(FILE, [...rows(87.5, { revision: "model-2", image: "bb22" }), exactRow({ harts: 4, value: 0.5, revision: "model-2" })]);
  repository.commit("slower locks");
  repository.write(FILE, rows(1, { schema: 9 }));
  repository.commit("another schema");
  repository.write(FILE, rows(91.4, { revision: "model-2", image: "bb22" }).slice(0, 2));
  repository.commit("locks again");
  repository.git("switch", "--quiet", "--create", "side", "HEAD~1");
  repository.write(FILE, "no results");
  repository.commit("on the side");
  repository.write(FILE, rows(80, { revision: "model-2", image: "bb22" }));
  repository.commit("on the side again");
  repository.git("switch", "--quiet", "main");
  repository.git("merge", "--quiet", "--strategy=ours", "--no-commit", "side");
  repository.write(FILE, rows(70, { revision: "model-2", image: "bb22" }).slice(0, 2));
  repository.commit("what was on the side");
  repository.write(FILE, "schema,workload\n1,contend\n");
  repository.commit("a mistake");
  for (let run = 0; run < 20; run++) {
    const value = (run < 12 ? 1000 : 800) + 7 * ((run * 5) % 7);
    const summary = wallRow(value, run < 12 ? {} : { revision: "bbb" });
    const raw = wallRow(value * 3, { sample: 0 });
    const busy = wallRow(1, { status: "contaminated", reason: "busy", engine: "per-core" });
    repository.write(`results/wall/box/2026010${Math.floor(run / 10)}T00000${run % 10}-000Z.csv`, [summary, raw, busy, wallRow(50, { engine: "microscheduler" })]);
  }
});
afterAll(() => repository.remove());

const read = (...words: string[]) => history(["--results", join(repository.folder, "results"), ...words], repository.folder).split("\n");

describe("npm run history", () => {
  test("names each commit that changed exact figures, what it changed and by how much", () => {
    const text = read().join("\n");
    expect(text).toContain("Exact figures: 6 commits changed results/exact");
    expect(text).not.toContain("words");
    expect(text).toMatch(/first sweep\n {2}3 figures, all new\n/);
    expect(text).toMatch(/slower locks\n {2}4 figures, 1 changed, 1 new, rules of the model model-1 → model-2, 1 of them with other guest images\n/);
    expect(text).toMatch(/ −13 % {2}worse {3}throughput of contend on smp, 2 harts: 100 → 87\.5 units\/Mcycle\n/);
    expect(text).toMatch(/another schema\n {2}left out: [0-9a-f]{40}:results\/exact\/graviton3\/contend\.csv has schema version 9/);
    expect(text).toMatch(/locks again\n {2}2 figures, 1 changed, 2 gone\n +\+4\.5 % {2}better {2}throughput of contend on smp, 2 harts: 87\.5 → 91\.4 units\/Mcycle/);
    expect(text).toMatch(/what was on the side\n {2}2 figures, 1 changed\n +−23 % {2}worse {3}throughput of contend on smp, 2 harts: 91\.4 → 70/);
    expect(text).not.toMatch(/ {2}on the side/);
    expect(text).toMatch(/a mistake\n {2}left out: [0-9a-f]{40}:results\/exact\/graviton3\/contend\.csv: not a file of results: /);
  });

  test("names the runs and revisions between which a mean of the wall clock changed; contaminated values are left out", () => {
    const text = read().join("\n");
    expect(text).toContain("Wall clock on box: 20 runs, 2 series");
    expect(text).toContain("20 values left out");
    expect(text).toMatch(/−(19|20) % {2}worse {3}throughput of contend on smp, 2 harts: 1,0\d\d → 8\d\d units\/s\n +from 20260101T000002-000Z on, p = 0\.002; between revisions aaa and bbb/);
    expect(text).not.toContain("microscheduler");
  });

  test("tells of the metrics asked for", () => {
    expect(read("--metric", "lock-waiting").join("\n")).not.toMatch(/throughput/);
  });

  test("is the same every time", () => {
    expect(read()).toEqual(read());
  });

  test.each([
    [["--metric", "speed"], "unknown metric speed: results/SCHEMA.md lists them"],
    [["--results", "/nowhere"], "/nowhere: no such folder"],
    [["--since", "1"], "Unknown option '--since' (--help lists what there is)"],
  ])("%j is one line", (words, line) => {
    expect(() => history(words, repository.folder)).toThrow(new UsageError(line));
  });

  test("nothing to tell is one line and exit code 1", () => {
    const empty = new Repository();
    try {
      empty.write("results/README.md", "none yet");
      empty.commit();
      const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN], { cwd: empty.folder, encoding: "utf8" });
      expect({ status, stdout, stderr }).toEqual({
        status: EXIT_CODE.usage.code, stdout: "", stderr: "tcbench: no history: no commit has results/exact, and results has no runs of the wall clock\n",
      });
    } finally {
      empty.remove();
    }
  });
});
