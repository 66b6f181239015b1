// `npm run compare` as its caller sees it, in real git repositories.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compare as command } from "../../../bench/compare/command.ts";
import { EXIT_CODE, UsageError } from "../../../bench/exit-code.ts";
import { exactRow, Repository } from "./repository.ts";

const MAIN = fileURLToPath(new URL("../../../bench/compare/main.ts", import.meta.url));
const PATH = "results/exact/graviton3/contend.csv";

let repository: Repository;
beforeEach(() => {
  repository = new Repository();
  repository.write(PATH, [exactRow(), exactRow({ harts: 4, value: 190 })]);
  repository.commit();
});
afterEach(() => repository.remove());

/** As a process of its own. */
function run(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], { cwd: repository.folder, encoding: "utf8" });
  return { code: status, output: stdout, errors: stderr };
}

function compare(words: readonly string[], stepSummary?: string) {
  let output = "";
  const code = command(words, repository.folder, stepSummary, (text) => { output += text; });
  return { code, output };
}

describe("npm run compare", () => {
  test("a branch against where it left main, as main goes on", () => {
    const begun = repository.git("rev-parse", "--short=12", "HEAD");
    repository.git("checkout", "--quiet", "-b", "change");
    repository.write(PATH, [exactRow({ value: 99 }), exactRow({ harts: 4, value: 191 })]);
    repository.commit();
    repository.git("checkout", "--quiet", "main");
    repository.write(PATH, [exactRow({ value: 500 }), exactRow({ harts: 4, value: 500 })]);
    repository.commit();
    repository.git("checkout", "--quiet", "change");
    const markdown = join(repository.folder, "summary.md");
    const { code, output } = compare(["--markdown", markdown]);
    expect(code).toBe(EXIT_CODE.regression.code);
    expect(output).toContain(`BASE  ${begun}, where HEAD left main`);
    expect(output).toMatch(/contend on smp, 2 harts\n +throughput +100 → 99 units\/Mcycle +−1\.00 %/);
    expect(output).toContain("REGRESSION: 1 figure worse than may be\n2 figures compared: 0 the same, 1 worse, 1 better, 0 moved\n0 new, 0 removed, 0 refused, 0 failed");
    const summary = readFileSync(markdown, "utf8");
    expect(summary).toMatch(/^\*\*REGRESSION: 1 figure worse than may be\*\*\n\n2 figures compared/);
    expect(summary.split("<details>")[0]).toContain("| contend on smp, 2 harts | throughput | 100 → 99 units/Mcycle | −1.00 % |");
    expect(summary.split("<details>")[1]).toContain("| contend on smp, 4 harts | throughput | 190 → 191 units/Mcycle | +0.526 % |");
    expect(summary).toContain(`npm run compare -- ${begun} results/exact`);

    const [line] = /^ {2}graviton3,.*$/m.exec(output) ?? [];
    writeFileSync(join(repository.folder, "results/accepted.csv"), `profile,workload,engine,options,harts,subject,metric,changes,reason\n${line!.trim().replace("WHY", "\"the price, agreed\"")}\n`);
    const accepted = compare([], join(repository.folder, "step.md"));
    expect(accepted).toMatchObject({ code: EXIT_CODE.fine.code, output: expect.stringContaining("NO REGRESSION: 2 differences") });
    expect(readFileSync(join(repository.folder, "step.md"), "utf8")).toMatch(/Accepted: 1.*the price, agreed/s);
  });

  test("on main, the working tree against the commit", () => {
    expect(compare([])).toMatchObject({ code: EXIT_CODE.fine.code, output: expect.stringContaining("SAME: every figure is what it was") });
    repository.write(PATH, [exactRow({ value: 101 }), exactRow({ harts: 4, value: 190 })]);
    expect(compare([])).toMatchObject({ code: EXIT_CODE.fine.code, output: expect.stringContaining("100 → 101") });
    repository.write(PATH, [exactRow({ value: 101 }), exactRow({ harts: 4, metric: "case", value: null, direction: "none", status: "failed", reason: "contend-0 computed something else" })]);
    expect(compare([])).toMatchObject({ code: EXIT_CODE.failedCase.code, output: expect.stringContaining("contend-0 computed something else") });
    repository.write(PATH, [exactRow({ harts: 4, value: 190 })]);
    expect(compare([]).code).toBe(EXIT_CODE.notCompared.code);
    repository.write(PATH, [exactRow({ revision: "model-2" }), exactRow({ harts: 4, value: 190, revision: "model-2" })]);
    expect(compare([])).toMatchObject({ code: EXIT_CODE.notCompared.code, output: expect.stringContaining("model revision model-1 → model-2") });
  });

  test("files, folders and revisions", () => {
    repository.write("mine.csv", [exactRow({ value: 100 })]);
    repository.git("tag", "v1");
    for (const words of [["v1", "HEAD"], ["HEAD", "results"], ["v1:results/exact/graviton3", PATH], [`HEAD:${PATH}`, join(repository.folder, PATH)]]) {
      expect(compare(words), words.join(" ")).toMatchObject({ code: EXIT_CODE.fine.code, output: expect.stringContaining("2 figures compared: 2 the same") });
    }
    expect(compare(["mine.csv", PATH])).toMatchObject({ code: EXIT_CODE.fine.code, output: expect.stringContaining("1 new") });
    expect(compare(["HEAD:elsewhere", PATH])).toMatchObject({ code: EXIT_CODE.notCompared.code, output: expect.stringContaining("NOTHING COMPARED") });
    repository.write("later.csv", [exactRow({ schema: 2 })]);
    expect(run("later.csv", PATH)).toMatchObject({ code: EXIT_CODE.notCompared.code, output: "", errors: expect.stringMatching(/^tcbench: .*schema version 2.*\n$/) });
  });

  test.each([
    [["nowhere"], "nowhere: neither a file or folder nor a git revision here"],
    [["HEAD", "HEAD", "HEAD"], "HEAD: there are two sides"],
    [["--tolerance", "5"], "Unknown option '--tolerance'"],
    [["--limits", "absent.csv"], "absent.csv"],
    [["HEAD", "README.md"], "README.md: neither"],
    [["HEAD", ".git/config"], "not a file of results"],
    [["HEAD", "HEAD", "--markdown", "no/such/folder.md"], "the summary cannot be written"],
  ])("%j is refused in one line", (words, message) => {
    expect(() => compare(words)).toThrow(UsageError);
    expect(() => compare(words)).toThrow(new RegExp(`^[^\n]*${RegExp.escape(message)}[^\n]*$`));
  });

  test("the process answers with the code", () => {
    repository.write(PATH, [exactRow({ value: 99 })]);
    expect(run(`HEAD:${PATH}`)).toMatchObject({ code: EXIT_CODE.regression.code, output: expect.stringContaining("REGRESSION: 1 figure"), errors: "" });
    expect(run("nowhere")).toEqual({ code: EXIT_CODE.usage.code, output: "", errors: "tcbench: nowhere: neither a file or folder nor a git revision here\n" });
  });

  test("without a main to come from, BASE is asked for", () => {
    repository.git("branch", "--move", "main", "trunk");
    expect(() => compare([])).toThrow("name BASE, or get the history");
    expect(compare(["--help"])).toMatchObject({ code: EXIT_CODE.fine.code, output: expect.stringMatching(/^ {2}10 +a figure is worse/m) });
  });
});
