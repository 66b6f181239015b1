// The memory of one VMM process: what it knows of its machine, the state of the devices that it emulates, a buffer for
// text, and a run structure for each vCPU.

import { PLIC_STATE_BYTES } from "../../virtual-devices/plic.ts";
import { SERIAL_STATE_BYTES } from "../../virtual-devices/serial.ts";

export const VMM = {
  /** numbers: where its guest's RAM lies, where the guest sees it, and its bytes. */
  ram: 0x00,
  guestRam: 0x08,
  ramBytes: 0x10,
  vcpus: 0x18,
  channels: 0x1c, // ends that the guest has
  loopbacks: 0x30, // bitmap of those whose other end is its own
  hasSerial: 0x20,
  /** 1: the VMM has the interrupt controller too, and what its guest's channels have rung. */
  all: 0x24,
  number: 0x28, // of its machine
  passed: 0x2c, // bitmap of the guest's sources that are devices passed through
  /** Bitmap of the channel ends rung since the guest last asked. */
  rung: 0x40,
  /** 1 while a thread is at the devices. */
  lock: 0x80,
  serialLine: 0x84, // whether the serial console drives its line
  serial: 0xc0,
  plic: 0x140,
  text: 0x340,
  runs: 0x440,
} as const;
if (VMM.serial + SERIAL_STATE_BYTES > VMM.plic || VMM.plic + PLIC_STATE_BYTES > VMM.text) throw new Error("the VMM's devices overlap");
