// The machine's memory: one shared WebAssembly.Memory that holds hardware state and RAM.

import type { HostOffset, PhysicalAddress } from "./address.ts";
import {
  HART_BLOCK_BYTES, HART_BLOCKS_OFFSET, MAXIMUM_HARTS, RAM_BASE, THREAD_AREA_BYTES, THREAD_AREAS_OFFSET,
} from "./layout.ts";

const WASM_PAGE = 0x1_0000;
const MAXIMUM_PAGES = 0x1_0000;

/** What a thread needs to reach the same machine: structured-cloneable. */
export interface MemoryHandle {
  readonly wasm: WebAssembly.Memory;
  readonly ramOffset: number;
  readonly ramBytes: number;
  readonly threads: number;
}

export class PhysicalMemory {
  readonly wasm: WebAssembly.Memory;
  readonly ramOffset: HostOffset;
  readonly ramBytes: number;
  readonly threads: number;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;

  /** Allocates a machine with `ramBytes` of RAM (a multiple of 64 KiB) used by `threads` threads, whose devices hold
   *  `deviceBytes`. */
  static create(ramBytes: number, threads: number, deviceBytes = 0): PhysicalMemory {
    const ramOffset = THREAD_AREAS_OFFSET + threads * THREAD_AREA_BYTES + Math.ceil(deviceBytes / WASM_PAGE) * WASM_PAGE;
    const pages = Math.ceil((ramOffset + ramBytes) / WASM_PAGE);
    if (pages > MAXIMUM_PAGES) {
      throw new RangeError(`${ramBytes} bytes of RAM do not fit the 4 GiB of a WebAssembly memory`);
    }
    const wasm = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    return new PhysicalMemory({ wasm, ramOffset, ramBytes, threads });
  }

  constructor(handle: MemoryHandle) {
    this.wasm = handle.wasm;
    this.ramOffset = handle.ramOffset as HostOffset;
    this.ramBytes = handle.ramBytes;
    this.threads = handle.threads;
    this.i32 = new Int32Array(this.wasm.buffer);
    this.u8 = new Uint8Array(this.wasm.buffer);
  }

  handle(): MemoryHandle {
    return { wasm: this.wasm, ramOffset: this.ramOffset, ramBytes: this.ramBytes, threads: this.threads };
  }

  /** Host offset of what the devices hold. */
  deviceArea(): HostOffset {
    return (THREAD_AREAS_OFFSET + this.threads * THREAD_AREA_BYTES) as HostOffset;
  }

  /** Host offset of a physical RAM address. The caller has checked that it lies in RAM. */
  offset(address: PhysicalAddress): HostOffset {
    return (address - RAM_BASE + this.ramOffset) as HostOffset;
  }

  /** Whether [address, address + bytes) is RAM. */
  contains(address: number, bytes: number): boolean {
    return address >= RAM_BASE && bytes >= 0 && address + bytes <= RAM_BASE + this.ramBytes;
  }
}

/** Host offset of hart `id`'s block. */
export function hartBlock(id: number): HostOffset {
  if (id < 0 || id >= MAXIMUM_HARTS) throw new RangeError(`hart ${id} is not one of 0..${MAXIMUM_HARTS - 1}`);
  return (HART_BLOCKS_OFFSET + id * HART_BLOCK_BYTES) as HostOffset;
}

/** Host offset of thread `index`'s area. */
export function threadArea(index: number): HostOffset {
  return (THREAD_AREAS_OFFSET + index * THREAD_AREA_BYTES) as HostOffset;
}
