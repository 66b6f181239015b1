// Runs a workload's guests under QEMU: on QEMU's own firmware where that is enough, else on ours.

import { type GuestResult, parseGuestOutput } from "../../bench/anchors/guest-line.ts";
import { runOnQemu } from "../../bench/anchors/qemu.ts";
import { imagePath, readImage } from "../../workloads/images.ts";
import { planWorkload } from "../../workloads/plan.ts";
import type { Workload } from "../../workloads/workload.ts";
import { runUnderFirmware } from "./firmware.ts";

/** What each guest printed after so many units: one guest, or the two ends of a channel. */
export async function runOnOracle(workload: Workload, units: number): Promise<readonly GuestResult[]> {
  const settings = "guests" in workload.parameters ? { guests: "1" } : {};
  const { guests } = planWorkload(workload, 1, settings);
  const started = guests.map(({ image, bootArguments, vcpus }) => ({ image, bootArguments: `${bootArguments} units=${units}`, vcpus }));
  if (workload.standardInterface) {
    return Promise.all(started.map(({ image, bootArguments, vcpus }) => runOnQemu(imagePath(image), bootArguments, vcpus)));
  }
  const output = await runUnderFirmware(started.map(({ image, bootArguments }) => ({ image: readImage(image), bootArguments })));
  return output.split("\n").filter((line) => line.startsWith("tcbench: ")).map(parseGuestOutput);
}
