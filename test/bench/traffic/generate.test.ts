import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readCaptureFile } from "../../../bench/traffic/capture.ts";
import { DENIED_FLOWS, generateTrace, PATTERN_FLOWS, TRACE_FRAMES } from "../../../bench/traffic/generate.ts";
import { writePcap } from "../../../bench/traffic/pcap.ts";
import { fitsPort, replayOf } from "../../../bench/traffic/replay.ts";
import { PATTERNS } from "../../../workloads/network/patterns.ts";
import { allows, filterRules } from "../../../workloads/network/rules.ts";
import type { Traffic } from "../../../workloads/network/traffic.ts";
import { headerChecksum } from "../../machine/network/frames.ts";

const LINK = { destination: [0x52, 0x54, 0, 0x74, 0x63, 0], source: [2, 0, 0, 0, 0, 1] };
const traffic: Traffic = { ports: [0], size: 64, flows: 100, zipf: 1, rate: "max", filter: { rules: 1000, allowUnmatched: false } };

describe("generated frames", () => {
  test("are the same every time, and others at another port", () => {
    expect(generateTrace(traffic, 0, LINK)).toEqual(generateTrace(traffic, 0, LINK));
    expect(generateTrace(traffic, 1, LINK)[0].bytes).not.toEqual(generateTrace(traffic, 0, LINK)[0].bytes);
  });

  test("are IPv4 and UDP, without a UDP checksum, of the size asked for less the FCS", () => {
    for (const size of [64, 594, 1518]) {
      for (const { bytes } of generateTrace({ ...traffic, size }, 0, LINK).slice(0, 50)) {
        const view = new DataView(bytes.buffer);
        expect(bytes).toHaveLength(size - 4);
        expect([view.getUint16(12), bytes[14], view.getUint16(16), bytes[23], view.getUint16(38), view.getUint16(40)]).toEqual([0x0800, 0x45, size - 18, 17, size - 38, 0]);
        expect(view.getUint16(24)).toBe(headerChecksum(bytes));
      }
    }
  });

  test("of the mix are 7 : 4 : 1", () => {
    const count = (size: number) => generateTrace({ ...traffic, size: "imix" }, 0, LINK).filter(({ bytes }) => bytes.length === size - 4).length / TRACE_FRAMES;
    expect(count(64)).toBeCloseTo(7 / 12, 1);
    expect(count(594)).toBeCloseTo(4 / 12, 1);
    expect(count(1518)).toBeCloseTo(1 / 12, 1);
  });

  test("belong to flows as the law says: exponent 0 evenly, 1 the first twice as often as the second", () => {
    const counts = (zipf: number) => {
      const list = new Array<number>(traffic.flows).fill(0);
      for (const { flow } of generateTrace({ ...traffic, zipf }, 0, LINK)) list[flow]++;
      return list;
    };
    expect(Math.max(...counts(0))).toBeLessThan(90); // 41 expected
    const [first, second, , fourth] = counts(1);
    expect(first / TRACE_FRAMES).toBeCloseTo(1 / 5.187, 1); // the hundredth harmonic number
    expect(first / second).toBeGreaterThan(1.6);
    expect(first / fourth).toBeGreaterThan(3);
  });

  test("of a flow have one header, and the filter does with it what is expected", () => {
    const rules = filterRules(1000);
    const seen = new Map<number, string>();
    for (const { bytes, flow, forward } of generateTrace(traffic, 0, LINK)) {
      const view = new DataView(bytes.buffer);
      const header = { source: view.getUint32(26), destination: view.getUint32(30), protocol: 17, sourcePort: view.getUint16(34), destinationPort: view.getUint16(36) };
      expect(seen.get(flow) ?? JSON.stringify(header)).toBe(JSON.stringify(header));
      seen.set(flow, JSON.stringify(header));
      expect(allows(rules, header)).toBe(forward);
      expect(forward).toBe(flow % DENIED_FLOWS !== DENIED_FLOWS - 1);
    }
  });

  test("carry patterns in some flows of traffic that has them, and only there", () => {
    const found = generateTrace({ ...traffic, patterns: true }, 0, LINK).map(({ bytes, flow, forward }) => {
      const payload = String.fromCharCode(...bytes.subarray(50));
      const carries = PATTERNS.some((pattern) => payload.includes(pattern));
      expect(carries).toBe(flow % PATTERN_FLOWS === PATTERN_FLOWS / 2);
      expect(forward).toBe(!carries && flow % DENIED_FLOWS !== DENIED_FLOWS - 1);
      return carries;
    });
    expect(new Set(found)).toEqual(new Set([true, false]));
  });

  test.skipIf(spawnSync("tshark", ["--version"]).status !== 0)("have nothing that tshark finds wrong", () => {
    const folder = mkdtempSync(join(tmpdir(), "tcbench-generate-"));
    const path = join(folder, "generated.pcap");
    writeFileSync(path, writePcap(generateTrace({ ...traffic, size: "imix" }, 0, LINK).map(({ bytes }) => ({ time: 0n, bytes, length: bytes.length }))));
    const output = execFileSync("tshark", ["-r", path, "-o", "ip.check_checksum:TRUE", "-Y", "udp && ip.checksum.status == \"Good\"", "-T", "fields", "-e", "udp.length"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    expect(output.trim().split("\n")).toHaveLength(TRACE_FRAMES);
    rmSync(folder, { recursive: true });
  }, 60_000);
});

describe("frames of a capture", () => {
  const fixture = (name: string) => {
    const capture = readCaptureFile(fileURLToPath(new URL(`captures/${name}`, import.meta.url)));
    return capture.kind === "capture" ? capture.frames : [];
  };

  test("go into flows by addresses, protocol and ports; what no port takes is left out", () => {
    const whole = fixture("loopback.pcapng").filter(fitsPort);
    const frames = replayOf(whole, traffic, LINK);
    expect(whole).toHaveLength(17); // not the segment of 3 kB that only a loopback interface carries
    expect(frames.map(({ flow }) => flow)).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 1, 1, 2, 1, 2, 1, 2, 3, 4]);
    expect(frames.some(({ forward }) => forward)).toBe(false); // no rule lets the loopback network pass
    const open = replayOf(whole, { filter: { rules: 1000, allowUnmatched: true } }, LINK);
    expect(open.map(({ forward }) => forward)).toEqual(whole.map(({ bytes }) => bytes[12] === 0x08 && bytes[13] === 0)); // none keeps its IPv4 out
    expect(open.map(({ bytes, flow }) => ({ bytes, flow }))).toEqual(frames.map(({ bytes, flow }) => ({ bytes, flow })));
    expect(fixture("loopback-128-bytes.pcap").filter(fitsPort)).toHaveLength(12);
  });

  test("without a header checksum are given one", () => {
    const [{ bytes, ...more }] = fixture("udp.pcap");
    const broken = Uint8Array.from(bytes);
    broken.set([0, 0], 24);
    expect(replayOf([{ ...more, bytes: broken }], traffic, LINK)[0].bytes).toEqual(Uint8Array.from([...LINK.destination, ...LINK.source, ...bytes.subarray(12)]));
    expect(broken[24]).toBe(0);
  });

  test("are judged by the filter's rules", () => {
    const captured = generateTrace(traffic, 0, LINK).slice(0, 200);
    const frames = replayOf(captured.map(({ bytes }) => ({ time: 0n, bytes, length: bytes.length })), traffic, LINK);
    expect(frames.map(({ forward }) => forward)).toEqual(captured.map(({ forward }) => forward));
    const inspected = generateTrace({ ...traffic, patterns: true }, 0, LINK).slice(0, 200);
    expect(replayOf(inspected.map(({ bytes }) => ({ time: 0n, bytes, length: bytes.length })), { ...traffic, patterns: true }, LINK).map(({ forward }) => forward))
      .toEqual(inspected.map(({ forward }) => forward));
    expect(new Set(frames.map(({ flow }) => flow)).size).toBe(new Set(captured.map(({ flow }) => flow)).size);
    const open = { filter: { rules: 1000, allowUnmatched: true } }; // what a rule denies, it denies
    expect(replayOf(captured.map(({ bytes }) => ({ time: 0n, bytes, length: bytes.length })), open, LINK).map(({ forward }) => forward))
      .toEqual(captured.map(({ forward }) => forward));
  });
});
