// Where an engine takes a lock: calls of `acquire`, and of whatever returns holding what it acquired, as a
// wrapper does. The wrapper's own acquiring is then no site: its callers are. Read from the text of every
// function in its order, without following branches.

import type { ReachedModule } from "./reach.ts";
import type { FunctionText } from "./functions.ts";
import type { TopLevelStatement } from "./source.ts";

const ACQUIRE = "acquire";
const RELEASE = "release";

/** A function that an engine reaches; private names are told apart by their module. */
interface Reached {
  readonly statement: TopLevelStatement;
  readonly name: string | undefined;
  readonly events: FunctionText["events"];
}

/** Lock sites in each top-level statement that has any. */
export function lockSites(modules: readonly ReachedModule[]): ReadonlyMap<TopLevelStatement, number> {
  const functions = modules.flatMap(({ path, statements }) => statements.flatMap((statement) =>
    statement.functions.map((text): Reached => qualified(path, statement, text))));
  const { takes } = lockUse(functions);
  const called = new Set(functions.flatMap(({ events }) => events));
  const sites = new Map<TopLevelStatement, number>();
  for (const { statement, name, events } of functions) {
    if (name !== undefined && takes.has(name) && called.has(name)) continue;
    const count = events.filter((event) => event !== undefined && takes.has(event)).length;
    if (count > 0) sites.set(statement, (sites.get(statement) ?? 0) + count);
  }
  return sites;
}

/** What functions do to locks, by their names. */
interface LockUse {
  /** Return holding a lock. */
  readonly takes: ReadonlySet<string>;
  /** Give back a lock that they have not taken. */
  readonly gives: ReadonlySet<string>;
}

function lockUse(functions: readonly Reached[]): LockUse {
  let use: LockUse = { takes: new Set([ACQUIRE]), gives: new Set([RELEASE]) };
  // Each round is right about wrappers of one more level.
  for (let round = 0; round < functions.length; round++) {
    const next = nextUse(functions, use);
    if (next.takes.symmetricDifference(use.takes).size + next.gives.symmetricDifference(use.gives).size === 0) break;
    use = next;
  }
  return use;
}

function nextUse(functions: readonly Reached[], use: LockUse): LockUse {
  const takes = new Set([ACQUIRE]);
  const gives = new Set([RELEASE]);
  for (const { name, events } of functions) {
    if (name === undefined) continue;
    const { holds, gave } = run(events, use);
    if (holds) takes.add(name);
    else if (gave) gives.add(name);
  }
  return { takes, gives };
}

/** Whether the function returns somewhere between taking a lock and giving it back; whether it gives one that it has not taken. */
function run(events: Reached["events"], { takes, gives }: LockUse): { holds: boolean; gave: boolean } {
  let held = false;
  let holds = false;
  let gave = false;
  for (const event of events) {
    if (event === undefined) {
      holds ||= held;
    } else if (takes.has(event)) {
      held = true;
    } else if (gives.has(event)) {
      gave ||= !held;
      held = false;
    }
  }
  return { holds: holds || held, gave };
}

function qualified(path: string, statement: TopLevelStatement, { name, events }: FunctionText): Reached {
  const qualify = (raw: string | undefined): string | undefined => (raw?.startsWith("#") ? path + raw : raw);
  return { statement, name: qualify(name), events: events.map(qualify) };
}
