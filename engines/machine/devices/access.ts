// The `device` import: every guest load or store that is not plain RAM. It reaches a device, lies across
// regions, or faults.

import { ACCESS } from "../core.ts";
import { CONTINUE, HART, LEAVE, REGION, REGION_BYTES, RIGHT } from "../layout.ts";
import { CAUSE } from "../hart/privileged.ts";
import { PAGE_BYTES, PAGE_OFFSET } from "../hart/mmu/sv39.ts";
import type { HartState } from "../hart/state.ts";
import { raise } from "../hart/trap.ts";
import type { Device } from "./device.ts";

const TRAP_VALUE = HART.trapValue >> 2;
const PC = HART.pc >> 2;
const ATTENTION_WORD = HART.attention >> 2;
const X = HART.x >> 2;
const PAGED = HART.paged >> 2;
const REGION_COUNT = HART.regionCount >> 2;
const REGIONS = HART.regions >> 2;
const REGION_WORDS = REGION_BYTES >> 2;
const HIGH_UNIT = 0x1_0000_0000;

/** Accesses by the harts of one thread. */
export class AccessUnit {
  readonly #devices: readonly Device[];
  /** The bytes of the access under way. */
  readonly #bytes = new Uint8Array(8);
  readonly #words = new Int32Array(this.#bytes.buffer);
  /** Where it lies: bytes before #split from #first, the others from #second. */
  #first = 0;
  #second = 0;
  #split = 0;

  /** `devices` by their DEVICE numbers. */
  constructor(devices: readonly Device[]) {
    this.#devices = devices;
  }

  /** Performs the access that HART.trapValue and `access` describe. Returns CONTINUE, or MOVED or LEAVE after a trap. */
  perform(state: HartState, access: number): number {
    const { block } = state;
    const low = block[TRAP_VALUE];
    const high = block[TRAP_VALUE + 1];
    // Exact below 2^53; what lies above is in no region either way.
    const address = (high >>> 0) * HIGH_UNIT + (low >>> 0);
    const bytes = 1 << (access & ACCESS.size);
    const atomic = (access & ACCESS.atomic) !== 0;
    const store = (access & ACCESS.store) !== 0;
    if (atomic && (low & (bytes - 1)) !== 0) {
      return raise(state, store ? CAUSE.storeMisaligned : CAUSE.loadMisaligned, low, high);
    }
    const rights = (store ? RIGHT.write : 0) | (store && !atomic ? 0 : RIGHT.read);
    this.#first = address;
    this.#split = bytes;
    if (block[PAGED] !== 0) {
      const answer = this.#translate(state, low, high, bytes, store);
      if (answer !== CONTINUE) return answer;
    }
    const region = find(state, this.#first, rights);
    if (region < 0) return this.#unmapped(state, store, low, high, 0);
    if (this.#split < bytes || this.#first - base(block, region) + bytes > length(block, region)) {
      for (let index = 1; index < bytes; index++) {
        if (find(state, this.#at(index), rights) < 0) return this.#unmapped(state, store, low, high, index);
      }
    }
    if ((block[region + (REGION.rights >> 2)] & RIGHT.device) !== 0) {
      if (this.#split < bytes) return this.#unsupported(state, store, low, high);
      return this.#device(state, region, access, this.#first, low, high);
    }
    // RAM takes atomic operations only where generated code performs them: within one region.
    if (atomic) return this.#unsupported(state, store, low, high);
    return this.#acrossRegions(state, access, low, high);
  }

  /** Finds where the access lies in (guest-)physical memory: in one page, or in two that need not be neighbours. */
  #translate(state: HartState, low: number, high: number, bytes: number, store: boolean): number {
    const { walker } = state.mmu;
    const right = store ? RIGHT.write : RIGHT.read;
    if (!walker.walk(low, high, right, "access")) return raise(state, walker.cause, low, high);
    const offset = low & PAGE_OFFSET;
    this.#first = walker.page * PAGE_BYTES + offset;
    if (offset + bytes <= PAGE_BYTES) return CONTINUE;
    this.#split = PAGE_BYTES - offset;
    const nextLow = (low + this.#split) | 0;
    const nextHigh = nextLow >>> 0 < low >>> 0 ? (high + 1) | 0 : high;
    if (!walker.walk(nextLow, nextHigh, right, "access")) return raise(state, walker.cause, nextLow, nextHigh);
    this.#second = walker.page * PAGE_BYTES;
    return CONTINUE;
  }

  /** Address of a byte of the access. */
  #at(index: number): number {
    return index < this.#split ? this.#first + index : this.#second + index - this.#split;
  }

  #device(state: HartState, region: number, access: number, address: number, low: number, high: number): number {
    const store = (access & ACCESS.store) !== 0;
    const bytes = 1 << (access & ACCESS.size);
    const offset = address - base(state.block, region);
    const device = this.#devices[state.block[region + (REGION.offset >> 2)]];
    if ((access & ACCESS.atomic) !== 0 || (low & (bytes - 1)) !== 0) return this.#unsupported(state, store, low, high);
    const register = X + 2 * ((access >> ACCESS.registerShift) & ACCESS.registerMask);
    state.model?.deviceAccessed();
    if (store) {
      if (!device.write(offset, bytes, state.block[register], state.block[register + 1], state.id)) return this.#unsupported(state, store, low, high);
      return accessed(state, access);
    }
    if (!device.read(offset, bytes, state.id)) return this.#unsupported(state, store, low, high);
    this.#writeRegister(state, access, device.low, device.high);
    return accessed(state, access);
  }

  /** A plain access whose bytes all exist, in RAM of more than one region: byte by byte. */
  #acrossRegions(state: HartState, access: number, low: number, high: number): number {
    const { block, memory } = state;
    const bytes = 1 << (access & ACCESS.size);
    const store = (access & ACCESS.store) !== 0;
    const rights = store ? RIGHT.write : RIGHT.read;
    const register = X + 2 * ((access >> ACCESS.registerShift) & ACCESS.registerMask);
    this.#words[0] = store ? block[register] : 0;
    this.#words[1] = store ? block[register + 1] : 0;
    for (let index = 0; index < bytes; index++) {
      const region = find(state, this.#at(index), rights);
      if ((block[region + (REGION.rights >> 2)] & RIGHT.device) !== 0) return this.#unsupported(state, store, low, high);
    }
    for (let index = 0; index < bytes; index++) {
      const region = find(state, this.#at(index), rights);
      const host = (block[region + (REGION.offset >> 2)] >>> 0) + this.#at(index) - base(block, region);
      if (store) memory.u8[host] = this.#bytes[index];
      else this.#bytes[index] = memory.u8[host];
    }
    if (!store) this.#writeRegister(state, access, this.#words[0], this.#words[1]);
    return CONTINUE;
  }

  /** Sign- or zero-extends what was read and writes it to the register. */
  #writeRegister(state: HartState, access: number, low: number, high: number): void {
    const number = (access >> ACCESS.registerShift) & ACCESS.registerMask;
    if (number === 0) return;
    const size = access & ACCESS.size;
    const register = X + 2 * number;
    const unsigned = (access & ACCESS.unsigned) !== 0;
    let value = low;
    if (size < 2) {
      const shift = size === 0 ? 24 : 16;
      value = unsigned ? (low << shift) >>> shift : (low << shift) >> shift;
    }
    state.block[register] = value;
    state.block[register + 1] = size === 3 ? high : unsigned ? 0 : value >> 31;
  }

  /** The byte `index` of the access is the first that no region maps with the rights asked for. */
  #unmapped(state: HartState, store: boolean, low: number, high: number, index: number): number {
    const faultLow = (low + index) | 0;
    const faultHigh = faultLow >>> 0 < low >>> 0 ? (high + 1) | 0 : high;
    const { walker } = state.mmu;
    const page = Math.floor(this.#at(index) / PAGE_BYTES);
    walker.failAt(page, this.#at(index) - page * PAGE_BYTES, store ? RIGHT.write : RIGHT.read);
    return raise(state, walker.cause, faultLow, faultHigh);
  }

  /** The address is mapped, but what lies there does not take this kind of access: an access fault. */
  #unsupported(state: HartState, store: boolean, low: number, high: number): number {
    return raise(state, store ? CAUSE.storeAccess : CAUSE.loadAccess, low, high);
  }
}

/** What the device did may end the slice: on the model clock, behind this instruction. */
function accessed(state: HartState, access: number): number {
  const { block } = state;
  if (state.model === null || block[ATTENTION_WORD] === 0) return CONTINUE;
  const bytes = access >> ACCESS.lengthShift;
  const low = (block[PC] + bytes) | 0;
  block[PC] = low;
  if (low >>> 0 < bytes) block[PC + 1] += 1;
  return LEAVE;
}

/** First word of the region that maps `address` with all of `rights`, or -1. */
function find(state: HartState, address: number, rights: number): number {
  const { block } = state;
  const count = block[REGION_COUNT];
  let region = REGIONS;
  for (let index = 0; index < count; index++, region += REGION_WORDS) {
    const within = address - base(block, region);
    if (within >= 0 && within < length(block, region) && (block[region + (REGION.rights >> 2)] & rights) === rights) return region;
  }
  return -1;
}

function base(block: Int32Array, region: number): number {
  const word = region + (REGION.base >> 2);
  return (block[word + 1] >>> 0) * HIGH_UNIT + (block[word] >>> 0);
}

function length(block: Int32Array, region: number): number {
  const word = region + (REGION.bytes >> 2);
  return (block[word + 1] >>> 0) * HIGH_UNIT + (block[word] >>> 0);
}
