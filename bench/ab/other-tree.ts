// Another revision's working tree, beside this one: a git worktree in a temporary folder, which is gone afterwards.

import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gitOr } from "../compare/git.ts";
import { UsageError } from "../exit-code.ts";

/** What the other tree measures by, whatever it has itself. */
const MEASURING = ["bench/ab/sample.ts", "bench/ab/serve.ts", "bench/ab/protocol.ts"] as const;
const LOCK_FILE = "package-lock.json";
const MODULES = "node_modules";
/** In it, what threads of harts leave of compiled sources (bench/worker-options.ts). */
const COMPILED = ".cache";

/** Throws a UsageError where the tree cannot be made, and the interruption if that comes meanwhile. Whatever happens, the tree is gone when this returns. */
export async function withOtherTree<T>(repository: string, commit: string, interruption: AbortSignal, say: (line: string) => void, use: (tree: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tcbench-ab-"));
  const tree = join(folder, "tree");
  try {
    if (!await succeeds(repository, "git", ["worktree", "add", "--quiet", "--detach", tree, commit], interruption)) throw new UsageError(`no worktree of ${commit} could be made`);
    await provideModules(repository, tree, commit, interruption, say);
    mkdirSync(join(tree, "bench/ab"), { recursive: true });
    for (const file of MEASURING) copyFileSync(join(repository, file), join(tree, file));
    return await use(tree);
  } finally {
    // The links go first, so that nothing which they lead to can be taken for a part of the tree.
    rmSync(join(tree, MODULES), { recursive: true, force: true });
    gitOr(repository, "worktree", "remove", "--force", tree);
    rmSync(folder, { recursive: true, force: true });
    gitOr(repository, "worktree", "prune");
  }
}

/** Those of this tree where both ask for the same, else what the other asks for. */
async function provideModules(repository: string, tree: string, commit: string, interruption: AbortSignal, say: (line: string) => void): Promise<void> {
  const asked = gitOr(repository, "show", `${commit}:${LOCK_FILE}`);
  if (asked === undefined) throw new UsageError(`${commit} has no ${LOCK_FILE}: it is from before tcbench could be installed`);
  if (asked === readFileSync(join(repository, LOCK_FILE), "utf8").trimEnd()) {
    mkdirSync(join(tree, MODULES));
    // What is compiled of the other tree goes with it: each has another path, and nobody would use it again.
    const names = readdirSync(join(repository, MODULES)).filter((name) => name !== COMPILED);
    for (const name of names) symlinkSync(join(repository, MODULES, name), join(tree, MODULES, name));
    return;
  }
  say(`${LOCK_FILE} differs: npm ci for the other revision`);
  const npm = process.env["npm_execpath"];
  const [command, ...words] = npm === undefined ? ["npm", "ci"] : [process.execPath, npm, "ci"];
  if (!await succeeds(tree, command, words, interruption)) throw new UsageError(`npm ci failed for ${commit}`);
}

/**
 * Runs a command, whose errors are the user's to see. In a process group of its own, so that Ctrl-C comes by way of
 * `interruption` alone, which this throws when the command has ended.
 */
async function succeeds(folder: string, command: string, words: readonly string[], interruption: AbortSignal): Promise<boolean> {
  const child = spawn(command, words, { cwd: folder, stdio: ["ignore", "ignore", "inherit"], signal: interruption, detached: true });
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => { if (child.pid === undefined) resolve(null); });
    child.once("close", resolve);
  });
  interruption.throwIfAborted();
  return code === 0;
}
