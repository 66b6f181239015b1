// The firmware's own races between the harts of its guest, at the worst moment.

import { expect, test } from "vitest";
import { bare } from "../../engines/bare/description.ts";
import { Firmware } from "../../engines/bare/firmware.ts";
import type { Configuration, EngineDescription, Platform } from "../../engines/engine.ts";
import { FIRMWARE_BYTES, HART, RAM_BASE } from "../../engines/machine/layout.ts";
import { EngineBench, guest } from "./fixture.ts";

const HART_STATE = 0x48_534d;
const START = 0;
const STOP = 1;
const AGAIN = RAM_BASE + FIRMWARE_BYTES + 0x1000;

test("a hart that is started again before it has come to rest does not return from its call to stop", () => {
  class StartedWhileStopping extends Firmware {
    override hartStop(...[hart]: Parameters<Firmware["hartStop"]>): void {
      super.hartStop(hart);
      expect(bench.call(0, HART_STATE, START, 1, AGAIN, 0).error).toBe(0);
    }
  }
  const racing: EngineDescription = { ...bare, create: (platform: Platform, configuration: Configuration) => new StartedWhileStopping(platform, configuration) };
  const bench = new EngineBench(racing, [guest("pair", { vcpus: 2 })], { harts: 2 });
  expect(bench.call(0, HART_STATE, START, 1, AGAIN - 0x100, 0).error).toBe(0);
  bench.deliver(1);

  bench.call(1, HART_STATE, STOP);

  expect(bench.idles(1)).toBe(true);
  bench.deliver(1);
  expect([bench.idles(1), bench.state(1).block[HART.pc >> 2] >>> 0]).toEqual([false, AGAIN]);
});
