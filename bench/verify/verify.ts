// --verify: every case on the model clock twice, in two processes of their own and in opposite orders. What differs in one
// byte of a row is a bug: of the model, of an engine that looks at something else than its machine, or of this host.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { CostModel } from "../../engines/machine/model/cost-model.ts";
import { caseLabel } from "../case.ts";
import { EXIT_CODE } from "../exit-code.ts";
import type { Progress } from "../progress.ts";
import { formatRows, parseRecords } from "../results/csv.ts";
import { COLUMNS } from "../results/schema.ts";
import type { Subject } from "./subject.ts";
import type { CaseAnswer, VerifyAnswer, VerifyCases, VerifyTask } from "./task.ts";

const PROCESS = fileURLToPath(new URL("process.ts", import.meta.url));

export interface Verification {
  readonly progress: Progress;
  readonly costs: CostModel;
  readonly threads: number;
  readonly interruption: AbortSignal;
}

/** Answers the exit code. */
export async function verifySubject(subject: Subject, verification: Verification): Promise<number> {
  const twice = await runTwice(subject, verification);
  if (twice === undefined) return EXIT_CODE.interrupted.code;
  const differences = twice.flatMap((both) => firstDifference(both) ?? []);
  const rows = twice.reduce((sum, { first }) => sum + parseRecords(first).length, 0);
  process.stdout.write(`${differences.length === 0
    ? `${subject.cases.length} cases, ${rows} rows: two runs on the model clock, in processes of their own and in opposite orders, are the same in every byte`
    : ["Cases of which two runs on the model clock differ, and the first row that does", ...differences.map((line) => `  ${line}`)].join("\n")}\n`);
  if (differences.length > 0) return EXIT_CODE.notRepeated.code;
  return twice.some(({ first }) => parseRecords(first).some((row) => row[COLUMNS.indexOf("status")] === "failed")) ? EXIT_CODE.failedCase.code : EXIT_CODE.fine.code;
}

/** The rows of a case in both runs. */
export interface Twice {
  readonly label: string;
  readonly first: string;
  readonly second: string;
}

/** Undefined when interrupted. Throws when a process ends before it has done its cases. */
export async function runTwice(subject: Subject, verification: Verification): Promise<Twice[] | undefined> {
  const labels = subject.cases.map(caseLabel);
  const first = await runProcess(subject.forward, labels, verification);
  const second = first === undefined ? undefined : await runProcess(subject.backward, labels.toReversed(), verification);
  if (first === undefined || second === undefined) return undefined;
  const [rows, others] = [subject.rows(first), subject.rows(second.toReversed())];
  return labels.map((label, index) => ({ label, first: formatRows(rows[index]), second: formatRows(others[index]) }));
}

/** The first row in which the two runs of a case differ; undefined where every byte is the same. */
export function firstDifference({ label, first, second }: Twice): string | undefined {
  if (first === second) return undefined;
  const [rows, others] = [parseRecords(first), parseRecords(second)];
  const at = rows.findIndex((row, index) => row.join("\n") !== others.at(index)?.join("\n"));
  const index = at < 0 ? rows.length : at;
  const [row, other] = [rows.at(index), others.at(index)];
  if (row === undefined || other === undefined) return `${label}: ${rows.length} rows, then ${others.length}`;
  const column = row.findIndex((field, position) => field !== other[position]);
  const name = [row[COLUMNS.indexOf("metric")], row[COLUMNS.indexOf("subject")]].filter((part) => part !== "").join(" of ");
  return `${label}: ${name}: ${COLUMNS[column]} ${row[column]}, then ${other[column]}`;
}

/** What each case gave; undefined when interrupted. */
function runProcess(chosen: VerifyCases, labels: readonly string[], { progress, costs, threads, interruption }: Verification): Promise<CaseAnswer[] | undefined> {
  const child = fork(PROCESS, { serialization: "advanced" });
  const answers: CaseAnswer[] = [];
  const ended = new Promise<CaseAnswer[] | undefined>((resolve, reject) => {
    child.on("message", (message) => {
      const { answer } = message as VerifyAnswer;
      progress.begin(labels[answers.length]);
      progress.end(answer.kind === "failed" ? `failed: ${answer.reason}` : "done");
      answers.push(answer);
    });
    child.on("error", reject);
    child.on("exit", (code) => {
      if (interruption.aborted) resolve(undefined);
      else if (answers.length === labels.length) resolve(answers);
      else reject(new Error(`a process of --verify ended with ${code} after ${answers.length} of ${labels.length} cases`));
    });
  });
  interruption.addEventListener("abort", () => child.kill(), { once: true });
  child.send({ chosen, costs, threads } satisfies VerifyTask);
  return ended;
}
