// One virtual machine in engine state.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { REGION_BYTES } from "../machine/layout.ts";

/** Ends of channels that one guest may have: bits of `rung`, and entries of `channels`. */
export const MAXIMUM_CHANNELS = 8;
/** Regions of its second stage: its RAM, its channels' windows, and devices that are passed through. */
export const MAXIMUM_WINDOWS = 10;

const CHANNEL_END_BYTES = 8;
/** One end of a channel, as the virtual machine that has it sees it. */
export const CHANNEL_END = {
  peer: 0x0, // address of the peer's record; 0 where this engine has no peer
  bit: 0x4, // bit of the peer's `rung` that stands for the peer's end
} as const;

export const VM = {
  state: 0x00, // VM_STATE
  cause: 0x04, // why it failed, as Hart.trapCause; or the SBI reset type it gave
  pc: 0x08, // i64: where it failed
  value: 0x10, // i64: and with what trap value
  ram: 0x18, // number: physical address of its RAM
  guestRam: 0x20, // number: the same as the guest sees it
  ramBytes: 0x28, // number
  unitsPage: 0x30, // number: physical address, 0 until registered
  vcpus: 0x38, // address of the first; the others follow
  vcpuCount: 0x3c,
  number: 0x40, // its index in the configuration
  rung: 0x44, // bitmap of the channel ends rung since last asked
  channelCount: 0x48,
  failed: 0x4c, // address of the vCPU that failed it
  channels: 0x50, // CHANNEL_END entries
  secondStage: 0x90, // region table; unused where there is no second stage
  // Under restart=on (restart/restarts.ts):
  restored: 0x1d8, // number: bytes of its RAM that have been restored since it failed
  restarts: 0x1e0,
  failedAt: 0x1e8, // number: when it failed last, in cycles
  restartedAt: 0x1f0, // number: when it last began anew
} as const;

/** A region table's count and regions. */
const SECOND_STAGE_BYTES = 8 + MAXIMUM_WINDOWS * REGION_BYTES;
const LINE = 64;
if (VM.secondStage + SECOND_STAGE_BYTES > VM.restored) throw new Error("the region table reaches into what follows it");
export const VM_BYTES = Math.ceil((VM.restartedAt + 8) / LINE) * LINE;

export const VM_STATE = {
  running: 0,
  finished: 1,
  failed: 2,
  /** It has failed, and is about to be started again. */
  restored: 3,
} as const;

export function channelEnd(vm: PhysicalAddress, id: number): PhysicalAddress {
  return physical(vm + VM.channels + id * CHANNEL_END_BYTES);
}
