// The capture files that a command line names.

import { writeFileSync } from "node:fs";
import type { LoggedFrame } from "../../engines/machine/network/steering.ts";
import { UsageError } from "../exit-code.ts";
import { readCaptureFile } from "./capture.ts";
import type { CapturedFrame } from "./captured-frame.ts";
import { writePcap } from "./pcap.ts";
import { fitsPort } from "./replay.ts";

/** The frames of a capture that a port can be given. Throws a UsageError when there are none. */
export function capturedFrames(path: string): { readonly frames: readonly CapturedFrame[]; readonly warning: string | undefined } {
  const capture = readCaptureFile(path);
  if (capture.kind === "unreadable") throw new UsageError(`--pcap ${path}: ${capture.reason}`);
  const frames = capture.frames.filter(fitsPort);
  if (frames.length === 0) throw new UsageError(`--pcap ${path}: none of its ${capture.frames.length} frames is a whole Ethernet frame that is not a jumbo frame`);
  const leftOut = capture.frames.length - frames.length;
  return { frames, warning: leftOut === 0 ? undefined : `warning: ${leftOut} of the ${capture.frames.length} frames of ${path} are left out: captured only in part, or jumbo frames.` };
}

/** Writes a pcap file; `started` is when the machine's time began, about. Throws a UsageError when it cannot be written. */
export function writeDepartures(path: string, frames: readonly LoggedFrame[], started: string): void {
  const zero = BigInt(Date.parse(started)) * 1_000_000n;
  try {
    writeFileSync(path, writePcap(frames.map(({ departure, bytes }) => ({ time: zero + BigInt(Math.round(departure)), bytes, length: bytes.length }))));
  } catch (error) {
    throw new UsageError(`--pcap-out ${path}: ${(error as Error).message}`);
  }
}
