// Traces of generated frames: a seed and a description give the same frames on every host.

import { STAMP_BYTES } from "../../engines/machine/network/layout.ts";
import type { TraceFrame } from "../../engines/machine/network/prepare.ts";
import { Generator } from "../../workloads/network/generator.ts";
import { PATTERNS } from "../../workloads/network/patterns.ts";
import { drawHeader, filterRules, PROTOCOL, type Rule } from "../../workloads/network/rules.ts";
import type { Traffic } from "../../workloads/network/traffic.ts";
import { type Endpoints, FCS_BYTES, HEADERS_BYTES, type Link, udpFrame } from "./frame.ts";

/** Frames of a trace, which is replayed in a cycle: a prime, so that no batch that guests or engines work in keeps step with it. */
export const TRACE_FRAMES = 4093;
/** One flow in so many is one that the filter drops. */
export const DENIED_FLOWS = 16;
/** With patterns, one flow in so many carries one in each frame. */
export const PATTERN_FLOWS = 16;
/** The simple IMIX: sizes with FCS, and how many of twelve frames have them. */
export const IMIX = [{ size: 64, share: 7 }, { size: 594, share: 4 }, { size: 1518, share: 1 }] as const;

const SEED = 2544;
/** What payloads are cut from. */
const PAYLOAD_POOL_BYTES = 0x1_0000;

interface Flow {
  readonly endpoints: Endpoints;
  /** Frames carry a pattern. */
  readonly pattern: boolean;
  readonly forward: boolean;
}

/** What arrives at `port`, over `link`. */
export function generateTrace({ size, flows, zipf, filter, patterns = false }: Traffic, port: number, link: Link): TraceFrame[] {
  const generator = new Generator(SEED + port);
  const rules = filterRules(filter.rules);
  const mayDeny = rules.some(isDenial);
  const table = Array.from({ length: flows }, (_, flow): Flow => {
    const allowed = !mayDeny || flow % DENIED_FLOWS !== DENIED_FLOWS - 1;
    const pattern = patterns && flow % PATTERN_FLOWS === PATTERN_FLOWS / 2;
    return { endpoints: drawHeader(rules, generator, allowed), pattern, forward: allowed && !pattern };
  });
  const drawFlow = zipfLaw(flows, zipf);
  const pool = Uint8Array.from({ length: PAYLOAD_POOL_BYTES }, () => generator.below(256));
  return Array.from({ length: TRACE_FRAMES }, (): TraceFrame => {
    const flow = drawFlow(generator);
    const { endpoints, pattern, forward } = table[flow];
    const offset = generator.below(PAYLOAD_POOL_BYTES);
    const bytes = (size === "imix" ? drawSize(generator) : size) - FCS_BYTES;
    const frame = udpFrame(bytes, link, endpoints, (index) => pool[(offset + index) % PAYLOAD_POOL_BYTES]);
    if (pattern) placePattern(frame, generator);
    return { bytes: frame, flow, forward };
  });
}

/** Somewhere in the payload behind the stamp, one that fits. */
function placePattern(frame: Uint8Array, generator: Generator): void {
  const room = frame.length - HEADERS_BYTES - STAMP_BYTES;
  const pattern = generator.pick(PATTERNS.filter(({ length }) => length <= room));
  frame.set(new TextEncoder().encode(pattern), HEADERS_BYTES + STAMP_BYTES + generator.below(room - pattern.length + 1));
}

const isDenial = ({ allow, protocol }: Rule): boolean => !allow && protocol !== PROTOCOL.tcp;

function drawSize(generator: Generator): number {
  let drawn = generator.below(IMIX.reduce((sum, { share }) => sum + share, 0));
  for (const { size, share } of IMIX) {
    if (drawn < share) return size;
    drawn -= share;
  }
  return IMIX[0].size;
}

/** Draws flow k, from 0, as often as 1 / (k + 1) ** exponent says. */
function zipfLaw(flows: number, exponent: number): (generator: Generator) => number {
  const cumulative = new Float64Array(flows);
  let sum = 0;
  for (let flow = 0; flow < flows; flow++) {
    sum += (flow + 1) ** -exponent;
    cumulative[flow] = sum;
  }
  return (generator) => {
    const drawn = (generator.word() / 0x1_0000_0000) * sum;
    let [low, high] = [0, flows - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
