import { describe, expect, test } from "vitest";
import { UsageError } from "../../../bench/exit-code.ts";
import { loadProfile } from "../../../bench/model/profile.ts";
import { readEnvironment } from "../../../bench/results/environment.ts";
import { type Inputs, INPUTS, readInputs } from "../../../bench/resume/inputs.ts";
import { type RunRecord, thisProcess } from "../../../bench/resume/journal.ts";
import { requireSame } from "../../../bench/resume/open.ts";

const inputs = readInputs(loadProfile("graviton3"), undefined);
const record: RunRecord = {
  command: [], revision: "abc", inputs, shard: "", finished: false, wall: "", ...thisProcess(), environment: readEnvironment(new Date(0), []),
};

describe("what a run was begun with", () => {
  test("is the same a second time, and not with another profile or a capture", () => {
    expect(readInputs(loadProfile("graviton3"), undefined)).toEqual(inputs);
    expect(readInputs(loadProfile("imx8mm"), undefined)).toEqual({ ...inputs, profile: expect.stringMatching(/^imx8mm@[0-9a-f]{8}$/) });
    expect(readInputs(undefined, import.meta.filename).capture).toMatch(/^[0-9a-f]{16}$/);
    expect(() => requireSame("--resume: since then", record, inputs, "abc")).not.toThrow();
  });

  test.each(Object.keys(INPUTS) as (keyof Inputs)[])("of %s, a change is refused in one line", (input) => {
    const [name, remedy] = INPUTS[input];
    expect(() => requireSame("--resume: since then", record, { ...inputs, [input]: "other" }, "def"))
      .toThrow(new UsageError(`--resume: since then (revision abc, now def), ${name} changed; ${remedy}, or begin anew`));
  });
});
