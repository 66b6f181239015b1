import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answersInOrder, hangLimitMs } from "../../bench/answers.ts";

/** Answers what it is given, late where that is asked for; loops, ends its thread or throws. */
const WORKER = `export default async function ({ act, value }) {
  if (act === "loop") for (;;);
  if (act === "exit") process.exit(7);
  if (act === "throw") throw new Error("no such page\\nat somewhere");
  if (act === "late") await new Promise((resolve) => { setTimeout(resolve, 200); });
  return value;
}`;

let folder: string;
let filename: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tcbench-answers-"));
  filename = join(folder, "worker.mjs");
  writeFileSync(filename, WORKER);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function answers(acts: readonly string[], most: number, interruption = new AbortController()): Promise<(readonly [number, string])[]> {
  const given: (readonly [number, string])[] = [];
  const tasks = acts.map((act, index) => ({ act, value: `answer ${index}` }));
  // Longer than a thread takes to start on a busy host; the loop is the only task that needs it.
  const limitsMs = acts.map((act) => (act === "loop" ? 1_000 : 60_000));
  await answersInOrder<string>(tasks, { pool: { filename }, most, limitsMs, interruption: interruption.signal }, (reason) => `lost: ${reason}`, (index, answer) => {
    given.push([index, answer]);
    if (acts[index] === "last") interruption.abort();
  });
  return given;
}

describe("tasks on threads", { timeout: 60_000 }, () => {
  test("are answered in their order, whatever order they are done in", async () => {
    expect(await answers(["late", "", "late", "", ""], 2)).toEqual([0, 1, 2, 3, 4].map((index) => [index, `answer ${index}`]));
  });

  test.each([1, 2])("whose thread loops, ends or throws are lost, each with its reason, and the others go on: %i at a time", async (most) => {
    const given = await answers(["", "loop", "", "exit", "throw", ""], most);
    expect(given.map(([index]) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(given.filter(([, answer]) => !answer.startsWith("lost")).map(([index]) => index)).toEqual([0, 2, 5]);
    expect(given[1][1]).toBe("lost: its thread was still busy after 1 s of this host's time, and was ended: the engine or the machine loops");
    expect(given[3][1]).toMatch(/^lost: its thread ended: /);
    expect(given[4][1]).toBe("lost: its thread ended: no such page");
  });

  test("end with an interruption", async () => {
    expect(await answers(["", "last", "", ""], 1)).toEqual([[0, "answer 0"], [1, "answer 1"]]);
  });

  test("have minutes more than they should take", () => {
    expect(hangLimitMs(0)).toBe(300_000);
    expect(hangLimitMs(20_000)).toBe(700_000);
  });
});
