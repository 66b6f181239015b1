// What is compared: BASE and NEW, as files, folders or git revisions.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "../exit-code.ts";
import type { ResultRow } from "../results/schema.ts";
import { git, gitOr } from "./git.ts";
import { readResultFile, type ResultFile } from "./result-file.ts";
import { commitOf, PUBLISHED, readRevision } from "./revision.ts";

export interface Side {
  /** For people. */
  readonly name: string;
  /** That reads the same again. */
  readonly word: string;
  readonly files: readonly ResultFile[];
}

export const rowsOf = ({ files }: Side): ResultRow[] => files.flatMap(({ rows }) => rows);

/** Branches that a branch is measured against, in the order in which they are looked for. */
const MAIN = ["main", "origin/main"] as const;
const HASH_DIGITS = 12;

/** What BASE is without being named: the commit at which the branch left main. */
export function baseSide(folder: string, word: string | undefined): Side {
  if (word !== undefined) return sideOf(folder, word);
  const main = MAIN.find((branch) => commitOf(folder, branch) !== undefined);
  const commit = main === undefined ? undefined : gitOr(folder, "merge-base", "HEAD", main);
  if (main === undefined || commit === undefined) {
    throw new UsageError(`there is no commit here that HEAD and ${main ?? MAIN.join(" or ")} both come from: name BASE, or get the history (git fetch --unshallow origin main)`);
  }
  const short = commit.slice(0, HASH_DIGITS);
  return { name: `${short}, where HEAD left ${main}: ${PUBLISHED}`, word: short, files: readRevision(folder, commit) };
}

/** What NEW is without being named: the working tree's published results. */
export function newSide(folder: string, word: string | undefined): Side {
  if (word !== undefined) return sideOf(folder, word);
  const root = gitOr(folder, "rev-parse", "--show-toplevel") ?? folder;
  const path = join(root, PUBLISHED);
  return { name: `working tree: ${PUBLISHED}`, word: PUBLISHED, files: existsSync(path) ? readPath(path) : [] };
}

/** A file or a folder that is there; else a revision, or `REVISION:PATH` as git has it. Throws a UsageError. */
function sideOf(folder: string, word: string): Side {
  const there = resolve(folder, word);
  if (existsSync(there)) return { name: word, word, files: readPath(there) };
  const [, revision, inside] = /^([^:]+)(?::(.+))?$/.exec(word) ?? [];
  const commit = revision === undefined ? undefined : commitOf(folder, revision);
  if (commit === undefined) throw new UsageError(`${word}: neither a file or folder nor a git revision here`);
  const short = git(folder, "rev-parse", `--short=${HASH_DIGITS}`, commit);
  return { name: `${revision === short ? short : `${revision} (${short})`}: ${inside ?? PUBLISHED}`, word: inside === undefined ? short : `${short}:${inside}`, files: readRevision(folder, commit, inside) };
}

function readPath(path: string): ResultFile[] {
  const files = statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".csv")).toSorted().map((file) => join(path, file))
    : [path];
  return files.map((file) => readResultFile(file, readFileSync(file, "utf8")));
}
