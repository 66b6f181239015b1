import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { readCapture, readCaptureFile } from "../../../bench/traffic/capture.ts";
import type { Capture, CapturedFrame } from "../../../bench/traffic/captured-frame.ts";
import { writePcap } from "../../../bench/traffic/pcap.ts";
import { writeBlocks, writePcapLike } from "./capture-writers.ts";

const FIXTURES = fileURLToPath(new URL("captures/", import.meta.url));
const TSHARK = "tshark";
const installed = spawnSync(TSHARK, ["--version"]).status === 0;
if (!installed) process.stderr.write("captures are not compared with tshark: it is not installed (Debian: tshark)\n");

const folder = mkdtempSync(join(tmpdir(), "tcbench-capture-"));
afterAll(() => rmSync(folder, { recursive: true }));

function framesOf(capture: Capture): readonly CapturedFrame[] {
  if (capture.kind === "unreadable") throw new Error(capture.reason);
  return capture.frames;
}
const reasonOf = (capture: Capture): string => (capture.kind === "unreadable" ? capture.reason : "it is readable");

/** One line a frame: time, bytes kept, bytes there were, and the first of them. */
function tshark(path: string): string[] {
  const fields = ["frame.time_epoch", "frame.cap_len", "frame.len"].flatMap((field) => ["-e", field]);
  const lines = execFileSync(TSHARK, ["-r", path, "-T", "fields", ...fields], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return lines.trim().split("\n").map((line) => line.replaceAll("\t", " "));
}

const line = ({ time, bytes, length }: CapturedFrame): string => (
  `${time / 1_000_000_000n}.${String(time % 1_000_000_000n).padStart(9, "0")} ${bytes.length} ${length}`);

const frame = fc.record({
  time: fc.bigInt({ min: 0n, max: 2n ** 32n * 1_000_000_000n - 1n }),
  bytes: fc.uint8Array({ maxLength: 80 }), more: fc.nat(2000),
}).map(({ time, bytes, more }): CapturedFrame => ({ time, bytes: Uint8Array.from(bytes), length: bytes.length + more }));
const frames = fc.array(frame, { maxLength: 8 });
const little = fc.boolean();

describe("captures made by Debian's tools", () => {
  test("of the loopback interface, in three formats", () => {
    const nanoseconds = framesOf(readCaptureFile(`${FIXTURES}loopback-nanoseconds.pcap`));
    expect(nanoseconds).toHaveLength(18);
    expect(line(nanoseconds[0])).toBe("1795390323.983472385 52 52");
    expect(String.fromCharCode(...nanoseconds[0].bytes.subarray(42))).toBe("datagram 0");
    expect(framesOf(readCaptureFile(`${FIXTURES}loopback.pcapng`))).toEqual(nanoseconds);
    const short = framesOf(readCaptureFile(`${FIXTURES}loopback-128-bytes.pcap`));
    expect(short.map(({ bytes, length }) => [bytes.length, length])).toEqual(nanoseconds.map(({ length }) => [Math.min(128, length), length]));
  });

  test("of several interfaces, and of none that is Ethernet", () => {
    expect(framesOf(readCaptureFile(`${FIXTURES}two-interfaces.pcapng`))).toHaveLength(14);
    expect([...framesOf(readCaptureFile(`${FIXTURES}udp.pcap`))[0].bytes.subarray(42, 46)]).toEqual([0xde, 0xad, 0xbe, 0xef]);
    expect(reasonOf(readCaptureFile(`${FIXTURES}raw-ip.pcap`))).toBe("its link type is 101, not Ethernet (1)");
  });

  test.skipIf(!installed).each(["loopback.pcapng", "loopback-nanoseconds.pcap", "loopback-128-bytes.pcap", "udp.pcap", "two-interfaces.pcapng"])("%s is read as tshark reads it", (name) => {
    expect(framesOf(readCaptureFile(FIXTURES + name)).map(line)).toEqual(tshark(FIXTURES + name));
  });
});

describe("the writer", () => {
  test("writes what the reader reads", () => {
    fc.assert(fc.property(frames, (list) => { expect(framesOf(readCapture(writePcap(list)))).toEqual(list); }));
  });

  test.skipIf(!installed)("writes what tshark reads", () => {
    const list = fc.sample(frames.filter(({ length }) => length > 3), { numRuns: 1, seed: 1 })[0];
    const path = join(folder, "written.pcap");
    writeFileSync(path, writePcap(list));
    expect(tshark(path)).toEqual(list.map(line));
  });
});

describe("the readers", () => {
  test("know pcap in both byte orders and resolutions", () => {
    fc.assert(fc.property(frames, little, fc.boolean(), (list, littleEndian, nanoseconds) => {
      const read = framesOf(readCapture(writePcapLike(list, littleEndian, nanoseconds)));
      expect(read).toEqual(list.map((each) => ({ ...each, time: nanoseconds ? each.time : each.time - (each.time % 1000n) })));
    }));
  });

  test("know pcapng in both byte orders, with any resolution, with options and blocks they have no use for", () => {
    const resolution = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 40 }).map((bits) => bits | 0x80));
    fc.assert(fc.property(frames, little, resolution, fc.integer({ min: -1000, max: 1000 }), (list, littleEndian, each, offset) => {
      const { file, expected } = writeBlocks(list, { littleEndian, resolution: each, offsetSeconds: BigInt(offset) });
      expect(framesOf(readCapture(file))).toEqual(expected);
    }));
  });

  test.skipIf(!installed)("and tshark agrees with the tests' own writers", () => {
    const list = fc.sample(frames.filter(({ length }) => length > 3), { numRuns: 1, seed: 7 })[0];
    for (const littleEndian of [true, false]) {
      const path = join(folder, `written-${littleEndian}`);
      writeFileSync(path, writePcapLike(list, littleEndian, true));
      expect(tshark(path)).toEqual(list.map(line));
      const { file, expected } = writeBlocks(list, { littleEndian, resolution: 9, offsetSeconds: 0n });
      writeFileSync(path, file);
      expect(tshark(path).map((each) => each.replace(/^ /, "0.000000000 "))).toEqual(expected.map(line));
    }
  });

  test("refuse a file that is cut off anywhere, in one line", () => {
    const whole = writePcapLike(fc.sample(frames.filter(({ length }) => length > 3), { numRuns: 1, seed: 3 })[0], true, true);
    const { file } = writeBlocks(framesOf(readCapture(whole)), { littleEndian: false, resolution: 9, offsetSeconds: 0n });
    for (const [bytes, format] of [[whole, "pcap"], [file, "pcapng"]] as const) {
      const readable = Array.from({ length: bytes.length }, (_, length) => readCapture(bytes.subarray(0, length)));
      const refused = readable.filter(({ kind }) => kind === "unreadable");
      // A capture of fewer frames is what remains where a record or block ends.
      expect(refused.length, format).toBeGreaterThan(bytes.length - 30);
      for (const capture of refused) expect(reasonOf(capture)).toMatch(/^it is [^\n]+$|^its header is cut off$/);
    }
  });

  test("never throw, whatever the bytes", () => {
    const fixture = readFileSync(`${FIXTURES}two-interfaces.pcapng`);
    const old = readFileSync(`${FIXTURES}udp.pcap`);
    const damage = fc.array(fc.tuple(fc.nat(fixture.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(fc.property(damage, fc.boolean(), (places, newer) => {
      const bytes = Uint8Array.from(newer ? fixture : old);
      for (const [at, value] of places) bytes[at % bytes.length] = value;
      const capture = readCapture(bytes);
      expect(reasonOf(capture)).not.toContain("\n");
      expect(capture.kind === "capture" && capture.frames.length > 100).toBe(false);
    }), { numRuns: 2000 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => { expect(["capture", "unreadable"]).toContain(readCapture(bytes).kind); }));
  });

  test("say what is wrong", () => {
    const text = new TextEncoder().encode("this is a text, and not a short one");
    expect(reasonOf(readCapture(text))).toBe("it is neither a pcap nor a pcapng file");
    expect(reasonOf(readCapture(new Uint8Array(3)))).toBe("it is too short for a capture");
    expect(reasonOf(readCaptureFile(join(folder, "none")))).toBe("there is no such file");
    expect(reasonOf(readCaptureFile(folder))).toMatch(/directory/);
    const withFcs = writePcap([]);
    new DataView(withFcs.buffer).setUint32(20, 0x2400_0001, true);
    expect(reasonOf(readCapture(withFcs))).toBe("its frames carry their FCS; capture without it");
    const compressed = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    expect(reasonOf(readCapture(compressed))).toBe("it is neither a pcap nor a pcapng file");
  });
});
