// The kinds of lock there are.

import { mcs } from "./mcs.ts";
import type { LockKind } from "./record.ts";
import { testAndSet } from "./test-and-set.ts";
import { ticket } from "./ticket.ts";

export type LockName = "test-and-set" | "ticket" | "mcs";

export const LOCK_KINDS: Readonly<Record<LockName, LockKind>> = { "test-and-set": testAndSet, ticket, mcs };
