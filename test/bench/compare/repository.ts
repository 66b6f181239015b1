// A real git repository in a temporary folder, with result files committed.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { formatFile } from "../../../bench/results/csv.ts";
import type { ResultRow } from "../../../bench/results/schema.ts";

export class Repository {
  readonly folder = mkdtempSync(join(tmpdir(), "tcbench-repository-"));

  constructor() {
    this.git("init", "--quiet", "--initial-branch=main");
    this.git("config", "user.name", "tester");
    this.git("config", "user.email", "tester@localhost");
  }

  git(...words: string[]): string {
    return execFileSync("git", words, { cwd: this.folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  }

  write(path: string, content: string | readonly ResultRow[]): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : formatFile(content));
  }

  /** Everything that was written, and answers the commit. */
  commit(message = "results"): string {
    this.git("add", "--all");
    this.git("commit", "--quiet", "--allow-empty", "--message", message);
    return this.git("rev-parse", "HEAD");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** A row of the model clock, of which `part` says what matters. */
export function exactRow(part: Partial<ResultRow> = {}): ResultRow {
  return {
    schema: 1, workload: "contend", engine: "smp", options: "", clock: "model", profile: "graviton3", harts: 2, vms: 2, subject: "",
    metric: "throughput", unit: "units/Mcycle", direction: "higher", class: "exact", sample: null, value: 100, samples: 1, low: null, high: null,
    status: "ok", reason: "", image: "aa11", revision: "model-1", ...part,
  };
}
