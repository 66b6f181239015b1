// From the request to the machine that hosts the guest.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { VirtualMachine } from "../../engines/engine.ts";
import { readDeviceTree } from "../../engines/loader/device-tree-reader.ts";
import { parseImage } from "../../engines/loader/image-format.ts";
import type { Loaded } from "../../engines/loader/result.ts";
import { ticks } from "../../engines/machine/address.ts";
import { TIMEBASE_HZ } from "../../engines/machine/layout.ts";
import { UsageError } from "../exit-code.ts";
import type { MachineCase } from "../session.ts";
import type { GuestRequest } from "./request.ts";

/** 10 ms. */
const PERIOD_TICKS = TIMEBASE_HZ / 100;

/** Throws a UsageError where a file cannot be read or is not what it should be. */
export function machineCase(request: GuestRequest, cores: number): MachineCase {
  const { engine, options, vcpus, memoryBytes, bootArguments } = request;
  const harts = request.harts ?? Math.min(vcpus, cores, engine.maximumHarts);
  const image = readFile(request.guest);
  expect(request.guest, parseImage(image));
  const deviceTree = request.deviceTree === undefined ? {} : { deviceTree: readFile(request.deviceTree) };
  if (deviceTree.deviceTree !== undefined) expect(request.deviceTree ?? "", readDeviceTree(deviceTree.deviceTree));
  const guest: VirtualMachine = {
    name: basename(request.guest), image, memoryBytes, vcpus, bootArguments, ...deviceTree, serial: true, hart: 0,
    share: { budget: ticks(Math.min(PERIOD_TICKS, Math.floor((PERIOD_TICKS * harts) / vcpus))), period: ticks(PERIOD_TICKS) },
  };
  return { engine: engine.name, options, harts, configuration: { vms: [guest], channels: [] } };
}

function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
}

function expect(path: string, result: Loaded<unknown>): void {
  if (!result.ok) throw new UsageError(`${path}: ${result.error.message}`);
}
