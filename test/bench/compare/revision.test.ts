import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { OtherSchema } from "../../../bench/compare/result-file.ts";
import { commitOf, readRevision } from "../../../bench/compare/revision.ts";
import { exactRow, Repository } from "./repository.ts";

let repository: Repository;
beforeEach(() => { repository = new Repository(); });
afterEach(() => repository.remove());

describe("result files of a revision", () => {
  test("are those of the commit, whatever the working tree has", () => {
    repository.write("README.md", "nothing yet");
    const first = repository.commit();
    const rows = [exactRow(), exactRow({ subject: "a name, quoted \"é\"\n", value: 0.1 + 0.2 })];
    repository.write("results/exact/graviton3/contend.csv", rows);
    repository.write("results/exact/graviton3/isolation/attack.csv", [exactRow({ workload: "attack" })]);
    repository.write("results/exact/graviton3/notes.md", "no rows");
    const second = repository.commit();
    repository.write("results/exact/graviton3/contend.csv", [exactRow({ value: 7 })]);
    repository.git("tag", "published");

    expect(readRevision(repository.folder, first)).toEqual([]);
    expect(readRevision(repository.folder, "published")).toEqual([
      { path: "published:results/exact/graviton3/contend.csv", rows },
      { path: "published:results/exact/graviton3/isolation/attack.csv", rows: [exactRow({ workload: "attack" })] },
    ]);
    expect(readRevision(repository.folder, "HEAD", "results/exact/graviton3/isolation/").map(({ path }) => path)).toEqual(["HEAD:results/exact/graviton3/isolation/attack.csv"]);
    expect(readRevision(`${repository.folder}/results`, second)).toHaveLength(2);
    expect(commitOf(repository.folder, "published")).toBe(second);
  });

  test("what is no revision is said in one line", () => {
    expect(commitOf(repository.folder, "nowhere")).toBeUndefined();
    expect(commitOf(repository.folder, "--all")).toBeUndefined();
    expect(() => readRevision(repository.folder, "nowhere")).toThrow("nowhere: not a git revision here");
  });

  test("a repository of somebody else, which git refuses to look into, is said to be that", () => {
    const commit = repository.commit();
    vi.stubEnv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    expect(() => readRevision(repository.folder, commit)).toThrow(/^git: fatal: detected dubious ownership in repository at '.*'; git config --global --add safe\.directory /);
    vi.unstubAllEnvs();
    expect(readRevision(repository.folder, commit)).toEqual([]);
  });

  test("another schema version, and files that are no results", () => {
    repository.write("results/exact/a.csv", [exactRow({ schema: 2 })]);
    repository.write("results/exact/b.csv", "schema,colour\n2,red\n");
    repository.write("results/exact/c.csv", "colour\nred\n");
    repository.write("results/exact/d.csv", "schema,colour\n1,red\n");
    repository.write("results/exact/e.csv", "a,b\n1\n");
    repository.commit();
    const read = (name: string) => () => readRevision(repository.folder, "HEAD", `results/exact/${name}.csv`);
    for (const name of ["a", "b"]) expect(read(name)).toThrow(OtherSchema);
    expect(read("a")).toThrow("HEAD:results/exact/a.csv has schema version 2; this tcbench reads and compares version 1");
    for (const name of ["c", "d"]) expect(read(name)).toThrow(/[cd]\.csv: not a file of results: record 1, column/);
    expect(read("e")).toThrow(/e\.csv: not a file of results/);
  });
});
