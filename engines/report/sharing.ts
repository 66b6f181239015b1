// What harts share of engine state, field by field: for whoever counts it, never for an engine. A field that
// a layout gains does not compile before it is here.

import { type RING, RING_SLOTS } from "../channels/ring.ts";
import { type PIPE, PIPE_CAPACITY } from "../hosted/kernel/pipe-record.ts";
import type { LOCK, LOCK_NODE } from "../locks/record.ts";
import { CONTEXT_BYTES } from "../machine/hart/context.ts";
import type { QUEUE } from "../scheduler/queue.ts";
import type { VCPU } from "../vcpu/record.ts";
import { VM } from "../virtual-machine/record.ts";

/**
 * fixed: nobody writes it after boot. own: only the hart whose record it is reaches it. shared: some hart
 * writes it, and another writes or reads it.
 */
export type Sharing = "fixed" | "own" | "shared";

export interface FieldSharing {
  readonly sharing: Sharing;
  /** 32-bit words of the field. */
  readonly words: number;
}

export type RecordSharing = Readonly<Record<string, FieldSharing>>;
type SharingOf<Layout> = { readonly [Field in keyof Layout]: FieldSharing };

const fixed = (words: number): FieldSharing => ({ sharing: "fixed", words });
const own = (words: number): FieldSharing => ({ sharing: "own", words });
const shared = (words: number): FieldSharing => ({ sharing: "shared", words });
const WORD = 1;
const NUMBER = 2;

/** Of a virtual machine whose vCPUs any hart may run. */
export const VM_SHARING: SharingOf<typeof VM> = {
  state: shared(WORD), cause: shared(WORD), pc: shared(NUMBER), value: shared(NUMBER),
  ram: fixed(NUMBER), guestRam: fixed(NUMBER), ramBytes: fixed(NUMBER), unitsPage: shared(NUMBER),
  vcpus: fixed(WORD), vcpuCount: fixed(WORD), number: fixed(WORD), rung: shared(WORD), channelCount: fixed(WORD), failed: shared(WORD),
  channels: fixed((VM.secondStage - VM.channels) / 4), secondStage: fixed((VM.restored - VM.secondStage) / 4),
  // Under restart=on: of the hart that has its first vCPU.
  restored: own(NUMBER), restarts: own(WORD), failedAt: own(NUMBER), restartedAt: own(NUMBER),
};

/** Of a vCPU that any hart may run: its context moves with it. */
export const VCPU_SHARING: SharingOf<typeof VCPU> = {
  state: shared(WORD), vm: fixed(WORD), number: fixed(WORD), next: shared(WORD), queue: shared(WORD),
  pending: shared(WORD), standing: shared(WORD), budget: fixed(NUMBER), period: fixed(NUMBER),
  remaining: shared(NUMBER), deadline: shared(NUMBER), lastRun: shared(NUMBER), cpuTime: shared(NUMBER),
  timer: shared(NUMBER), fences: shared(WORD), fenceRequests: shared(WORD), fencesServed: shared(WORD),
  lastHart: shared(WORD), suspended: shared(WORD), context: shared(CONTEXT_BYTES / 4),
};

/** Of a run queue from which other harts pull. */
export const QUEUE_SHARING: SharingOf<typeof QUEUE> = {
  first: shared(WORD), current: shared(WORD), preempt: shared(WORD), waiting: shared(WORD),
  charged: own(WORD), turnStart: own(NUMBER), turnEnd: own(NUMBER), event: own(NUMBER), worldSwitches: own(NUMBER),
  frameStart: own(NUMBER), nextTick: own(NUMBER), sliceEnd: own(NUMBER),
};

export const LOCK_SHARING: SharingOf<typeof LOCK> = {
  word: shared(WORD), serving: shared(WORD), lastHolder: shared(WORD), acquisitions: shared(NUMBER),
  contended: shared(NUMBER), handovers: shared(NUMBER), waiting: shared(NUMBER), waitingMax: shared(NUMBER),
  holding: shared(NUMBER), holdingMax: shared(NUMBER),
};

export const LOCK_NODE_SHARING: SharingOf<typeof LOCK_NODE> = {
  next: shared(WORD), waits: shared(WORD), since: own(NUMBER),
};

/** Of a pipe between processes of a host's, but its lock. */
export const PIPE_SHARING: SharingOf<Omit<typeof PIPE, "lock">> = {
  reader: shared(WORD), writer: shared(WORD), readerWaits: shared(WORD), writerWaits: shared(WORD), first: shared(WORD), held: shared(WORD),
  ring: shared(PIPE_CAPACITY / 4),
};

export const RING_SHARING: SharingOf<typeof RING> = {
  head: shared(WORD), slots: shared(RING_SLOTS * WORD), tail: shared(WORD),
};

/** Words of one record that harts share. */
export function sharedWords(record: RecordSharing): number {
  return Object.values(record).reduce((sum, { sharing, words }) => sum + (sharing === "shared" ? words : 0), 0);
}
