// The workloads. Every `unitDigest` is what the guest printed for one unit under QEMU's system
// emulation; `node test/guests/digests.ts` runs them all again and prints the digests.

import { FILTER_PARAMETERS, filterWords, TRAFFIC_PARAMETERS, trafficOf } from "./network/traffic.ts";
import type { Guest, ImageName, Layout, Parameter, Workload } from "./workload.ts";

/** RAM of one guest: every image, its stack and data, and a device tree fit. */
export const GUEST_MEMORY_BYTES = 0x0040_0000;

/** Beside its image, a guest with network ports holds packet buffers, the filter and patterns. */
const NETWORK_MEMORY_BYTES = 0x0080_0000;
const PORTS_OF_A_ROUTER = 2;
const MAXIMUM_ROUTERS = 2;

const PAGE_BYTES = 0x1000;
/** A link of the pipeline: two pages of rings and 256 buffers of half a page. */
const LINK_WINDOW_BYTES = 130 * PAGE_BYTES;
/** The stream's ring: 128 slots of 64 bytes and two lines, in whole pages. */
const STREAM_WINDOW_BYTES = 3 * PAGE_BYTES;

/** Of a guest whose vCPUs an engine may have to put on one hart: its tables hold as many. */
const MOST_VCPUS = 16;

const perHart = (count: number): Parameter =>
  ({ kind: "number", minimum: 1, maximum: 16, default: String(count), summary: "guests for each hart" });

const placement: Parameter = {
  kind: "choice", values: ["apart", "together"], default: "apart",
  summary: "the two ends on different harts (where there are two), or on the same one",
};

/** So many guests of one kind for each hart, all counted, without channels. */
function independent(harts: number, guestsPerHart: string, image: ImageName, bootArguments: (index: number) => string): Layout {
  const guests = Array.from({ length: harts * Number(guestsPerHart) }, (_, index): Guest => ({
    name: `${image}-${index}`, image, bootArguments: bootArguments(index), hart: index % harts, counted: true,
  }));
  return { guests, channels: [] };
}

/** Pairs of guests with a channel between them, as many as keep every hart busy; `counted` is the end whose units count. */
function pairs(harts: number, together: boolean, mode: string, counted: 0 | 1, windowBytes: number): Layout {
  const count = together ? harts : Math.ceil(harts / 2);
  const hartOf = (pair: number, end: number) => (together ? pair : Math.min(2 * pair + end, harts - 1));
  return {
    guests: Array.from({ length: 2 * count }, (_, index): Guest => {
      const pair = index >> 1;
      const end = index & 1;
      return {
        name: `${mode}-${pair}-${end}`, image: "channel", bootArguments: `mode=${mode}`,
        hart: hartOf(pair, end), counted: end === counted,
      };
    }),
    channels: Array.from({ length: count }, (_, pair) => (
      { name: `${mode}-${pair}`, ends: [2 * pair, 2 * pair + 1] as const, windowBytes })),
  };
}

/** Routers on a hart each, with a pair of ports each. */
function routers(count: number, value: (parameter: string) => string): Layout {
  const ports = Array.from({ length: count * PORTS_OF_A_ROUTER }, (_, port) => port);
  return {
    guests: Array.from({ length: count }, (_, index): Guest => ({
      name: `forward-${index}`, image: "forward", bootArguments: `${filterWords(value)} port=${index * PORTS_OF_A_ROUTER}`,
      memoryBytes: NETWORK_MEMORY_BYTES, hart: index, counted: true,
    })),
    channels: [],
    nics: ports.map((port) => ({ port, owner: Math.floor(port / PORTS_OF_A_ROUTER) })),
    traffic: trafficOf(value, ports),
  };
}

/** Guests that page by themselves. */
function paging(mode: string, summary: string, unit: string, unitDigest: bigint): Workload {
  return {
    name: `paging-${mode}`, summary, unit, unitDigest, standardInterface: true,
    parameters: { guests: perHart(1) },
    layout: (harts, value) => independent(harts, value("guests"), "paging", () => `mode=${mode}`),
  };
}

/** Firewall, inspection and translation of addresses: one chain, from port 0 to port 1. */
function pipeline(harts: number, together: boolean, value: (parameter: string) => string): Layout {
  const roles = [
    { role: "firewall", bootArguments: `role=firewall ${filterWords(value)}`, hart: 0 },
    { role: "inspection", bootArguments: "role=inspection", hart: 1 },
    { role: "translation", bootArguments: "role=translation port=1", hart: 2 },
  ];
  return {
    guests: roles.map(({ role, bootArguments, hart }, index): Guest => ({
      name: role, image: "pipeline", bootArguments, memoryBytes: NETWORK_MEMORY_BYTES,
      hart: together ? 0 : hart % harts, counted: index === roles.length - 1,
    })),
    channels: [
      { name: "allowed", ends: [0, 1], windowBytes: LINK_WINDOW_BYTES },
      { name: "inspected", ends: [1, 2], windowBytes: LINK_WINDOW_BYTES },
    ],
    nics: [{ port: 0, owner: 0 }, { port: 1, owner: roles.length - 1 }],
    traffic: { ...trafficOf(value, [0]), patterns: true },
  };
}

function compute(kernel: string, summary: string, unit: string, unitDigest: bigint): Workload {
  return {
    name: `compute-${kernel}`, summary, unit, unitDigest, standardInterface: true,
    parameters: { guests: perHart(1) },
    layout: (harts, value) => independent(harts, value("guests"), "compute", () => `kernel=${kernel}`),
  };
}

export const CATALOGUE: readonly Workload[] = [
  compute("hash", "SHA-256: dependent 32-bit rotations and additions", "4 KiB hashed", 0x9d5c_4c1b_f20f_4ca0n),
  compute("sort", "quicksort: unpredictable branches", "4096 random words sorted", 0x659d_f9cc_650b_8cd6n),
  compute("search", "binary search tree: loads that decide branches", "2048 insertions and 4096 look-ups", 0x906c_a43e_dd23_1a91n),
  compute("matrix", "integer matrix product: regular loops and strided loads", "a product of two 40 by 40 matrices", 0xee97_66d3_85b7_830an),
  compute("chase", "pointer chasing through 256 KiB: load latency", "16 rounds through 4096 nodes", 0x9c5e_4e87_9f90_e29bn),
  compute("state", "lexer: a state machine driven by a jump table", "8 KiB of text taken apart", 0x7a99_1a88_36d0_68d1n),
  compute("list", "linked list: merge sort, reversal, searches", "1024 nodes sorted, 64 searches", 0xf8d7_8e53_1d0e_9d2an),
  compute("queens", "recursion: calls and returns", "nine queens, all 352 solutions", 0x1d8f_0407_ab40_a074n),
  {
    name: "hypercall-base", summary: "calls that the engine answers at once: the price of an exit",
    unit: "100 calls of SBI BASE get_spec_version", unitDigest: 0xdfd2_aae0_071b_9519n, standardInterface: true,
    histogram: "one call (with latency=1)",
    parameters: {
      guests: perHart(1),
      latency: { kind: "choice", values: ["0", "1"], default: "0", summary: "1: time every call" },
    },
    layout: (harts, value) => independent(harts, value("guests"), "hypercall", () => `call=base latency=${value("latency")}`),
  },
  {
    name: "hypercall-yield", summary: "guests on one hart that hand it to each other: the price of a world switch",
    unit: "100 yields", unitDigest: 0xdfd2_aae0_071b_9519n, standardInterface: false,
    histogram: "one yield, until the guest runs again (with latency=1)",
    parameters: {
      guests: perHart(2),
      latency: { kind: "choice", values: ["0", "1"], default: "0", summary: "1: time every call" },
    },
    layout: (harts, value) => independent(harts, value("guests"), "hypercall", () => `call=yield latency=${value("latency")}`),
  },
  {
    name: "timer", summary: "timer interrupts taken out of WFI", unit: "one timer interrupt", unitDigest: 0xf4c9_8fd6_8f55_81fan,
    standardInterface: true, histogram: "from the deadline to the handler",
    parameters: {
      guests: perHart(1),
      ahead: { kind: "number", minimum: 1, maximum: 1_000_000, default: "20", summary: "microseconds from setting the timer to its deadline" },
    },
    layout: (harts, value) => independent(harts, value("guests"), "timer", () => `ahead=${value("ahead")}`),
  },
  {
    name: "channel-pingpong", summary: "request and reply between two guests, each with a ring of the doorbell",
    unit: "one round trip", unitDigest: 0x37be_58e8_d721_3bbcn, standardInterface: false, histogram: "one round trip",
    parameters: { placement },
    layout: (harts, value) => pairs(harts, value("placement") === "together", "pingpong", 0, PAGE_BYTES),
  },
  {
    name: "channel-stream", summary: "64-byte messages through a ring in shared memory; the doorbell only for a peer that sleeps",
    unit: "64 messages received and checked", unitDigest: 0xfc5f_154e_ed4f_2b36n, standardInterface: false,
    parameters: { placement },
    layout: (harts, value) => pairs(harts, value("placement") === "together", "stream", 1, STREAM_WINDOW_BYTES),
  },
  {
    name: "contend", summary: "guests that all use one hypervisor service, with computation between",
    unit: "one channel_notify and one channel_pending", unitDigest: 0xf4c9_8fd6_8f55_81fan, standardInterface: false,
    histogram: "both calls",
    parameters: {
      guests: perHart(1),
      think: { kind: "number", minimum: 0, maximum: 1_000_000_000, default: "0", summary: "guest instructions between two uses of the service, on average: from half to one and a half of it" },
      between: { kind: "number", minimum: 0, maximum: 1_000_000_000, default: "0", summary: "guest instructions between the two calls of one use" },
    },
    layout: (harts, value) => {
      const { guests } = independent(harts, value("guests"), "contend", (index) => `think=${value("think")} between=${value("between")} seed=${index}`);
      const channels = guests.map(({ name }, index) => ({ name, ends: [index, index] as const, windowBytes: PAGE_BYTES }));
      return { guests, channels };
    },
  },
  {
    name: "ipi", summary: "an interrupt from one vCPU of a guest to another, and one back", unit: "one round trip",
    unitDigest: 0x37be_58e8_d721_3bbcn, standardInterface: true, histogram: "one round trip",
    parameters: {
      pairs: { kind: "number", minimum: 1, maximum: 16, default: "1", summary: "guests of two vCPUs in the machine" },
    },
    layout: (harts, value) => ({
      guests: Array.from({ length: Number(value("pairs")) }, (_, index): Guest => ({
        name: `ipi-${index}`, image: "ipi", bootArguments: "", vcpus: 2, hart: index % harts, counted: true,
      })),
      channels: [],
    }),
  },
  {
    name: "smp-guest", summary: "vCPUs of one guest that share a spinlock: what it costs when its holder is preempted",
    unit: "one turn with what the lock protects", unitDigest: 0x5692_161d_100b_05e5n, standardInterface: true,
    histogram: "waiting for the lock",
    parameters: {
      vcpus: { kind: "number", minimum: 1, maximum: 8, default: "2", summary: `vCPUs for each hart, ${MOST_VCPUS} in all at most` },
      lock: { kind: "choice", values: ["test-and-set", "ticket"], default: "test-and-set", summary: "the guest's spinlock: who is first takes it, or who came first" },
      think: { kind: "number", minimum: 0, maximum: 1_000_000_000, default: "2000", summary: "guest instructions between two turns" },
    },
    layout: (harts, value) => ({
      guests: [{
        name: "smp-guest", image: "smp-guest", bootArguments: `lock=${value("lock")} think=${value("think")}`,
        vcpus: Math.min(harts * Number(value("vcpus")), MOST_VCPUS), hart: 0, counted: true,
      }],
      channels: [],
    }),
  },
  {
    name: "legacy", summary: "uniprocessor guests with bursty, uneven load that know nothing of a second core",
    unit: "one quantum of computation (2048 dependent steps)", unitDigest: 0xb9ff_48e7_7ed9_ae2dn, standardInterface: true,
    parameters: { guests: perHart(2) },
    layout: (harts, value) => independent(harts, value("guests"), "legacy", (index) => `seed=${index}`),
  },
  paging("switch", "address spaces that a guest switches between, with different memory at the same addresses", "512 switches, 4 pages touched after each", 0x95af_155a_0ec7_c30en),
  paging("fault", "page faults that a guest takes: demand mapping, copy on write, protection upgrades", "84 page faults, in the life of a process and its fork", 0x78b9_0d36_348c_ee9en),
  paging("walk", "a working set of more pages than translations are kept of", "4096 loads, each from another page", 0x42f4_c6ff_6c0e_9703n),
  {
    name: "forward", summary: "a router with two ports and a packet filter for each of two harts; every frame that leaves is checked",
    unit: "one packet forwarded", unitDigest: 0n, standardInterface: true,
    parameters: { ...TRAFFIC_PARAMETERS, ...FILTER_PARAMETERS },
    layout: (harts, value) => routers(Math.min(harts, MAXIMUM_ROUTERS), value),
  },
  {
    name: "pipeline", summary: "firewall, inspection for patterns and address translation: three guests in a chain over channels, one way",
    unit: "one packet forwarded", unitDigest: 0n, standardInterface: false,
    parameters: {
      ...TRAFFIC_PARAMETERS, ...FILTER_PARAMETERS,
      placement: { kind: "choice", values: ["apart", "together"], default: "apart", summary: "the guests on different harts (as far as there are), or all on one" },
    },
    layout: (harts, value) => pipeline(harts, value("placement") === "together", value),
  },
];
