// Random programs under random page tables, on QEMU and on our machine: the same traps, registers, memory, and A and D
// bits. SEED=n tries other programs.

import { describe, expect, test } from "vitest";
import { runOnMachine, type Tier } from "./machine.ts";
import { PAGED_LOG, pagedProgram, type PagedProgram } from "./paged-program.ts";
import { STATE, STATE_BYTES } from "./page-tables.ts";
import { hasQemu, runInQemu } from "./qemu.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const LIMIT_MILLISECONDS = 300_000;
const MAXIMUM_INSTRUCTIONS = 20_000_000;
const NEVER = Infinity;

interface Round {
  readonly name: string;
  readonly tier: Tier;
  readonly streams: number;
  readonly passes: number;
}

const ROUNDS: readonly Round[] = [
  { name: "interpreted", tier: { mode: "machine", hotThreshold: NEVER, slice: 1_000_000 }, streams: 400, passes: 1 },
  { name: "interpreted in short slices, in VS-mode", tier: { mode: "hypervisor", hotThreshold: NEVER, slice: 7 }, streams: 300, passes: 1 },
  { name: "translated at once", tier: { mode: "machine", hotThreshold: 1, slice: 1_000_000 }, streams: 12, passes: 2 },
  { name: "translated at once, in VS-mode", tier: { mode: "hypervisor", hotThreshold: 1, slice: 1_000_000 }, streams: 12, passes: 2 },
  { name: "translated when warm, in VS-mode", tier: { mode: "hypervisor", hotThreshold: 3, slice: 403 }, streams: 40, passes: 4 },
  { name: "translated for all with the same code", tier: { mode: "hypervisor", hotThreshold: 1, slice: 10_000, shared: true }, streams: 12, passes: 2 },
];
/** All that such programs can raise: page faults, and illegal instructions in pages of data. */
const CAUSES = [12, 13, 15];

describe.skipIf(!hasQemu)("programs under random page tables end as in QEMU", () => {
  test.each(ROUNDS.map((round, index) => ({ ...round, seed: SEED * ROUNDS.length + index })))("$name", ({ tier, streams, passes, seed }) => {
    const program = pagedProgram(seed, streams, passes);
    const expected = runInQemu(program.elf, STATE, STATE_BYTES);
    const run = runOnMachine(program.elf, STATE, STATE_BYTES, tier, MAXIMUM_INSTRUCTIONS);
    expect(firstDifference(program, run.memory, expected)).toBe("");
    expect(run.end.halted).toBe(true);
    const causes = new Set(causesOf(expected));
    expect(CAUSES.filter((cause) => !causes.has(cause))).toEqual([]);
    expect(run.statistics.units > 0).toBe(tier.hotThreshold !== NEVER);
  }, LIMIT_MILLISECONDS);
});

function causesOf(memory: Uint8Array): number[] {
  const view = new DataView(memory.buffer, memory.byteOffset);
  const causes: number[] = [];
  for (let at = PAGED_LOG.start - STATE; at < PAGED_LOG.end - STATE; at += PAGED_LOG.entry) causes.push(Number(view.getBigUint64(at, true)));
  return causes;
}

function firstDifference(program: PagedProgram, actual: Uint8Array, expected: Uint8Array): string {
  const here = new DataView(actual.buffer, actual.byteOffset);
  const there = new DataView(expected.buffer, expected.byteOffset);
  // The log first: it says where the runs part.
  const places = [...range(PAGED_LOG.start, PAGED_LOG.end), ...range(STATE, PAGED_LOG.start), ...range(PAGED_LOG.end, STATE + STATE_BYTES)];
  const parted = places.find((at) => here.getBigUint64(at - STATE, true) !== there.getBigUint64(at - STATE, true));
  if (parted === undefined) return "";
  const show = (at: number): string =>
    `${at.toString(16)}: ${here.getBigUint64(at - STATE, true).toString(16)} against ${there.getBigUint64(at - STATE, true).toString(16)}`;
  const around = range(Math.max(STATE, parted - 160), parted + 40).map(show);
  return [`first difference at ${parted.toString(16)}`, ...around, streamBefore(program, there, parted)].join("\n");
}

/** The stream whose log begins last before an address, as QEMU wrote it: an entry with nothing but its number. */
function streamBefore(program: PagedProgram, view: DataView, at: number): string {
  for (let entry = at - (at % PAGED_LOG.entry); entry >= PAGED_LOG.start; entry -= PAGED_LOG.entry) {
    const words = [0, 8, 16, 24].map((offset) => view.getBigUint64(entry - STATE + offset, true));
    const [number, ...rest] = words;
    if (rest.some((word) => word !== 0n) || number >= BigInt(program.streams.length)) continue;
    const stream = program.streams[Number(number)];
    return [`stream ${number} (${stream.user ? "user" : "supervisor"}, space ${stream.root})`, ...stream.items.map((item) => `  ${item.text}`)].join("\n");
  }
  return "";
}

function range(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / 8 }, (_, index) => from + 8 * index);
}
