// The machine of one case before anything runs on it: its memory, and the devices that lie there.

import { FIRMWARE_BYTES } from "../engines/machine/layout.ts";
import { PhysicalMemory } from "../engines/machine/memory.ts";
import { SECTOR_BYTES } from "../engines/machine/devices/disk.ts";
import { type DeviceDescription, NO_DEVICES } from "../engines/machine/devices/prepare.ts";
import { prepareMachine } from "../engines/machine/machine.ts";
import { prepareWire, wireBytes } from "../engines/machine/network/prepare.ts";
import type { HostOffset } from "../engines/machine/address.ts";
import type { BenchCase } from "./case.ts";
import { wireOf } from "./traffic/case-traffic.ts";

const RAM_ALIGNMENT = 0x20_0000;

export interface MachineCase extends Pick<BenchCase, "engine" | "options" | "harts" | "configuration" | "traffic"> {
  /** What the machine's disk holds when it starts: whole sectors. Absent: it has none. */
  readonly disk?: Uint8Array;
}

export interface CaseMachine {
  readonly memory: PhysicalMemory;
  /** Its network ports; where there are any, the device area holds a wire. */
  readonly ports: number;
}

/** A machine whose harts `threads` threads will execute, paused. */
export function prepareCaseMachine(machineCase: MachineCase, threads: number): CaseMachine {
  const { harts, configuration, traffic, disk } = machineCase;
  const wire = wireOf(configuration, traffic);
  const ports = wire.ports.length;
  const beforeDisk = ports > 0 ? Math.ceil(wireBytes(wire) / SECTOR_BYTES) * SECTOR_BYTES : 0;
  const memory = PhysicalMemory.create(ramBytes(machineCase), threads, beforeDisk + (disk?.length ?? 0));
  if (ports > 0) prepareWire(memory, memory.deviceArea(), wire);
  prepareMachine(memory, harts, { ...NO_DEVICES, ports, ...insertDisk(memory, beforeDisk, disk) });
  return { memory, ports };
}

function insertDisk(memory: PhysicalMemory, offset: number, disk: Uint8Array | undefined): Pick<DeviceDescription, "disk"> {
  if (disk === undefined) return {};
  const at = (memory.deviceArea() + offset) as HostOffset;
  memory.u8.set(disk, at);
  return { disk: { at, bytes: disk.length, readOnly: false } };
}

/** Room for the engine, and for every guest and channel at any alignment an engine may choose. */
function ramBytes({ configuration }: MachineCase): number {
  const sizes = [...configuration.vms.map((vm) => vm.memoryBytes), ...configuration.channels.map((channel) => channel.windowBytes)];
  return sizes.reduce((sum, bytes) => sum + Math.ceil(bytes / RAM_ALIGNMENT + 1) * RAM_ALIGNMENT, FIRMWARE_BYTES);
}
