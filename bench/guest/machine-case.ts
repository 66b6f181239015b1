// From the request to the machine that hosts the guest.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { VirtualMachine } from "../../engines/engine.ts";
import { readDeviceTree } from "../../engines/loader/device-tree-reader.ts";
import { parseImage } from "../../engines/loader/image-format.ts";
import type { Loaded } from "../../engines/loader/result.ts";
import { ticks } from "../../engines/machine/address.ts";
import { SECTOR_BYTES } from "../../engines/machine/devices/disk.ts";
import { TIMEBASE_HZ } from "../../engines/machine/layout.ts";
import { UsageError } from "../exit-code.ts";
import type { MachineCase } from "../case-machine.ts";
import type { GuestRequest } from "./request.ts";

/** 10 ms. */
const PERIOD_TICKS = TIMEBASE_HZ / 100;
const LARGEST_DISK = 1 << 30;

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
  const machine = { engine: engine.name, options, harts };
  if (request.disk === undefined) return { ...machine, configuration: { vms: [guest], channels: [] } };
  return { ...machine, configuration: { vms: [guest], channels: [], disk: { owner: 0 } }, disk: readDisk(request.disk) };
}

/** The file in whole sectors, the last one filled up with zeroes. */
function readDisk(path: string): Uint8Array {
  const contents = readFile(path);
  if (contents.length === 0 || contents.length > LARGEST_DISK) throw new UsageError(`${path}: ${contents.length} bytes, where a disk has 1 byte to 1 GiB`);
  const disk = new Uint8Array(Math.ceil(contents.length / SECTOR_BYTES) * SECTOR_BYTES);
  disk.set(contents);
  return disk;
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
