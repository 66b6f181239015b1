// The machine's devices as one thread runs them. They work when their registers are written, and when the hart that last
// touched them looks after them: between its slices, and when a device's next event ends its slice or sleep.

import { cycles, type Cycles, type HostOffset } from "../address.ts";
import type { Clock } from "../clock.ts";
import { REGION_BYTES, SLOT, VIRTIO_SLOTS } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import type { WirePort } from "../network/wire.ts";
import { countDeviceTime } from "../hart/counters.ts";
import { DEVICE_ID } from "../../virtio/numbers.ts";
import { Aclint } from "./aclint.ts";
import { ConsoleSource } from "./console-input.ts";
import type { Device } from "./device.ts";
import { Disk } from "./disk.ts";
import { Dma } from "./dma.ts";
import { NetworkPort } from "./network-port.ts";
import { Plic } from "./plic.ts";
import { Terminal } from "./terminal.ts";
import { Uart } from "./uart.ts";
import type { HardwareModel } from "./virtio-model.ts";
import { EmptySlot, slotAt, SlotWords, VirtioSlot } from "./virtio-slot.ts";

export class Devices {
  /** By DEVICE number. */
  readonly byNumber: readonly Device[];
  /** The next event known when a hart of this thread last asked for it. */
  horizon = Infinity;
  readonly #i32: Int32Array;
  readonly #clock: Clock;
  readonly #uart: Uart;
  readonly #input: ConsoleSource;
  /** By slot, and those alone that hold a device. */
  readonly #slots: readonly (VirtioSlot | undefined)[];
  readonly #present: readonly VirtioSlot[];

  /** `checked`: devices reach no memory until they are assigned some. `wire`: what the network ports are connected to. */
  constructor(memory: PhysicalMemory, clock: Clock, checked: boolean, wire: readonly WirePort[]) {
    const plic = new Plic(memory);
    this.#i32 = memory.i32;
    this.#clock = clock;
    this.#uart = new Uart(memory, plic);
    this.#input = new ConsoleSource(memory);
    this.#slots = Array.from({ length: VIRTIO_SLOTS }, (_, number) => {
      const model = makeModel(memory, clock, plic, number, checked, wire);
      return model === undefined ? undefined : new VirtioSlot(memory, number, clock, model, this);
    });
    this.#present = this.#slots.filter((slot) => slot !== undefined);
    this.byNumber = [new Aclint(memory, clock), this.#uart, plic, ...this.#slots.map((slot) => slot ?? new EmptySlot())];
  }

  /** Whether there is any that works by itself. */
  get present(): boolean {
    return this.#present.length > 0;
  }

  /** Looks after the devices of `hart`. */
  poll(hart: number, now: Cycles): void {
    const present = this.#present;
    let worked = false;
    for (let index = 0; index < present.length; index++) {
      const slot = present[index];
      if (slot.isAt(hart) && slot.poll(now)) worked = true;
    }
    if (this.#input.available() !== 0 && this.#input.home() === hart) this.#uart.poll();
    if (worked) countDeviceTime(this.#i32, hart, this.#clock.now() - now);
  }

  /** When the devices of `hart` next have something to do: what has passed is at once. */
  nextEvent(hart: number): Cycles {
    const present = this.#present;
    let next = Infinity;
    for (let index = 0; index < present.length; index++) {
      const slot = present[index];
      if (slot.isAt(hart)) next = Math.min(next, slot.nextEvent());
    }
    this.horizon = next;
    return cycles(next);
  }

  /** Assigns a slot's device `regions` of memory, REGION entries: it reaches these alone, and is reset. */
  assign(number: number, regions: Int32Array, count: number): void {
    const slot = slotAt(number) >> 2;
    const device = this.#slots[number];
    if (device === undefined) return;
    device.reset(() => {
      for (let word = 0; word < count * (REGION_BYTES >> 2); word++) this.#i32[slot + (SLOT.regions >> 2) + word] = regions[word];
      this.#i32[slot + (SLOT.regionCount >> 2)] = count;
      this.#i32[slot + (SLOT.assigned >> 2)] = 1;
    });
  }
}

function makeModel(
  memory: PhysicalMemory, clock: Clock, plic: Plic, number: number, checked: boolean, wire: readonly WirePort[],
): HardwareModel | undefined {
  const { i32 } = memory;
  const slot = slotAt(number);
  const words = new SlotWords(memory, number, plic);
  const dma = new Dma(memory, slot, checked);
  const buffer = (slot + SLOT.buffer) as HostOffset;
  switch (i32[(slot + SLOT.kind) >> 2]) {
    case DEVICE_ID.net: {
      const port = wire[number];
      if (port === undefined) throw new RangeError(`network port ${number} is connected to nothing`);
      return new NetworkPort(words, dma, words, clock, port, number, buffer);
    }
    case DEVICE_ID.block: return new Disk(words, dma, words, {
      at: (i32[(slot + SLOT.media) >> 2] >>> 0) as HostOffset, sectors: i32[(slot + SLOT.sectors) >> 2], readOnly: i32[(slot + SLOT.readOnly) >> 2] !== 0,
    }, buffer);
    case DEVICE_ID.console: return new Terminal(words, dma, words, memory, buffer);
    default: return undefined;
  }
}
