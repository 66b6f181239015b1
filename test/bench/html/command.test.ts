import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT_CODE, UsageError } from "../../../bench/exit-code.ts";
import { report } from "../../../bench/html/report.ts";
import { ENGINES } from "../../../engines/engines.ts";
import { CATALOGUE } from "../../../workloads/catalogue.ts";
import { formatFile, formatRows } from "../../../bench/results/csv.ts";
import { attackRows, faultRows, row, workloadRows } from "./rows.ts";

const MAIN = fileURLToPath(new URL("../../../bench/html/main.ts", import.meta.url));

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "tcbench-report-")); });
afterAll(() => rmSync(folder, { recursive: true }));

function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
}

function write(path: string, text: string): string {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
  return path;
}

describe("npm run report", () => {
  test("one file that names nothing to load, with figures beside it", () => {
    write("results/exact/graviton3/contend.csv", formatFile(workloadRows("contend")));
    write("results/exact/graviton3/isolation/attack-memory-read.csv", formatFile([...attackRows(), ...faultRows()]));
    const wall = (value: number) => formatFile([row("throughput", value, { clock: "wall", low: value - 1, high: value + 1, status: "contaminated", reason: "busy" })]);
    write("results/wall/host/20260101T000000-000Z.csv", wall(111));
    write("results/wall/host/20260102T000000-000Z.csv", wall(222) + formatRows([row("tcb-bytes", 4000, { clock: "wall", workload: "", harts: 0 })]));
    const { status, stdout, stderr } = run("--out", "out/page.html");
    expect(stderr).toBe("");
    expect(status).toBe(EXIT_CODE.fine.code);
    expect(stdout).toContain("out/page.html");

    const page = readFileSync(join(folder, "out/page.html"), "utf8");
    expect(page).not.toMatch(/<(?:link|img|iframe|script)[^>]*(?:src|href)=/);
    expect(page.replaceAll(/<script>[\s\S]*<\/script>/g, "")).not.toMatch(/url\(|@import|https?:/);
    expect(page).toContain("from-the-future");
    expect(page).toContain("1 of 1 cases are contaminated");
    expect(page).toContain("222");
    expect(page, "an older run of the same host").not.toContain("20260101");

    const figures = readdirSync(join(folder, "out/figures"));
    for (const name of ["throughput-contend", "scaling-contend", "waiting-contend", "locks-contend", "latency-contend", "cycles-contend", "exits-contend", "tcb", "reach", "isolation", "faults"]) {
      expect(figures).toEqual(expect.arrayContaining([`${name}.svg`, `${name}.png`]));
      const svg = readFileSync(join(folder, "out/figures", `${name}.svg`), "utf8");
      expect(svg).toMatch(/^<svg /);
      expect(svg, "colours that need no style sheet").not.toContain("var(");
      expect(readFileSync(join(folder, "out/figures", `${name}.png`)).subarray(1, 4).toString()).toBe("PNG");
    }
  });

  test.each([
    ["nothing there", ["absent"], /absent: no such file or folder$/],
    ["an empty folder", ["empty"], /^no measurements in .*empty: npm run bench measures some$/],
    ["no rows", ["header.csv"], /^no measurements in .*header\.csv: /],
    ["rows about sources alone", ["sources.csv"], /^no measurements in .*sources\.csv: /],
    ["another schema", ["schema.csv"], /schema\.csv has schema version 7; .* version 1$/],
    ["no CSV", ["picture.csv"], /picture\.csv: not a file of results: .+$/],
    ["a value that is none", ["value.csv"], /value\.csv: not a file of results: record 1, column value: not a number$/],
    ["the same case twice", ["good.csv", "again.csv"], /good\.csv and .*again\.csv both have contend per-core 1: give one of them$/],
    ["a page that cannot be written", ["good.csv", "--out", "good.csv/page.html"], /^the report cannot be written to .*good\.csv\/page\.html: .+$/],
  ])("%s is one line", async (_, words, line) => {
    mkdirSync(join(folder, "empty"), { recursive: true });
    write("header.csv", formatFile([]));
    write("schema.csv", formatFile([row("throughput", 1, { schema: 7 })]));
    write("picture.csv", "\u{89}PNG\n\"");
    write("value.csv", formatFile([row("throughput", 1234)]).replace(",1234,", ",lots,"));
    write("good.csv", formatFile(workloadRows("contend")));
    write("sources.csv", formatFile([row("tcb-bytes", 1, { workload: "", harts: 0 })]));
    write("again.csv", formatFile(workloadRows("contend")));
    const inFolder = words.map((word) => (word.startsWith("--") ? word : join(folder, word)));
    const failure = await report(inFolder, ENGINES, ENGINES.uniprocessor, CATALOGUE).then(() => undefined, (error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect((failure as UsageError).message).toMatch(line);
  });

  test("attacks alone have a page too, without workloads", () => {
    write("attacks.csv", formatFile([...attackRows(), row("tcb-bytes", 4000, { workload: "", harts: 0 })]));
    expect(run("attacks.csv", "--out", "attacks/page.html")).toMatchObject({ status: EXIT_CODE.fine.code, stderr: "" });
    expect(readdirSync(join(folder, "attacks/figures"))).toContain("isolation.svg");
  });

  test("a flag that is none is one line, and exit code 1", () => {
    expect(run("--colour")).toEqual({ status: EXIT_CODE.usage.code, stdout: "", stderr: "tcbench: Unknown option '--colour' (--help lists what there is)\n" });
  });
});
