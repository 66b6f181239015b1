// Captures as files: finds the reader for a file.

import { readFileSync } from "node:fs";
import { type Capture, unreadable } from "./captured-frame.ts";
import { readPcap } from "./pcap.ts";
import { readPcapng } from "./pcapng.ts";

const PCAPNG_MAGIC = 0x0a0d_0d0a; // the same in both byte orders

/** Frames of a pcap or pcapng file, from its first bytes on. */
export function readCapture(file: Uint8Array): Capture {
  if (file.length < 4) return unreadable("it is too short for a capture");
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  return view.getUint32(0) === PCAPNG_MAGIC ? readPcapng(view) : readPcap(view);
}

export function readCaptureFile(path: string): Capture {
  try {
    return readCapture(readFileSync(path));
  } catch (error) {
    return unreadable((error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message);
  }
}
