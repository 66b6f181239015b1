// The routing guests under QEMU, whose virtio devices and interrupt controller nobody here wrote: every
// frame that leaves is compared with one built anew.

import { onTestFinished, test, expect } from "vitest";
import { neighbourMac, PUBLIC_ADDRESS } from "../../workloads/network/addresses.ts";
import { readImage } from "../../workloads/images.ts";
import { Generator } from "../../workloads/network/generator.ts";
import { PATTERNS } from "../../workloads/network/patterns.ts";
import { allows, drawHeader, filterRules, type Header, RULE_COUNT } from "../../workloads/network/rules.ts";
import { frame, TCP } from "./frames.ts";
import { needQemu, needQemuAndCompiler } from "./need.ts";
import { NetworkGuest, portMac } from "./network.ts";

const RULES = filterRules(RULE_COUNT);
const SENDER = [0x02, 0, 0, 0, 0, 0x99];
const TTL = 64;
const FRAMES = 400;
const TIMEOUT_MS = 120_000;

interface Sent {
  readonly header: Header;
  readonly payload: Uint8Array;
  readonly unchecked: boolean;
}

const arriving = ({ header, payload, unchecked }: Sent, port: number): Buffer =>
  frame({ to: portMac(port), from: SENDER, header, timeToLive: TTL, payload, unchecked });

const leaving = ({ header, payload, unchecked }: Sent, port: number): Buffer =>
  frame({ to: neighbourMac(port), from: portMac(port), header, timeToLive: TTL - 1, payload, unchecked });

/** Frames of all sizes, three in four of them allowed, some TCP. */
function drawSent(generator: Generator): Sent {
  const drawn = drawHeader(RULES, generator, generator.below(4) !== 0);
  const header = generator.below(3) === 0 ? { ...drawn, protocol: TCP } : drawn;
  const payload = Uint8Array.from({ length: generator.pick([0, 18, 26, generator.below(1400), 1460]) }, () => generator.below(256));
  return { header, payload, unchecked: generator.below(4) === 0 && header.protocol !== TCP };
}

async function start(image: "forward", bootArguments: string): Promise<NetworkGuest> {
  const guest = await NetworkGuest.start(image, bootArguments, 2);
  onTestFinished(() => guest.stop());
  return guest;
}

/** Any frame that the first `count` rules let through. */
const probe = (count: number): Buffer =>
  arriving({ header: drawHeader(filterRules(count), new Generator(1), true), payload: new Uint8Array(18), unchecked: false }, 0);

test("forward routes what its rules allow, in order, in both directions, and nothing else", async (context) => {
  needQemu(context);
  const guest = await start("forward", "");
  await guest.awake(0, probe(RULE_COUNT));
  const generator = new Generator(3);
  for (const port of [0, 1]) {
    const sent = Array.from({ length: FRAMES }, () => drawSent(generator));
    const left = await guest.exchange(port, sent.map((each) => arriving(each, port)));
    const expected = sent.filter(({ header }) => allows(RULES, header)).map((each) => leaving(each, 1 - port));
    expect(left[port]).toEqual([]);
    expect(left[1 - port].length).toBe(expected.length);
    expect(left[1 - port]).toEqual(expected);
  }
  expect(guest.output).not.toContain("tcbench");
}, TIMEOUT_MS);

test("forward lets through what matches no rule where it is told to, and still not what a rule denies", async (context) => {
  needQemu(context);
  const guest = await start("forward", "unmatched=allow");
  await guest.awake(0, probe(RULE_COUNT));
  const generator = new Generator(5);
  const unknown = (): Sent => ({
    header: { source: 0xc0a8_0000 + generator.below(0x1_0000), destination: generator.word(), protocol: generator.pick([1, TCP, 17]), sourcePort: 0, destinationPort: 0 },
    payload: new Uint8Array(40), unchecked: false,
  });
  const sent = Array.from({ length: FRAMES }, (_, index) => (index % 2 === 0 ? unknown() : drawSent(generator)));
  const verdicts = sent.map(({ header }) => [allows(RULES, header), allows(RULES, header, true)].join());
  expect(new Set(verdicts)).toEqual(new Set(["true,true", "false,true", "false,false"]));
  const left = await guest.exchange(0, sent.map((each) => arriving(each, 0)));
  expect(left[1]).toEqual(sent.filter(({ header }) => allows(RULES, header, true)).map((each) => leaving(each, 1)));
  expect(guest.output).not.toContain("tcbench");
}, TIMEOUT_MS);

test("forward drops what a router must not forward", async (context) => {
  needQemu(context);
  const guest = await start("forward", "");
  const good = probe(RULE_COUNT);
  await guest.awake(0, good);
  const spoilt = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(good);
    change(bytes);
    return bytes;
  };
  const bad: Readonly<Record<string, Buffer>> = {
    "for another station": spoilt((bytes) => { bytes[5] ^= 1; }),
    "not IPv4": spoilt((bytes) => { bytes.writeUInt16BE(0x86dd, 12); }),
    "a wrong header checksum": spoilt((bytes) => { bytes[24] ^= 0x40; }),
    "a header with options": spoilt((bytes) => { bytes[14] = 0x46; bytes[24] -= 1; }),
    "a fragment": spoilt((bytes) => { bytes[20] = 0x20; bytes[24] += 0x20; }),
    "longer than its frame": good.subarray(0, good.length - 1),
    "cut within its header": good.subarray(0, 30),
    "at the end of its life": frame({ to: portMac(0), from: SENDER, header: drawHeader(RULES, new Generator(1), true), timeToLive: 1, payload: new Uint8Array(18) }),
  };
  for (const [name, bytes] of Object.entries(bad)) {
    const left = await guest.exchange(0, [bytes]);
    expect([name, left[1].length]).toEqual([name, 0]);
  }
  expect((await guest.exchange(0, [good]))[1].length).toBe(1);
}, TIMEOUT_MS);

test("forward stops after so many packets, its decision structure in agreement with its rules", async (context) => {
  needQemu(context);
  const guest = await start("forward", "rules=50 units=40");
  await guest.awake(0, probe(50));
  await guest.exchange(0, Array.from({ length: 100 }, () => probe(50)));
  expect(guest.output).toMatch(/^tcbench: workload forward units \d+ digest 0x0{16} ticks \d+$/m);
  expect(guest.output).not.toContain("failed");
}, TIMEOUT_MS);

test("pipeline: what firewall and inspection let through leaves translated, a port for each flow", async (context) => {
  needQemuAndCompiler(context);
  const image = readImage("pipeline");
  const guest = await NetworkGuest.startSeveral([
    { image, bootArguments: "role=firewall", slots: [0] },
    { image, bootArguments: "role=inspection" },
    { image, bootArguments: "role=translation port=1", slots: [1] },
  ], 2);
  onTestFinished(() => guest.stop());
  await guest.awake(0, probe(RULE_COUNT));
  const generator = new Generator(4);
  const drawn = Array.from({ length: FRAMES }, () => drawSent(generator));
  const sent = [...drawn, ...drawn.slice(0, FRAMES / 2)].map((each, index) => (index % 5 === 0 ? withPattern(each, generator) : each));
  const left = await guest.exchange(0, sent.map((each) => arriving(each, 0)));
  expect(left[0]).toEqual([]);
  const passed = sent.filter(({ header, payload }) => allows(RULES, header) && !holdsPattern(payload));
  expect(left[1].length).toBe(passed.length);
  const ports = new Map<string, number>();
  for (const [index, bytes] of left[1].entries()) {
    const { header, payload } = passed[index];
    const sourcePort = bytes.readUInt16BE(SOURCE_PORT);
    const flow = JSON.stringify(header);
    expect(ports.get(flow) ?? sourcePort).toBe(sourcePort);
    ports.set(flow, sourcePort);
    expect(bytes).toEqual(leaving({ ...passed[index], header: { ...header, source: PUBLIC_ADDRESS, sourcePort }, payload }, 1));
  }
  expect(new Set(ports.values()).size).toBe(ports.size);
  expect(guest.output).not.toContain("tcbench");
}, TIMEOUT_MS);

/** In Ethernet, IPv4, and TCP or UDP. */
const SOURCE_PORT = 34;
const LATIN = new TextEncoder();

function withPattern(sent: Sent, generator: Generator): Sent {
  const pattern = LATIN.encode(generator.pick(PATTERNS));
  if (pattern.length > sent.payload.length) return sent;
  const payload = Uint8Array.from(sent.payload);
  payload.set(pattern, generator.below(payload.length - pattern.length + 1));
  return { ...sent, payload };
}

const holdsPattern = (payload: Uint8Array): boolean => PATTERNS.some((pattern) => Buffer.from(payload).includes(pattern));
