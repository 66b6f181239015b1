// What is asked of git, always as words and never through a shell.

import { execFileSync, type ExecFileSyncOptionsWithBufferEncoding } from "node:child_process";
import { UsageError } from "../exit-code.ts";

/** All results of a revision at once, with room to grow. */
const MOST_BYTES = 1 << 29;

/** What git answers, without the last line's end. Throws with git's own first line. */
export function git(folder: string, ...words: string[]): string {
  return gitBytes(folder, words).toString().trimEnd();
}

/** The same; undefined where git ends with an error, as it does where something is not there. Throws a UsageError where it refuses to look. */
export function gitOr(folder: string, ...words: string[]): string | undefined {
  try {
    return git(folder, ...words);
  } catch (error) {
    // As in a container, whose user is not the one that checked out (git-config(1), safe.directory).
    const { message } = error as Error;
    if (message.includes("dubious ownership")) throw new UsageError(`git: ${message}; git config --global --add safe.directory has it look there`);
    return undefined;
  }
}

export function gitBytes(folder: string, words: readonly string[], input?: string): Buffer {
  const options: ExecFileSyncOptionsWithBufferEncoding = { cwd: folder, maxBuffer: MOST_BYTES, stdio: ["pipe", "pipe", "pipe"], ...(input === undefined ? {} : { input }) };
  try {
    return execFileSync("git", words, options);
  } catch (error) {
    const { stderr, message } = error as Error & { readonly stderr?: Buffer };
    throw new Error((stderr?.toString() || message).split("\n")[0], { cause: error });
  }
}
