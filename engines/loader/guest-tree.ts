// The device tree that a guest gets in a1: what it has been given, and nothing else.

import type { GuestPhysicalAddress } from "../machine/address.ts";
import { TIMEBASE_HZ } from "../machine/layout.ts";
import { cells64, writeDeviceTree, type DeviceTreeNode } from "./device-tree.ts";
import { processorInterrupts, SERIAL_PATH, soc, type GuestDevices } from "./guest-devices.ts";

export interface GuestChannel {
  /** Position in the guest's own list of channels. */
  readonly id: number;
  readonly end: 0 | 1;
  readonly window: GuestPhysicalAddress;
  readonly windowBytes: number;
}

export interface GuestDescription {
  readonly memory: GuestPhysicalAddress;
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly bootArguments: string;
  readonly channels: readonly GuestChannel[];
  /** Absent: it has none, and no interrupt controller. */
  readonly devices?: GuestDevices;
}

export function guestDeviceTree(guest: GuestDescription): Uint8Array {
  const root: DeviceTreeNode = {
    name: "",
    properties: {
      "#address-cells": { cells: [2] },
      "#size-cells": { cells: [2] },
      compatible: { text: "tcbench,guest" },
      model: { text: "tcbench" },
    },
    children: [
      {
        name: "chosen",
        properties: {
          bootargs: { text: guest.bootArguments },
          ...(guest.devices?.serial === true ? { "stdout-path": { text: SERIAL_PATH } } : {}),
        },
        children: [],
      },
      {
        name: `memory@${guest.memory.toString(16)}`,
        properties: {
          device_type: { text: "memory" },
          reg: { cells: [...cells64(guest.memory), ...cells64(guest.memoryBytes)] },
        },
        children: [],
      },
      processors(guest.vcpus),
      ...(guest.devices === undefined ? [] : [soc(guest.devices, guest.vcpus)]),
      {
        name: "tcbench",
        properties: { "#address-cells": { cells: [2] }, "#size-cells": { cells: [2] }, ranges: { present: true } },
        children: guest.channels.map(channelNode),
      },
    ],
  };
  return writeDeviceTree(root);
}

function processors(count: number): DeviceTreeNode {
  return {
    name: "cpus",
    properties: {
      "#address-cells": { cells: [1] },
      "#size-cells": { cells: [0] },
      "timebase-frequency": { cells: [TIMEBASE_HZ] },
    },
    children: Array.from({ length: count }, (_, id) => ({
      name: `cpu@${id.toString(16)}`,
      properties: {
        device_type: { text: "cpu" },
        reg: { cells: [id] },
        status: { text: "okay" },
        compatible: { text: "riscv" },
        "riscv,isa": { text: "rv64imac" },
        "mmu-type": { text: "riscv,none" },
      },
      children: [processorInterrupts(id)],
    })),
  };
}

function channelNode(channel: GuestChannel): DeviceTreeNode {
  return {
    name: `channel@${channel.window.toString(16)}`,
    properties: {
      compatible: { text: "tcbench,channel" },
      reg: { cells: [...cells64(channel.window), ...cells64(channel.windowBytes)] },
      "tcbench,id": { cells: [channel.id] },
      "tcbench,end": { cells: [channel.end] },
    },
    children: [],
  };
}
