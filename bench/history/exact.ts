// The published exact figures through git: what each commit that changed them changed. Exact figures have no noise, so every
// difference is a change, and the first one is as certain as the hundredth.

import { git } from "../compare/git.ts";
import type { ResultFile } from "../compare/result-file.ts";
import { PUBLISHED, readRevision } from "../compare/revision.ts";
import { UsageError } from "../exit-code.ts";
import { caseKey, type ResultRow } from "../results/schema.ts";

export interface Commit {
  readonly hash: string;
  /** As 2026-11-23. */
  readonly date: string;
  readonly subject: string;
}

export interface Step {
  readonly from: ResultRow;
  readonly to: ResultRow;
}

export interface CommitChanges extends Commit {
  /** Figures that it holds. */
  readonly figures: number;
  readonly steps: readonly Step[];
  readonly added: number;
  readonly gone: number;
  /** Why its figures could not be read; they are left out. */
  readonly unread: string;
}

/** Every commit that changed published figures, the oldest first; of what was merged, the merge. */
export function exactHistory(repository: string): CommitChanges[] {
  let before = new Map<string, ResultRow>();
  return commitsOf(repository).map((commit): CommitChanges => {
    const files = readFiles(repository, commit.hash);
    if (typeof files === "string") return { ...commit, figures: 0, steps: [], added: 0, gone: 0, unread: files };
    const after = figuresOf(files);
    const both = [...after].flatMap(([key, to]) => {
      const from = before.get(key);
      return from === undefined ? [] : [{ from, to }];
    });
    const changes: CommitChanges = {
      ...commit, figures: after.size, unread: "", steps: both.filter(({ from, to }) => from.value !== to.value), added: after.size - both.length, gone: before.size - both.length,
    };
    before = after;
    return changes;
  });
}

function commitsOf(repository: string): Commit[] {
  const root = git(repository, "rev-parse", "--show-toplevel");
  const log = git(root, "log", "--first-parent", "--reverse", "--date=short", "--format=%H%x09%ad%x09%s", "--", PUBLISHED);
  return log.split("\n").filter((line) => line !== "").map((line): Commit => {
    const [hash, date, ...subject] = line.split("\t");
    return { hash, date, subject: subject.join("\t") };
  });
}

function readFiles(repository: string, hash: string): ResultFile[] | string {
  try {
    return readRevision(repository, hash);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

const figuresOf = (files: readonly ResultFile[]): Map<string, ResultRow> => new Map(files.flatMap(({ rows }) => rows.map((row) => [figureKey(row), row])));

const figureKey = (row: ResultRow): string => [row.profile, caseKey(row), row.metric, row.subject].join("\n");
