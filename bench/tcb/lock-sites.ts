// Where an engine takes a lock: calls of `acquire`, and of whatever returns holding what it acquired, as a
// wrapper does. The wrapper's own acquiring is then no site: its callers are. Read from the text of every
// function in its order, without following branches.

import type { ReachedModule } from "./reach.ts";
import type { FunctionText } from "./functions.ts";
import type { TopLevelStatement } from "./source.ts";

/** Whatever is called so takes a lock, or gives it back. */
const ACQUIRE = /\bacquire$/;
const RELEASE = /\brelease$/;

/** A function that an engine reaches. Functions are told apart by their modules, and so are private methods; methods go by their names alone. */
interface Reached {
  readonly statement: TopLevelStatement;
  readonly name: string | undefined;
  readonly events: FunctionText["events"];
}

/** Lock sites in each top-level statement that has any. */
export function lockSites(modules: readonly ReachedModule[]): ReadonlyMap<TopLevelStatement, number> {
  const functions = modules.flatMap((module) => module.statements.flatMap((statement) => (
    statement.functions.map((text): Reached => qualified(module, statement, text)))));
  const use = lockUse(functions);
  const called = new Set(functions.flatMap(({ events }) => events));
  const sites = new Map<TopLevelStatement, number>();
  for (const { statement, name, events } of functions) {
    if (name !== undefined && takes(name, use) && called.has(name)) continue;
    const count = events.filter((event) => event !== undefined && takes(event, use)).length;
    if (count > 0) sites.set(statement, (sites.get(statement) ?? 0) + count);
  }
  return sites;
}

/** What functions do to locks, by their names, beside those that are called as if they did. */
interface LockUse {
  /** Return holding a lock. */
  readonly takes: ReadonlySet<string>;
  /** Give back a lock that they have not taken. */
  readonly gives: ReadonlySet<string>;
}

const takes = (name: string, use: LockUse): boolean => ACQUIRE.test(name) || use.takes.has(name);
const gives = (name: string, use: LockUse): boolean => RELEASE.test(name) || use.gives.has(name);

function lockUse(functions: readonly Reached[]): LockUse {
  const named = [...Map.groupBy(functions.filter(({ name }) => name !== undefined), ({ name }) => name as string)];
  let use: LockUse = { takes: new Set(), gives: new Set() };
  // Each round is right about wrappers of one more level.
  for (let round = 0; round < functions.length; round++) {
    const next = nextUse(named, use);
    if (next.takes.symmetricDifference(use.takes).size + next.gives.symmetricDifference(use.gives).size === 0) break;
    use = next;
  }
  return use;
}

/** Methods of different classes may have one name: it is a wrapper's if all of them are wrappers. */
function nextUse(named: readonly (readonly [string, readonly Reached[]])[], use: LockUse): LockUse {
  const taking = new Set<string>();
  const giving = new Set<string>();
  for (const [name, functions] of named) {
    const runs = functions.map(({ events }) => run(events, use));
    if (runs.every(({ holds }) => holds)) taking.add(name);
    else if (runs.every(({ holds, gave }) => !holds && gave)) giving.add(name);
  }
  return { takes: taking, gives: giving };
}

/** Whether the function returns somewhere between taking a lock and giving it back; whether it gives one that it has not taken. */
function run(events: Reached["events"], use: LockUse): { holds: boolean; gave: boolean } {
  let held = false;
  let holds = false;
  let gave = false;
  for (const event of events) {
    if (event === undefined) {
      holds ||= held;
    } else if (takes(event, use)) {
      held = true;
    } else if (gives(event, use)) {
      gave ||= !held;
      held = false;
    }
  }
  // One that gives a lock back and takes it again, for others to have it meanwhile, leaves as it came.
  return { holds: (holds || held) && !gave, gave: gave && !held };
}

function qualified({ path, source }: ReachedModule, statement: TopLevelStatement, { name, events }: FunctionText): Reached {
  const qualify = (raw: string | undefined): string | undefined => {
    if (raw === undefined || raw.startsWith(".")) return raw;
    if (raw.startsWith("#")) return path + raw;
    const imported = source.imports.get(raw);
    return imported === undefined ? `${path} ${raw}` : `${imported.path} ${imported.name}`;
  };
  return { statement, name: qualify(name), events: events.map(qualify) };
}
