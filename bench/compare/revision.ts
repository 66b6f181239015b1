// Result files as of a git revision, read from git itself: nothing is checked out, and the working tree stays as it is.

import { UsageError } from "../exit-code.ts";
import { git, gitBytes, gitOr } from "./git.ts";
import { readResultFile, type ResultFile } from "./result-file.ts";

/** Where the published results are, from the repository's root. */
export const PUBLISHED = "results/exact";

/** The commit that `revision` names (a hash, a branch, a tag, HEAD~3), in full; undefined where it names none. */
export const commitOf = (repository: string, revision: string): string | undefined => (
  revision.startsWith("-") ? undefined : gitOr(repository, "rev-parse", "--verify", "--quiet", `${revision}^{commit}`));

/**
 * Every result file at `path` (a file, or a folder and all folders below it) as of `revision`, sorted by path; none where there
 * was nothing yet. Throws a UsageError where `repository` has no such revision or a file cannot be read, an OtherSchema where
 * it is of another schema version.
 */
export function readRevision(repository: string, revision: string, path = PUBLISHED): ResultFile[] {
  const commit = commitOf(repository, revision);
  if (commit === undefined) throw new UsageError(`${revision}: not a git revision here`);
  const blobs = listBlobs(repository, commit, path);
  const texts = readBlobs(repository, blobs.map(({ blob }) => blob));
  return blobs.map(({ path }, index) => readResultFile(`${revision}:${path}`, texts[index]));
}

interface Blob {
  readonly path: string;
  readonly blob: string;
}

/** `git ls-tree -z`: mode, type and object of every file, a tab, and its path. */
function listBlobs(repository: string, commit: string, path: string): Blob[] {
  const root = git(repository, "rev-parse", "--show-toplevel");
  const entries = gitBytes(root, ["ls-tree", "-r", "-z", commit, "--", path.replace(/\/+$/, "")]).toString().split("\0").filter((entry) => entry !== "");
  return entries.map((entry): Blob => {
    const [description, path] = entry.split("\t");
    return { path, blob: description.split(" ")[2] };
  }).filter(({ path }) => path.endsWith(".csv"));
}

/** `git cat-file --batch`: for each object a line with its size, then so many bytes and a line's end. */
function readBlobs(repository: string, blobs: readonly string[]): string[] {
  if (blobs.length === 0) return [];
  const output = gitBytes(repository, ["cat-file", "--batch"], blobs.map((blob) => `${blob}\n`).join(""));
  let at = 0;
  return blobs.map(() => {
    const begin = output.indexOf("\n", at) + 1;
    const bytes = Number(output.toString("latin1", at, begin).trimEnd().split(" ")[2]);
    at = begin + bytes + 1;
    return output.toString("utf8", begin, begin + bytes);
  });
}
