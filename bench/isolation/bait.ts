// What the devices of hostile guests hold: the pattern, which they are made to write over memory.

import type { HostileDevices } from "../../workloads/attacks.ts";
import type { CaseTraffic } from "../traffic/case-traffic.ts";
import { PATTERN } from "./pattern.ts";

const DISK_BYTES = 0x1_0000;
/** Ethernet addresses, which the wire writes, and a type for experiments (IEEE 802, local experimental EtherType 1). */
const ADDRESS_BYTES = 12;
const TYPE = [0x88, 0xb5] as const;
const PAYLOAD_BYTES = 512;

export const disk = (): Uint8Array => Buffer.from(PATTERN.repeat(DISK_BYTES / PATTERN.length));

export const diskOf = (devices: HostileDevices | undefined): Uint8Array | undefined => (devices === "disk" ? disk() : undefined);

/** What arrives at the ports, which keep a log of what departs. */
export function trafficOf(devices: HostileDevices | undefined): CaseTraffic | undefined {
  if (devices !== "port" && devices !== "switch") return undefined;
  const frame = Buffer.concat([Buffer.alloc(ADDRESS_BYTES), Buffer.from(TYPE), Buffer.from(PATTERN.repeat(PAYLOAD_BYTES / PATTERN.length))]);
  return {
    traffic: { ports: devices === "port" ? [0] : [], size: frame.length, flows: 1, zipf: 0, rate: "max", filter: { rules: 1, allowUnmatched: true } },
    captured: [{ time: 0n, bytes: frame, length: frame.length }], log: true, latency: false, search: false,
  };
}
