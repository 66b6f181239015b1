// What rows call a profile: a file's also says which contents it had.

import { type Profile, PROFILE_NAMES } from "./profile.ts";

/** Whether the profile asked for as `asked` is one of tcbench's own. */
export const isOwn = (asked: string): boolean => (PROFILE_NAMES as readonly string[]).includes(asked);

export const profileLabel = (asked: string, { name, hash }: Profile): string => (isOwn(asked) ? name : `${name}@${hash}`);
