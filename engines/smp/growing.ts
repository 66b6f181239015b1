// Where the SMP hypervisor's growing queues lie, under `queues=growing`: behind its tables.

import { growingBytes } from "../channels/growing-doorbells.ts";
import { FIRMWARE_BYTES, RAM_BASE } from "../machine/layout.ts";
import { CAPACITY, vmAt } from "./layout.ts";

export const GROWING = vmAt(CAPACITY.vms);
export const GROWING_WORDS = growingBytes(CAPACITY.vms) / 4;
if (GROWING + 4 * GROWING_WORDS > RAM_BASE + FIRMWARE_BYTES) throw new Error("growing queues outgrow the firmware's memory");
