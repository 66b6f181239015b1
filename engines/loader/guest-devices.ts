// The nodes of a guest's devices, named and described as QEMU's `virt` board does it.

import { PLIC_BASE, PLIC_BYTES, PLIC_SOURCES, UART_BASE, UART_IRQ, VIRTIO_BASE, VIRTIO_FIRST_IRQ, VIRTIO_STRIDE } from "../machine/layout.ts";
import { cells64, type DeviceTreeNode } from "./device-tree.ts";

export interface GuestDevices {
  readonly serial: boolean;
  /** virtio-mmio slots that hold a device. */
  readonly slots: readonly number[];
  /** Of the harts that the interrupt controller numbers its contexts by, the one of the guest's vCPU 0; the others' follow. */
  readonly firstHart: number;
}

export const SERIAL_PATH = `/soc/serial@${UART_BASE.toString(16)}`;
/** Input clock of QEMU's 16550. */
const SERIAL_CLOCK_HZ = 3_686_400;
/** Numbers of local interrupts: supervisor external, and none for a context that the guest does not have. */
const SUPERVISOR_EXTERNAL = 9;
const NO_INTERRUPT = 0xffff_ffff;

/** The local interrupt controller of one processor. */
export function processorInterrupts(processor: number): DeviceTreeNode {
  return {
    name: "interrupt-controller",
    properties: {
      "#address-cells": { cells: [0] },
      "#interrupt-cells": { cells: [1] },
      "interrupt-controller": { present: true },
      compatible: { text: "riscv,cpu-intc" },
      phandle: { cells: [processorHandle(processor)] },
    },
    children: [],
  };
}

export function soc(devices: GuestDevices, vcpus: number): DeviceTreeNode {
  const controller = processorHandle(vcpus);
  const children = [plic(devices, vcpus, controller)];
  if (devices.serial) children.push(serial(controller));
  for (const slot of devices.slots) children.push(virtio(slot, controller));
  return {
    name: "soc",
    properties: {
      "#address-cells": { cells: [2] }, "#size-cells": { cells: [2] }, compatible: { text: "simple-bus" }, ranges: { present: true },
    },
    children,
  };
}

/** phandles from 1: the processors', then the PLIC's. */
function processorHandle(processor: number): number {
  return 1 + processor;
}

/** Two contexts a hart, M-mode's and S-mode's; of these, guests have the second. */
function plic({ firstHart }: GuestDevices, vcpus: number, handle: number): DeviceTreeNode {
  const absent = [processorHandle(0), NO_INTERRUPT];
  const contexts = Array.from({ length: firstHart }, () => [...absent, ...absent]).flat();
  for (let id = 0; id < vcpus; id++) contexts.push(processorHandle(id), NO_INTERRUPT, processorHandle(id), SUPERVISOR_EXTERNAL);
  return {
    name: `plic@${PLIC_BASE.toString(16)}`,
    properties: {
      compatible: { texts: ["sifive,plic-1.0.0", "riscv,plic0"] },
      reg: { cells: [...cells64(PLIC_BASE), ...cells64(PLIC_BYTES)] },
      "interrupts-extended": { cells: contexts },
      "interrupt-controller": { present: true },
      "#interrupt-cells": { cells: [1] },
      "#address-cells": { cells: [0] },
      "riscv,ndev": { cells: [PLIC_SOURCES] },
      phandle: { cells: [handle] },
    },
    children: [],
  };
}

function serial(controller: number): DeviceTreeNode {
  return {
    name: `serial@${UART_BASE.toString(16)}`,
    properties: {
      compatible: { text: "ns16550a" },
      reg: { cells: [...cells64(UART_BASE), ...cells64(0x100)] },
      "clock-frequency": { cells: [SERIAL_CLOCK_HZ] },
      ...interrupt(UART_IRQ, controller),
    },
    children: [],
  };
}

function virtio(slot: number, controller: number): DeviceTreeNode {
  const base = VIRTIO_BASE + slot * VIRTIO_STRIDE;
  return {
    name: `virtio_mmio@${base.toString(16)}`,
    properties: {
      compatible: { text: "virtio,mmio" },
      reg: { cells: [...cells64(base), ...cells64(VIRTIO_STRIDE)] },
      ...interrupt(VIRTIO_FIRST_IRQ + slot, controller),
    },
    children: [],
  };
}

function interrupt(source: number, controller: number) {
  return { interrupts: { cells: [source] }, "interrupt-parent": { cells: [controller] } };
}
