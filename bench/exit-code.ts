/** What the process answers its caller. */
export const EXIT_CODE = {
  fine: { code: 0, meaning: "every case was measured; or the guest of --guest shut down, or was ended" },
  usage: { code: 1, meaning: "the command line, the results folder, the profile or the guest's file is not usable; nothing was measured" },
  failedCase: { code: 2, meaning: "a case failed; its row carries the reason, the other cases were measured; or the guest of --guest failed" },
  notRepeated: { code: 3, meaning: "--verify, npm run merge: two runs of a case on the model clock differ" },
  notCompared: { code: 4, meaning: "npm run compare: nothing was compared, or something of BASE could not be: it is missing in NEW, or of another schema, profile, model revision or guest" },
  contaminated: { code: 5, meaning: "measured, but the host took the CPU away from a case (see the warnings)" },
  unwritten: { code: 6, meaning: "results could not be written, as on a full disk; what was written before is kept, and --resume goes on" },
  regression: { code: 10, meaning: "npm run compare, --ab: a figure is worse than it may be" },
  interrupted: { code: 130, meaning: "interrupted with Ctrl-C; what was measured is kept, and --resume goes on" },
  terminated: { code: 143, meaning: "told to end with SIGTERM, as a cluster does; the same" },
} as const;

/** What the user asked for cannot be done: one clear line, and exit code `usage`. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
