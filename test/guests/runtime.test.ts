// The guests' runtime under the test firmware: what the line on the console does not show.

import { expect, test } from "vitest";
import { bucketOf } from "../../engines/machine/network/latency.ts";
import { buildImage } from "../../workloads/build.ts";
import { runOnQemu } from "../../bench/anchors/qemu.ts";
import { type FirmwareGuest, runUnderFirmware } from "./firmware.ts";
import { needQemu, needQemuAndCompiler } from "./need.ts";
import { imagePath, readImage } from "../../workloads/images.ts";
import type { ImageName } from "../../workloads/workload.ts";

const READY_AND_FINISHED = 3;

const guest = (image: ImageName, bootArguments: string): FirmwareGuest => ({ image: readImage(image), bootArguments });

test("the image moves itself, also where a loader has moved it already", async (context) => {
  needQemuAndCompiler(context);
  const line = /digest (0x\w+)/;
  const unmoved = await runUnderFirmware([guest("compute", "kernel=state units=1")]);
  const moved = await runUnderFirmware([{ ...guest("compute", "kernel=state units=1"), relocated: true }]);
  expect(unmoved).toMatch(line);
  expect(line.exec(moved)?.[1]).toBe(line.exec(unmoved)?.[1]);
});

test("an unexpected trap is reported with cause, address and value", async (context) => {
  needQemuAndCompiler(context);
  const image = buildImage("../../test/guests/trap");
  const output = await runUnderFirmware([{ image, bootArguments: "" }]);
  const match = /^tcbench: unexpected trap cause (0x\w{16}) epc (0x\w{16}) tval (0x\w{16})$/m.exec(output);
  expect(match?.[1]).toBe("0x0000000000000002"); // illegal instruction
  expect(Number(match?.[2])).toBeGreaterThanOrEqual(0x8040_0000);
});

test("boot arguments that mean nothing are refused", async (context) => {
  needQemu(context);
  await expect(runOnQemu(imagePath("compute"), "kernel=none units=1")).rejects.toThrow("no such kernel");
  await expect(runOnQemu(imagePath("compute"), "kernel=hash units=1x")).rejects.toThrow("not a number");
});

test("the units page counts units, and the histogram every event in the harness's buckets", async (context) => {
  needQemuAndCompiler(context);
  const output = await runUnderFirmware([guest("hypercall", "call=base units=4 latency=1")]);
  const { fields, buckets } = pageOf(output);
  expect(fields).toMatchObject({ units: 4, failures: 0, flags: READY_AND_FINISHED, count: 400 });
  expect(buckets.reduce((sum, { events }) => sum + events, 0)).toBe(400);
  expect(buckets.at(-1)?.bucket).toBe(bucketOf(fields.maximum));
});

/** What the firmware said of hart 0's units page: "firmware: hart 0 units 4 ... buckets 130:399 141:1". */
function pageOf(output: string): { fields: { readonly [name: string]: number }; buckets: { bucket: number; events: number }[] } {
  const line = output.split("\n").find((text) => text.startsWith("firmware: hart 0 ")) ?? "";
  const [head = "", tail = ""] = line.split(" buckets ");
  return {
    fields: Object.fromEntries([...head.matchAll(/(\w+) (\d+)/g)].map(([, name, value]) => [name, Number(value)])),
    buckets: [...tail.matchAll(/(\d+):(\d+)/g)].map(([, bucket, events]) => ({ bucket: Number(bucket), events: Number(events) })),
  };
}
