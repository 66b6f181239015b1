// A real guest routes frames through devices passed through, switched, and its own, on every engine.

import { describe, expect, test } from "vitest";
import { neighbourMac } from "../../../workloads/network/addresses.ts";
import { Generator } from "../../../workloads/network/generator.ts";
import { allows, drawHeader, filterRules, type Header, RULE_COUNT } from "../../../workloads/network/rules.ts";
import { readImage } from "../../../workloads/images.ts";
import { ticks } from "../../../engines/machine/address.ts";
import type { VirtualMachine } from "../../../engines/engine.ts";
import { frame } from "../../guests/frames.ts";
import { portMac } from "../../guests/network.ts";
import { runWired } from "./wired-run.ts";

const RULES = filterRules(RULE_COUNT);
const SENDER = [0x02, 0, 0, 0, 0, 0x99];
const TTL = 64;
const FRAMES = 200;

const router: VirtualMachine = {
  name: "router", image: readImage("forward"), memoryBytes: 0x80_0000, vcpus: 1, bootArguments: "", hart: 0,
  share: { budget: ticks(100_000), period: ticks(100_000) },
};
const NICS = [{ port: 0, owner: 0 }, { port: 1, owner: 0 }];

interface Sent { readonly header: Header; readonly payload: Uint8Array }
const arriving = ({ header, payload }: Sent, port: number): Buffer =>
  frame({ to: portMac(port), from: SENDER, header, timeToLive: TTL, payload });
const leaving = ({ header, payload }: Sent, port: number): Buffer =>
  frame({ to: neighbourMac(port), from: portMac(port), header, timeToLive: TTL - 1, payload });

function draw(seed: number): Sent[] {
  const generator = new Generator(seed);
  return Array.from({ length: FRAMES }, () => ({
    header: drawHeader(RULES, generator, generator.below(4) !== 0),
    payload: Uint8Array.from({ length: generator.pick([18, 26, generator.below(1400), 1460]) }, () => generator.below(256)),
  }));
}

describe.each([
  ["bare", {}], ["microscheduler", {}],
  ["uniprocessor", { nic: "passthrough" }], ["per-core", { nic: "passthrough" }], ["smp", { nic: "passthrough" }],
  ["hosted", { nic: "passthrough" }], ["hosted", { nic: "passthrough", split: "user" }], ["hosted", { nic: "switch" }],
  ["hosted", { nic: "switch", split: "user" }],
  ["uniprocessor", { nic: "switch" }], ["per-core", { nic: "switch" }], ["smp", { nic: "switch" }],
] as const)("%s %o", (engine, options) => {
  test("frames are routed in order and whole, in both directions", () => {
    const sent = [draw(1), draw(2)];
    const expected = [1, 0].map((from) => sent[from].filter(({ header }) => allows(RULES, header)).map((each) => leaving(each, 1 - from)));
    const arrivals = sent.map((list, port) => list.map((each) => arriving(each, port)));
    const { left, report, console } = runWired(
      engine, options, { vms: [router], channels: [], nics: NICS }, arrivals, expected[0].length + expected[1].length,
    );
    expect([console, report.vms[0].reason]).toEqual(["", undefined]);
    expect(left.map((frames) => frames.length)).toEqual(expected.map((frames) => frames.length));
    expect(left).toEqual(expected);
    // Between guest and port, every frame is copied once; on its way to a VMM, into the tap too.
    const moved = [...arrivals, ...expected].flat();
    const copied = "split" in options ? [...moved, ...arrivals.flat()] : moved;
    const bytesCopied = copied.reduce((sum, { length }) => sum + length, 0);
    const switched = "nic" in options && options.nic === "switch";
    expect(report.network).toEqual(switched ? { frames: moved.length, copies: copied.length, bytesCopied, dropped: 0 } : undefined);
  });
});
