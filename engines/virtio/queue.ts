// The device's side of a split virtqueue (2.7): chains out of the available ring, and into the used one.
// Nothing that the driver writes is trusted, and every word of it is read once.

import { Chain } from "./chain.ts";
import { locationAt, REFUSED, type DeviceWords, type DriverMemory, type Location } from "./device.ts";
import {
  AVAILABLE, AVAILABLE_ENTRY_BYTES, DESCRIPTOR, DESCRIPTOR_BYTES, DESCRIPTOR_FLAG, NO_INTERRUPT, NO_NOTIFY, USED, USED_ENTRY_BYTES,
} from "./numbers.ts";
import { QUEUE } from "./record.ts";

/** What take() found. */
export const TAKEN = { nothing: 0, chain: 1, /** The rings or the chain are not as the standard wants them. */ broken: 2 } as const;

const INDEX_MASK = 0xffff;
const AVAILABLE_BYTES = 6;
const USED_BYTES = 6;

export class Queue {
  /** The chain that take() found. */
  readonly chain: Chain;
  /** QueueNumMax. */
  readonly maximum: number;
  readonly #words: DeviceWords;
  readonly #memory: DriverMemory;
  readonly #record: number;

  /** `record`: offset of the QUEUE words. */
  constructor(words: DeviceWords, memory: DriverMemory, record: number, maximum: number) {
    this.chain = new Chain(maximum);
    this.maximum = maximum;
    this.#words = words;
    this.#memory = memory;
    this.#record = record;
  }

  isReady(): boolean {
    return this.#get(QUEUE.ready) !== 0;
  }

  /** QueueReady := 1. Answers false if the size is none, or the device cannot reach the rings. */
  enable(): boolean {
    const size = this.#get(QUEUE.size);
    if (size <= 0 || size > this.maximum || (size & (size - 1)) !== 0) return false;
    const descriptors = this.#area(QUEUE.descriptors, DESCRIPTOR_BYTES * size, 16, false);
    const available = this.#area(QUEUE.available, AVAILABLE_BYTES + AVAILABLE_ENTRY_BYTES * size, 2, false);
    const used = this.#area(QUEUE.used, USED_BYTES + USED_ENTRY_BYTES * size, 4, true);
    if (descriptors === REFUSED || available === REFUSED || used === REFUSED) return false;
    this.#set(QUEUE.descriptorsAt, descriptors);
    this.#set(QUEUE.availableAt, available);
    this.#set(QUEUE.usedAt, used);
    this.#set(QUEUE.taken, 0);
    this.#set(QUEUE.put, 0);
    this.#set(QUEUE.flags, 0);
    this.#set(QUEUE.ready, 1);
    return true;
  }

  disable(): void {
    this.#set(QUEUE.ready, 0);
  }

  /** Whether the driver has made chains available that are not taken. */
  hasAvailable(): boolean {
    return this.isReady() && this.#availableIndex() !== this.#get(QUEUE.taken);
  }

  /** Takes the next available chain into `chain`. */
  take(): number {
    if (!this.isReady()) return TAKEN.nothing;
    const taken = this.#get(QUEUE.taken);
    const waiting = (this.#availableIndex() - taken) & INDEX_MASK;
    if (waiting === 0) return TAKEN.nothing;
    const size = this.#get(QUEUE.size);
    if (waiting > size) return TAKEN.broken;
    const entry = AVAILABLE.ring + AVAILABLE_ENTRY_BYTES * (taken & (size - 1));
    const at = locationAt(this.#get(QUEUE.availableAt) as Location, entry);
    const head = half(this.#memory.load(wordOf(at)), at);
    if (!this.#read(head, size)) return TAKEN.broken;
    this.#set(QUEUE.taken, (taken + 1) & INDEX_MASK);
    return TAKEN.chain;
  }

  /** Leaves the chain taken last to be taken again. */
  giveBack(): void {
    this.#set(QUEUE.taken, (this.#get(QUEUE.taken) - 1) & INDEX_MASK);
  }

  /** Puts the chain taken last into the used ring, with `bytes` written to it. The driver sees it after publish(). */
  put(bytes: number): void {
    const put = this.#get(QUEUE.put);
    const entry = USED.ring + USED_ENTRY_BYTES * (put & (this.#get(QUEUE.size) - 1));
    const at = locationAt(this.#get(QUEUE.usedAt) as Location, entry);
    this.#memory.store(at, this.chain.head);
    this.#memory.store(locationAt(at, 4), bytes);
    this.#set(QUEUE.put, (put + 1) & INDEX_MASK);
  }

  /** Shows the driver what has been put. Answers whether it wants an interrupt for that. */
  publish(): boolean {
    this.#memory.atomicStore(this.#get(QUEUE.usedAt) as Location, this.#get(QUEUE.flags) | (this.#get(QUEUE.put) << 16));
    return (this.#half(locationAt(this.#get(QUEUE.availableAt) as Location, AVAILABLE.flags)) & NO_INTERRUPT) === 0;
  }

  /** Asks the driver to notify, or not to. Whoever asks again must then look at the ring once more. */
  wantNotifications(wanted: boolean): void {
    const flags = wanted ? 0 : NO_NOTIFY;
    if (!this.isReady() || this.#get(QUEUE.flags) === flags) return;
    this.#set(QUEUE.flags, flags);
    this.#memory.atomicStore(this.#get(QUEUE.usedAt) as Location, flags | (this.#get(QUEUE.put) << 16));
  }

  /** Reads the chain that begins at descriptor `head`. */
  #read(head: number, size: number): boolean {
    const { chain } = this;
    const memory = this.#memory;
    const table = this.#get(QUEUE.descriptorsAt) as Location;
    chain.begin(head);
    let index = head;
    for (;;) {
      // A chain is no longer than the queue (2.7.5.3.1), so one that loops ends here.
      if (index >= size || chain.buffers === size) return false;
      const at = locationAt(table, DESCRIPTOR_BYTES * index);
      const low = memory.load(locationAt(at, DESCRIPTOR.address));
      const high = memory.load(locationAt(at, DESCRIPTOR.address + 4));
      const bytes = memory.load(locationAt(at, DESCRIPTOR.bytes));
      const flagsAndNext = memory.load(locationAt(at, DESCRIPTOR.flagsAndNext));
      // VIRTIO_F_INDIRECT_DESC is not offered; no memory has 2^31 bytes in a row; empty buffers mean nothing.
      if ((flagsAndNext & DESCRIPTOR_FLAG.indirect) !== 0 || bytes <= 0) return false;
      const writes = (flagsAndNext & DESCRIPTOR_FLAG.write) !== 0;
      const buffer = memory.resolve(low, high, bytes, writes);
      if (buffer === REFUSED || !chain.append(buffer, bytes, writes)) return false;
      if ((flagsAndNext & DESCRIPTOR_FLAG.next) === 0) return true;
      index = flagsAndNext >>> 16;
    }
  }

  #availableIndex(): number {
    return this.#half(locationAt(this.#get(QUEUE.availableAt) as Location, AVAILABLE.index));
  }

  /** A 16-bit number of the available ring that the driver may be writing. */
  #half(at: Location): number {
    return half(this.#memory.atomicLoad(wordOf(at)), at);
  }

  #area(address: number, bytes: number, alignment: number, writes: boolean): Location {
    const low = this.#get(address);
    if ((low & (alignment - 1)) !== 0) return REFUSED;
    return this.#memory.resolve(low, this.#get(address + 4), bytes, writes);
  }

  #get(field: number): number {
    return this.#words.load(this.#record + field);
  }

  #set(field: number, value: number): void {
    this.#words.store(this.#record + field, value);
  }
}

/** The word that holds the 16-bit number at `at`, and that number. */
function wordOf(at: Location): Location {
  return (at & ~3) as Location;
}

function half(word: number, at: Location): number {
  return (word >>> ((at & 2) << 3)) & INDEX_MASK;
}
