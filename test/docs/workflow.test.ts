// The example workflow for pull requests: what it runs are scripts and command lines that there are, in an order that gates.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseCommandLine } from "../../bench/cli.ts";
import { vocabularyOf } from "../../bench/vocabulary.ts";
import { ENGINES } from "../../engines/engines.ts";
import { CATALOGUE } from "../../workloads/catalogue.ts";

interface Workflow {
  readonly jobs: { readonly exact: { readonly steps: readonly { readonly run?: string; readonly uses?: string; readonly with?: Readonly<Record<string, unknown>> }[] } };
}

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("the workflow measures, compares with the history there, and requires that results are committed", () => {
  const { jobs: { exact: { steps } } } = parse(read("docs/github/compare.yml")) as Workflow;
  const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
  expect(steps.find(({ uses }) => uses?.startsWith("actions/checkout"))?.with).toEqual({ "fetch-depth": 0 });
  const commands = steps.flatMap(({ run }) => run ?? []);
  const ours = commands.flatMap((command) => [/^npm run (?<script>[\w:]+)(?: -- (?<words>.*))?$/.exec(command)?.groups ?? []].flat());
  expect(ours.map(({ script }) => script)).toEqual(["bench", "bench", "compare"]);
  for (const { script } of ours) expect(scripts).toHaveProperty([script]);
  for (const { words } of ours.slice(0, 2)) {
    expect(parseCommandLine(words.split(" "), vocabularyOf(Object.values(ENGINES), CATALOGUE))).toMatchObject({ clock: "model" });
  }
  expect(commands.slice(-2)).toEqual(["npm run compare", "git diff --exit-code -- results/exact"]);
});
