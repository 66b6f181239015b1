import { describe, expect, test } from "vitest";
import { anchorCase } from "../../bench/anchors/machine-run.ts";
import { MachineSession } from "../../bench/session.ts";

const pause = (milliseconds: number) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

describe("a machine under the harness", { timeout: 60_000 }, () => {
  test("its clock stands still while it is paused: nobody is charged for that time, and none runs backwards", async () => {
    const session = await MachineSession.start(anchorCase("compute-hash", "uniprocessor", 1));
    try {
      let measured = 0;
      let charged = 0;
      for (let window = 0; window < 4; window++) {
        await pause(300);
        measured += (await session.run(40)).milliseconds;
        const [{ cpuTime }] = session.read().vms;
        expect(cpuTime).toBeGreaterThanOrEqual(charged);
        charged = cpuTime;
      }
      expect(charged / 1e6).toBeLessThanOrEqual(measured + 50); // of the 1,200 ms of pauses, nothing
      expect(charged).toBeGreaterThan(0);
    } finally {
      await session.stop();
    }
  });

  test("retires instructions only while it runs", async () => {
    const session = await MachineSession.start(anchorCase("compute-hash", "smp", 2));
    try {
      expect(session.retired()).toBe(0);
      await session.run(40);
      const retired = session.retired();
      expect(retired).toBeGreaterThan(0);
      await pause(50);
      expect(session.retired()).toBe(retired);
    } finally {
      await session.stop();
    }
  });
});
