// Memory as a program of the engine's own reaches it from user mode: the regions of its address space, where an
// address is the physical one. Whatever lies elsewhere raises a page fault, before anything is done.

import type { PhysicalAddress } from "../address.ts";
import { RIGHT } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import { CoreMemory } from "./core-memory.ts";
import { CAUSE } from "./privileged.ts";

/** Unwinds the program that faulted. Only whoever entered it catches it. */
export class UserFault extends Error {
  override readonly name = "UserFault";
  /** Of CAUSE. */
  readonly trap: number;
  readonly address: number;

  constructor(trap: number, address: number) {
    super("a program in user mode reached for what is not its own");
    this.trap = trap;
    this.address = address;
  }
}

const WORD = 4;
const NUMBER = 8;

export class UserMemory extends CoreMemory {
  readonly #memory: CoreMemory;
  /** Of each region: first address, the one behind the last, and RIGHT bits. */
  #regions: readonly number[] = [];

  /** Accesses are made by `core`, which pays for them. */
  constructor(memory: PhysicalMemory, core: CoreMemory) {
    super(memory);
    this.#memory = core;
  }

  /** What the program reaches from now on. */
  use(regions: readonly number[]): void {
    this.#regions = regions;
  }

  override load(address: PhysicalAddress): number {
    this.#check(address, WORD, RIGHT.read);
    return this.#memory.load(address);
  }

  override store(address: PhysicalAddress, value: number): void {
    this.#check(address, WORD, RIGHT.write);
    this.#memory.store(address, value);
  }

  override loadNumber(address: PhysicalAddress): number {
    this.#check(address, NUMBER, RIGHT.read);
    return this.#memory.loadNumber(address);
  }

  override storeNumber(address: PhysicalAddress, value: number): void {
    this.#check(address, NUMBER, RIGHT.write);
    this.#memory.storeNumber(address, value);
  }

  override loadByte(address: PhysicalAddress): number {
    this.#check(address, 1, RIGHT.read);
    return this.#memory.loadByte(address);
  }

  override storeByte(address: PhysicalAddress, value: number): void {
    this.#check(address, 1, RIGHT.write);
    this.#memory.storeByte(address, value);
  }

  override atomicLoad(address: PhysicalAddress): number {
    this.#check(address, WORD, RIGHT.read);
    return this.#memory.atomicLoad(address);
  }

  override atomicStore(address: PhysicalAddress, value: number): void {
    this.#check(address, WORD, RIGHT.write);
    this.#memory.atomicStore(address, value);
  }

  override add(address: PhysicalAddress, value: number): number {
    this.#check(address, WORD, RIGHT.write);
    return this.#memory.add(address, value);
  }

  override exchange(address: PhysicalAddress, value: number): number {
    this.#check(address, WORD, RIGHT.write);
    return this.#memory.exchange(address, value);
  }

  override compareExchange(address: PhysicalAddress, expected: number, value: number): number {
    this.#check(address, WORD, RIGHT.write);
    return this.#memory.compareExchange(address, expected, value);
  }

  override and(address: PhysicalAddress, value: number): number {
    this.#check(address, WORD, RIGHT.write);
    return this.#memory.and(address, value);
  }

  override or(address: PhysicalAddress, value: number): number {
    this.#check(address, WORD, RIGHT.write);
    return this.#memory.or(address, value);
  }

  override awaitEqual(address: PhysicalAddress, value: number): void {
    this.#check(address, WORD, RIGHT.read);
    this.#memory.awaitEqual(address, value);
  }

  override awaitOther(address: PhysicalAddress, value: number): number {
    this.#check(address, WORD, RIGHT.read);
    return this.#memory.awaitOther(address, value);
  }

  override awaitExchange(address: PhysicalAddress, value: number, wanted: number, longest: number): void {
    this.#check(address, WORD, RIGHT.write);
    this.#memory.awaitExchange(address, value, wanted, longest);
  }

  override copy(target: PhysicalAddress, source: PhysicalAddress, bytes: number): void {
    this.#check(source, bytes, RIGHT.read);
    this.#check(target, bytes, RIGHT.write);
    this.#memory.copy(target, source, bytes);
  }

  override fill(target: PhysicalAddress, value: number, bytes: number): void {
    this.#check(target, bytes, RIGHT.write);
    this.#memory.fill(target, value, bytes);
  }

  override write(target: PhysicalAddress, bytes: Uint8Array): void {
    this.#check(target, bytes.length, RIGHT.write);
    this.#memory.write(target, bytes);
  }

  /** Whether the program may access all of [address, address + bytes) so (a RIGHT). */
  reaches(address: PhysicalAddress, bytes: number, right: number): boolean {
    const first = address >>> 0;
    const regions = this.#regions;
    for (let region = 0; region < regions.length; region += 3) {
      if (first >= regions[region] && first + bytes <= regions[region + 1] && (regions[region + 2] & right) !== 0) return true;
    }
    return false;
  }

  #check(address: PhysicalAddress, bytes: number, right: number): void {
    if (this.reaches(address, bytes, right)) return;
    throw new UserFault(right === RIGHT.write ? CAUSE.storePage : CAUSE.loadPage, address >>> 0);
  }
}
