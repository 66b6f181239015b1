// From the layout of a run to what an engine boots.

import type { Configuration, Share } from "../engines/engine.ts";
import { ticks } from "../engines/machine/address.ts";
import { TIMEBASE_HZ } from "../engines/machine/layout.ts";
import { GUEST_MEMORY_BYTES } from "../workloads/catalogue.ts";
import { readImage, sumOfImage } from "../workloads/images.ts";
import type { Layout } from "../workloads/workload.ts";

/** 10 ms. */
const PERIOD_TICKS = TIMEBASE_HZ / 100;

/** Every vCPU has an equal share of the harts. */
export function configurationOf({ guests, channels, nics, disk }: Layout, harts: number, period = ticks(PERIOD_TICKS)): Configuration {
  const share: Share = { budget: ticks(Math.min(period, Math.floor((period * harts) / countVcpus(guests)))), period };
  return {
    vms: guests.map(({ name, image, bootArguments, vcpus = 1, hart, memoryBytes = GUEST_MEMORY_BYTES }) => ({
      name, image: readImage(image), memoryBytes, vcpus, bootArguments, share, hart,
    })),
    channels,
    ...(nics === undefined ? {} : { nics }),
    ...(disk === undefined ? {} : { disk: { owner: disk } }),
  };
}

function countVcpus(guests: Layout["guests"]): number {
  return guests.reduce((sum, { vcpus = 1 }) => sum + vcpus, 0);
}

/** SHA-256 of the images of a layout, each once. */
export function imageSums({ guests }: Layout): string {
  return [...new Set(guests.map(({ image }) => image))].map((image) => sumOfImage(readImage(image))).join(" ");
}
