// A fixed table of windows in a major frame that repeats (as ARINC 653 partition scheduling).
// A window belongs to one vCPU; what it does not use of it, the hart idles away.

import type { Cycles, PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import { field, loadAddress, NONE } from "../state/words.ts";
import { VCPU } from "../vcpu/record.ts";
import { CHARGED, firstMember, nextMember, QUEUE, runs } from "./queue.ts";
import type { Scheduler } from "./scheduler.ts";

export const TABLE = { frame: 0x0, count: 0x8, windows: 0x10 } as const;
export const WINDOW = { end: 0x0, vcpu: 0x8 } as const;
export const WINDOW_BYTES = 0x10;

export function tableBytes(windows: number): number {
  return TABLE.windows + windows * WINDOW_BYTES;
}

export class TableScheduler implements Scheduler {
  readonly #table: PhysicalAddress;

  constructor(table: PhysicalAddress) {
    this.#table = table;
  }

  /**
   * Lays out the table: a frame as long as the longest period, in it one window for each member of the
   * queue, which has the part of the frame that its budget is of its period. Answers by how many cycles
   * the windows exceed the frame: if that is above 0, the table cannot be used.
   */
  build(memory: CoreMemory, queue: PhysicalAddress): number {
    let frame = 0;
    for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      frame = Math.max(frame, memory.loadNumber(field(vcpu, VCPU.period)));
    }
    let end = 0;
    let count = 0;
    for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
      const budget = memory.loadNumber(field(vcpu, VCPU.budget));
      end += (budget * frame) / memory.loadNumber(field(vcpu, VCPU.period));
      const window = this.#window(count++);
      memory.storeNumber(field(window, WINDOW.end), end);
      memory.store(field(window, WINDOW.vcpu), vcpu);
    }
    memory.storeNumber(field(this.#table, TABLE.frame), frame);
    memory.store(field(this.#table, TABLE.count), count);
    return end - frame;
  }

  start(memory: CoreMemory, queue: PhysicalAddress, now: Cycles): void {
    memory.storeNumber(field(queue, QUEUE.frameStart), now);
  }

  wake(): void {
    // The table alone says when it runs.
  }

  hasTime(): boolean {
    return false;
  }

  pick(memory: CoreMemory, queue: PhysicalAddress, now: Cycles): PhysicalAddress {
    const frame = memory.loadNumber(field(this.#table, TABLE.frame));
    const count = memory.load(field(this.#table, TABLE.count));
    let start = memory.loadNumber(field(queue, QUEUE.frameStart));
    if (now - start >= frame && frame > 0) {
      start += Math.floor((now - start) / frame) * frame;
      memory.storeNumber(field(queue, QUEUE.frameStart), start);
    }
    memory.store(field(queue, QUEUE.charged), CHARGED.slack);
    for (let index = 0; index < count; index++) {
      const window = this.#window(index);
      const end = start + memory.loadNumber(field(window, WINDOW.end));
      if (now >= end) continue;
      memory.storeNumber(field(queue, QUEUE.turnEnd), end);
      const vcpu = loadAddress(memory, field(window, WINDOW.vcpu));
      return runs(memory, vcpu) ? vcpu : NONE;
    }
    memory.storeNumber(field(queue, QUEUE.turnEnd), frame > 0 ? start + frame : Infinity);
    return NONE;
  }

  #window(index: number): PhysicalAddress {
    return field(this.#table, TABLE.windows + index * WINDOW_BYTES);
  }
}
