// The ring of operations of one hart of the fuzzing guest, written from outside: workloads/guests/fuzz/lane.h.

import { RAM_BASE } from "../../engines/machine/layout.ts";
import type { Operation, Result } from "./operation.ts";

const LANE = { begun: 0, given: 8, records: 4096 } as const;
export const LANE_RECORDS = 128;
const RECORD_BYTES = 512;
const LANE_BYTES = LANE.records + LANE_RECORDS * RECORD_BYTES;
const RECORD = {
  pc: 0, status: 256, satp: 264, enabled: 272, timer: 280, fence: 288, cause: 296, value: 312, a0: 320, a1: 328, code: 336,
} as const;
const EBREAK = 0x0010_0073;
export const CODE_HALVES = (RECORD_BYTES - RECORD.code - 4) / 2;

/** In the reserved words of its units page. */
const PLACES = { lanes: 0x38, next: 0x40, playground: 0x50 } as const;
export const PLAYGROUND_BYTES = 0x4_0000;

/** Where things are in the guest, as it sees them. */
export interface Places {
  readonly lanes: number;
  /** Where each hart can be started. */
  readonly next: readonly number[];
  readonly playground: number;
}

/** `page`: the guest's units page, in RAM as `ram` shows it. */
export function readPlaces(ram: DataView, page: number): Places {
  const word = (offset: number): number => Number(ram.getBigUint64(page + offset, true));
  return { lanes: word(PLACES.lanes), next: [word(PLACES.next), word(PLACES.next + 8)], playground: word(PLACES.playground) };
}

export class Lane {
  readonly #ram: DataView;
  /** Offset in RAM of what the guest sees at RAM_BASE, and of the lane. */
  readonly #base: number;
  readonly #at: number;
  readonly #places: Places;
  readonly #number: number;
  #given = 0;

  /** `base`: offset in `ram` of the guest's memory. */
  constructor(ram: DataView, base: number, places: Places, number: number) {
    this.#ram = ram;
    this.#base = base;
    this.#places = places;
    this.#number = number;
    this.#at = this.#host(places.lanes + number * LANE_BYTES);
  }

  get given(): number {
    return this.#given;
  }

  /** Operations that the hart has begun; undefined where the guest has overwritten that. */
  begun(): number | undefined {
    const begun = Number(this.#ram.getBigUint64(this.#at + LANE.begun, true));
    return begun <= this.#given && begun >= this.#given - LANE_RECORDS ? begun : undefined;
  }

  /** Where its code would lie that is given as the next operation. */
  codeAddress(): number {
    return this.#places.lanes + this.#number * LANE_BYTES + LANE.records + (this.#given % LANE_RECORDS) * RECORD_BYTES + RECORD.code;
  }

  give(operation: Operation): void {
    const at = this.#record(this.#given);
    const ram = this.#ram;
    const words = { pc: BigInt(this.codeAddress()), status: BigInt(operation.status), satp: operation.satp, enabled: BigInt(operation.enabled), timer: BigInt(operation.timer), fence: 1n };
    for (const [index, value] of operation.registers.entries()) ram.setBigUint64(at + 8 * (index + 1), value, true);
    for (const [field, value] of Object.entries(words)) ram.setBigUint64(at + RECORD[field as keyof typeof words], value, true);
    for (const field of ["cause", "value", "a0", "a1"] as const) ram.setBigUint64(at + RECORD[field], 0n, true);
    for (const [index, half] of operation.code.entries()) ram.setUint16(at + RECORD.code + 2 * index, half, true);
    const end = at + RECORD.code + 2 * operation.code.length;
    ram.setUint16(end, EBREAK & 0xffff, true);
    ram.setUint16(end + 2, EBREAK >>> 16, true);
    this.#given++;
    ram.setBigUint64(this.#at + LANE.given, BigInt(this.#given), true);
  }

  /** What came of operation `index`, which is over and not yet overwritten. */
  result(index: number): Result {
    const at = this.#record(index);
    const word = (field: number): bigint => this.#ram.getBigUint64(at + field, true);
    return { cause: word(RECORD.cause), value: word(RECORD.value), a0: word(RECORD.a0), a1: word(RECORD.a1) };
  }

  /** Writes bytes into the playground. */
  play(offset: number, bytes: Uint8Array): void {
    const at = this.#host(this.#places.playground) + offset;
    new Uint8Array(this.#ram.buffer, this.#ram.byteOffset + at, bytes.length).set(bytes);
  }

  #record(index: number): number {
    return this.#at + LANE.records + (index % LANE_RECORDS) * RECORD_BYTES;
  }

  #host(address: number): number {
    return this.#base + address - RAM_BASE;
  }
}
