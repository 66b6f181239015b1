// Every metric a row can carry: unit, which way is better, how exact it is, and what it means.
// The wall clock's figures are `noisy`; the model clock's, and what is counted from sources, are `exact`.

import { FIFO_FRAMES, LATENCY_LOAD, TRIAL } from "../traffic/rules-of-measuring.ts";

export const DIRECTIONS = ["higher", "lower", "none"] as const;
export const CLASSES = ["exact", "noisy"] as const;

export const CLOCKS = ["wall", "model"] as const;
export type ClockName = (typeof CLOCKS)[number];

interface MetricDescription {
  readonly unit: string;
  /** Under the model clock, where that differs. */
  readonly modelUnit?: string;
  readonly direction: (typeof DIRECTIONS)[number];
  /** Under the wall clock. */
  readonly class: (typeof CLASSES)[number];
  readonly doc: string;
}

const PACKET_LOAD = `Frames per second that arrived at each port while their latency was measured: ${100 * LATENCY_LOAD} % of those that arrived at the highest \`packet-rate\`, or the parameter \`rate\`.`;

const ZERO_LOSS = `Highest rate of arrivals at each port without loss, by binary search as in RFC 2544, section 26.1. A trial is ${TRIAL.milliseconds} ms of frames at a constant rate on the warm machine, then ${TRIAL.drainMilliseconds} ms or more without any until nothing departs; tolerance: no frame lost. A rate passes when one of ${TRIAL.tries} trials does, since this host can only add loss. ${TRIAL.steps} steps from the highest \`packet-rate\` down to 1/${2 ** TRIAL.steps} of it, which is the resolution; the rate found is confirmed by a trial of ${TRIAL.confirmation * TRIAL.milliseconds} ms, or the next lower one is. A millisecond of the model clock has 10^6 cycles. A port holds ${FIFO_FRAMES} frames that wait for buffers.`;

export const METRICS = {
  throughput: {
    unit: "units/s", modelUnit: "units/Mcycle", direction: "higher", class: "noisy",
    doc: "Units of work done by all guests (or by the guest named in `subject`), per second of run window (wall) or per million cycles (model). Under the wall clock the window is timed inside the harts' threads, from the first that starts to the last that stops. Under the model clock, single guests have rows only where they are few.",
  },
  overhead: {
    unit: "%", direction: "lower", class: "noisy",
    doc: "Throughput lost against the same guest alone on `bare`, times the guests: 100 · (1 − T / (T_bare · VMs)). Only where every vCPU can have a hart to itself. Negative when the engine is faster. Contaminated where the baseline is. The interval is the engine's own, at the baseline's median.",
  },
  "latency-p50": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "Median of the events guests timed, from a histogram of every event; buckets are at most 1/16 wide. The guest's two reads of `cycle` are included." },
  "latency-p90": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "90th percentile of the same." },
  "latency-p99": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "99th percentile of the same." },
  "latency-p99.9": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "99.9th percentile of the same." },
  "latency-max": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "Largest of the same." },
  "exits-per-unit": { unit: "exits/unit", direction: "lower", class: "noisy", doc: "Traps that left the guests for the engine, per unit of work; `subject` names the cause, or is empty for all." },
  "world-switches": { unit: "switches/s", modelUnit: "switches/Mcycle", direction: "none", class: "noisy", doc: "Changes of the vCPU a hart runs, per second or million cycles, all harts together." },
  fairness: { unit: "index", direction: "higher", class: "noisy", doc: "Jain's index over CPU time received against the share due: 1 is fair, 1/n is all to one of n." },
  "worst-slowdown": { unit: "ratio", direction: "lower", class: "noisy", doc: "Mean throughput of the guests that do the same work with the same share, over the throughput of the slowest of them. 1 is even." },
  "cpu-to-wall": { unit: "ratio", direction: "higher", class: "noisy", doc: "CPU time the harts' threads received over the time they wanted to run (window less idle time). Below 0.8 the host took the CPU away and the figure is contaminated." },
  "lock-acquisitions": { unit: "1/unit", direction: "lower", class: "noisy", doc: "Acquisitions of the lock in `subject`, per unit of work. Under the model clock, numbered locks of one name are one subject: `run-queue[*]`." },
  "lock-contended": { unit: "%", direction: "lower", class: "noisy", doc: "Acquisitions that found the lock held." },
  "lock-handovers": { unit: "%", direction: "lower", class: "noisy", doc: "Acquisitions by another hart than the one before." },
  "lock-waiting": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "Mean waiting time per acquisition (wall clock: timing pass only)." },
  "lock-waiting-max": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "Longest wait since the machine started (wall clock: timing pass only)." },
  "lock-holding": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "Mean holding time per acquisition (wall clock: timing pass only)." },
  "lock-holding-max": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "Longest holding since the machine started (wall clock: timing pass only)." },
  "lock-waiting-p50": { unit: "cycles", direction: "lower", class: "exact", doc: "Median of every wait for the lock, those that found it free included, from a histogram with buckets at most 1/16 wide (model clock only)." },
  "lock-waiting-p99": { unit: "cycles", direction: "lower", class: "exact", doc: "99th percentile of the same (model clock only)." },
  "lock-holding-p50": { unit: "cycles", direction: "lower", class: "exact", doc: "Median of every holding of the lock (model clock only)." },
  "lock-holding-p99": { unit: "cycles", direction: "lower", class: "exact", doc: "99th percentile of the same (model clock only)." },
  "cycles-guest": { unit: "%", direction: "higher", class: "exact", doc: "Part of all harts' cycles of the window in which guests executed (model clock only)." },
  "cycles-engine": { unit: "%", direction: "lower", class: "exact", doc: "Part in which the engine worked, traps and world switches included (model clock only)." },
  "cycles-waiting": { unit: "%", direction: "lower", class: "exact", doc: "Part in which harts waited for locks of the engine (model clock only)." },
  "cycles-idle": { unit: "%", direction: "none", class: "exact", doc: "Part in which harts waited for an interrupt (model clock only)." },
  "probe-cost": { unit: "ns", direction: "lower", class: "noisy", doc: "Cost of one clock reading, measured in a hart's thread before the run; the timing pass takes two readings around every wait and every hold." },
  "packet-rate": { unit: "packets/s", modelUnit: "packets/Mcycle", direction: "higher", class: "noisy", doc: "Frames that departed from the machine's ports and were right, per second of run window. Unless the parameter `rate` says otherwise, the next frame arrives whenever the guest has a buffer for one, so that this is the most it forwards." },
  "packet-load": { unit: "packets/s", modelUnit: "packets/Mcycle", direction: "none", class: "noisy", doc: PACKET_LOAD },
  "packet-latency-p50": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "Median time of a frame from its scheduled arrival at a port, before the port's FIFO, to its departure from another, under `packet-load`, from a histogram of every frame; buckets are at most 1/16 wide. The machine looks after a port at least every 4 µs while its guest runs, as a NIC that moderates its interrupts." },
  "packet-latency-p90": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "90th percentile of the same." },
  "packet-latency-p99": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "99th percentile of the same." },
  "packet-latency-p99.9": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "99.9th percentile of the same." },
  "packet-latency-max": { unit: "ns", modelUnit: "cycles", direction: "lower", class: "noisy", doc: "Largest of the same." },
  "packet-loss": { unit: "%", direction: "lower", class: "noisy", doc: "Frames to be forwarded that arrived under `packet-load` and did not depart." },
  "zero-loss-rate": { unit: "packets/s", modelUnit: "packets/Mcycle", direction: "higher", class: "noisy", doc: ZERO_LOSS },
  "copies-per-packet": { unit: "copies/packet", direction: "lower", class: "noisy", doc: "Times that the engine copied a frame's contents, per frame that departed; 0 where ports are passed through. Copies by guests and by the network ports themselves do not count." },
  "device-time": { unit: "%", direction: "none", class: "noisy", doc: "Part of the harts' time that this host's threads spent in the models of devices, which real ones would do beside the core (wall clock only)." },
  "tcb-modules": { unit: "modules", direction: "lower", class: "exact", doc: "Source modules reachable from the engine's entry point outside engines/machine." },
  "tcb-lines": { unit: "lines", direction: "lower", class: "exact", doc: "Source lines of them that carry code (comments, blank lines and types removed)." },
  "tcb-statements": { unit: "statements", direction: "lower", class: "exact", doc: "Statements in them." },
  "tcb-bytes": { unit: "bytes", direction: "lower", class: "exact", doc: "Bytes of them, tree-shaken and minified." },
  "tcb-guest-bytes": { unit: "bytes", direction: "lower", class: "exact", doc: "Code and initialised data of the guests of the case that the engine has to trust." },
  "tcb-lock-sites": { unit: "sites", direction: "lower", class: "exact", doc: "Places in the source that take a lock." },
  "tcb-entry-points": { unit: "entries", direction: "lower", class: "exact", doc: "What a guest can call or run into: SBI extensions and functions, and causes of traps, that the engine decides on, each once." },
  "tcb-shared-words": { unit: "words", direction: "lower", class: "exact", doc: "32-bit words of mutable state that more than one hart reaches." },
  isolation: {
    unit: "outcome", direction: "lower", class: "exact",
    doc: "What became of an attack (`workload`), observed from outside: 0 contained; 1 degraded: nothing was reached, but an honest guest received less than 95 % of its share, or did its work 5 % or more slower than beside a neighbour that only computes; 2 escaped: `isolation-reached` says what was reached. The row has failed where the engine claims to stop it and did not, and where an engine whose guests are its peers stops what a peer gets through.",
  },
  "isolation-reached": {
    unit: "count", direction: "lower", class: "exact",
    doc: "What an attack reached, by `subject`: bytes of another guest's secret that the hostile guest has, or that are on the machine's disk, wire or console; words of 8 bytes of another guest or of the engine that it has changed, itself or by a device; privileged instructions that did not trap, calls that took memory of others (`accepted-calls`), honest guests that did no work any more (`held-guests`) or wrong work, or that ended (`wrong-guests`), and the engine itself where it ended (`ended-engine`).",
  },
  "isolation-share": {
    unit: "%", direction: "higher", class: "exact",
    doc: "Work of the honest computing guest that did least, in 30 periods of 1 ms, in percent of what it does on `bare` in the part of the time that is its share. Above 100 where it was given time that others did not use.",
  },
  "isolation-slowdown": {
    unit: "ratio", direction: "lower", class: "exact",
    doc: "Work of the honest guests of the kind in `subject` beside a neighbour that only computes, over their work beside the attack: the guest for which that is most. Absent where one did none.",
  },
  "isolation-latency-max": {
    unit: "cycles", direction: "lower", class: "exact",
    doc: "The latest that an honest guest was woken by its timer; `subject` is `neighbour` for the same guest beside a neighbour that only computes.",
  },
  "isolation-hostile-cpu": {
    unit: "%", direction: "lower", class: "exact",
    doc: "CPU time that hostile guests received together, by the engine's exact record, in percent of all harts' time; where they behave, what a neighbour received. Absent where the records were destroyed.",
  },
  "engine-heap": {
    unit: "bytes", direction: "lower", class: "exact",
    doc: "Memory that the engine allocates while it runs, by `subject`: its `size`, what is in use `before` the window and `after` it, and the `peak` until then. Absent where all state of the engine is static.",
  },
  "engine-heap-refused": { unit: "requests", direction: "lower", class: "exact", doc: "Requests of guests that the engine refused because its heap was full, since the machine started." },
  "isolation-rounds": { unit: "rounds", direction: "none", class: "exact", doc: "Rounds of the attack that hostile guests carried out." },
  "reach-memory": {
    unit: "bytes", direction: "lower", class: "exact",
    doc: "Physical memory that a guest can change, found by trying: it stores to the first word of every page by its physical address (in its own address space, where it has one), and from outside is seen which words have changed. `subject`: whose; its `own`, of other `guests`, of the `engine`, and the `rest`. In pages of 4,096 bytes, of which one word each was tried; `samples` pages. The row has failed where the engine claims memory isolation and a page is not the guest's own, and where an engine whose guests are its peers keeps a page of its own.",
  },
  "reach-registers": {
    unit: "registers", direction: "lower", class: "exact",
    doc: "Privileged registers that a guest can change, found by writing zeros, ones and a pattern to each by its physical address or number and looking at the machine's state: by `subject` the timers of all harts (ACLINT), their `software-interrupt`s, and those of the `interrupt-controller`, the `console` and another guest's `disk`; `csr` are the CSRs of M-mode and of the hypervisor. `samples` were tried, those included that nobody can change. The row has failed where the engine claims to keep its privileges and devices.",
  },
  "fault-containment": {
    unit: "%", direction: "higher", class: "exact",
    doc: "Single bits flipped in one guest (the general registers, the CSRs, the data or the code that it uses), each in a machine booted anew, that did no harm beyond that guest: no other guest ended, hung, did wrong work or had memory changed, and the engine went on on all its harts, with its invariants. `samples` faults; the interval is Wilson's, at 95 %. The row has failed where the engine claims that guests do not reach each other; rows with metric `case` then name each fault that got through.",
  },
  faults: {
    unit: "faults", direction: "none", class: "exact",
    doc: "How many faults of the campaign got how far, by `subject`: `masked` (no effect was seen), `guest` (that guest alone), `others`, `engine`; with what was seen behind it (it `ended`, the engine `restarted` it, it `hung` or went `wrong`; `memory` of others, the engine's `tables`, a `hart` lost), or with where the bit was in front of it.",
  },
  restarts: { unit: "restarts", direction: "none", class: "exact", doc: "Faults of a campaign with `restart=on` after which the guest had failed, and the engine started it again; it then did its work, and did it right." },
  "recovery-p50": { unit: "cycles", direction: "lower", class: "exact", doc: "Median time of a restart, from the guest's failure to its first instruction (`subject` is `instruction`), or to its first unit of work (`unit`; to within 1,000 cycles). The engine restores all of the guest's memory meanwhile, on the guest's own share of the CPU." },
  "recovery-max": { unit: "cycles", direction: "lower", class: "exact", doc: "The longest of the same." },
  case: { unit: "", direction: "none", class: "noisy", doc: "The row of a case that gave no figures: `status` and `reason` say why." },
} as const satisfies Record<string, MetricDescription>;

export type MetricName = keyof typeof METRICS;

/** What a row says of its metric. */
export function describeMetric(metric: MetricName, clock: ClockName): Pick<MetricDescription, "unit" | "direction" | "class"> {
  const { unit, modelUnit = unit, direction, class: kind }: MetricDescription = METRICS[metric];
  return clock === "wall" ? { unit, direction, class: kind } : { unit: modelUnit, direction, class: "exact" };
}
