// --list: the names that a command line may use, for people and for programs.

import type { EngineDescription } from "../engines/engine.ts";
import { ATTACKS } from "../workloads/attacks.ts";
import type { Workload } from "../workloads/workload.ts";
import { columns, type Setting } from "./flags.ts";
import { loadProfile, PROFILE_NAMES } from "./model/profile.ts";
import { settingLines } from "./settings.ts";

interface Named {
  readonly name: string;
  readonly summary: string;
}

export interface Listing {
  readonly engines: readonly (Named & { readonly maximumHarts: number; readonly maximumVms: number })[];
  readonly workloads: readonly (Named & { readonly unit: string })[];
  readonly attacks: readonly (Named & { readonly harts: readonly number[] })[];
  readonly profiles: readonly (Named & { readonly cores: number })[];
  /** For --set. */
  readonly settings: readonly Omit<Setting, "accepts">[];
}

export function listing(engines: readonly EngineDescription[], workloads: readonly Workload[], settings: readonly Setting[]): Listing {
  return {
    engines: engines.map(({ name, summary, maximumHarts, maximumVms }) => ({ name, summary, maximumHarts, maximumVms })),
    workloads: workloads.map(({ name, summary, unit }) => ({ name, summary, unit })),
    attacks: ATTACKS.map(({ name, summary, harts }) => ({ name, summary, harts })),
    profiles: PROFILE_NAMES.map((name) => {
      const { summary, cores } = loadProfile(name);
      return { name, summary, cores };
    }),
    settings: settings.map(({ owner, name, values, default: value, summary }) => ({ name, summary, owner, values, default: value })),
  };
}

export function formatListing({ engines, workloads, attacks, profiles, settings }: Listing): string {
  const named = (list: readonly Named[]) => columns(list.map(({ name, summary }) => [name, summary]));
  return [
    "Engines (--engine)", ...named(engines), "",
    "Workloads (--workload)", ...named(workloads), "",
    "Attacks (--only isolation)", ...named(attacks), "",
    "Profiles (--profile)", ...named(profiles), "",
    "Settings (--set), with whose they are and their defaults", ...settingLines(settings),
  ].join("\n");
}
