// One virtio-mmio slot of the board: its registers in the physical map, its state in shared memory, its interrupt.

import type { Cycles } from "../address.ts";
import type { Clock } from "../clock.ts";
import { DEVICES, DEVICES_OFFSET, SLOT, SLOT_BYTES, VIRTIO_FIRST_IRQ } from "../layout.ts";
import type { PhysicalMemory } from "../memory.ts";
import { countDeviceTime } from "../hart/counters.ts";
import { signal } from "../hart/signal.ts";
import type { DeviceWords, InterruptLine } from "../../virtio/device.ts";
import { MAGIC, REGISTER, VENDOR, VERSION } from "../../virtio/numbers.ts";
import type { Device } from "./device.ts";
import { lockDevice, tryLockDevice, unlockDevice } from "./device-lock.ts";
import type { Plic } from "./plic.ts";
import type { HardwareModel } from "./virtio-model.ts";

/** Host offset of the SLOT of virtio-mmio slot `number`. */
export function slotAt(number: number): number {
  return DEVICES_OFFSET + DEVICES.slots + number * SLOT_BYTES;
}

/** The words of a slot's device, and its interrupt. */
export class SlotWords implements DeviceWords, InterruptLine {
  readonly #i32: Int32Array;
  readonly #first: number;
  readonly #plic: Plic;
  readonly #source: number;

  constructor(memory: PhysicalMemory, number: number, plic: Plic) {
    this.#i32 = memory.i32;
    this.#first = (slotAt(number) + SLOT.record) >> 2;
    this.#plic = plic;
    this.#source = VIRTIO_FIRST_IRQ + number;
  }

  load(offset: number): number {
    return this.#i32[this.#first + (offset >> 2)];
  }

  store(offset: number, value: number): void {
    this.#i32[this.#first + (offset >> 2)] = value;
  }

  set(raised: boolean): void {
    this.#plic.setLine(this.#source, raised);
  }
}

/** When the devices of this thread next have something to do, as its hart knows. */
export interface Schedule {
  readonly horizon: number;
}

/** A slot that holds a device. */
export class VirtioSlot implements Device {
  low = 0;
  high = 0;
  readonly #i32: Int32Array;
  readonly #lock: number;
  readonly #home: number;
  readonly #clock: Clock;
  readonly #model: HardwareModel;
  readonly #schedule: Schedule;

  constructor(memory: PhysicalMemory, number: number, clock: Clock, model: HardwareModel, schedule: Schedule) {
    this.#i32 = memory.i32;
    this.#lock = (slotAt(number) + SLOT.lock) >> 2;
    this.#home = (slotAt(number) + SLOT.home) >> 2;
    this.#clock = clock;
    this.#model = model;
    this.#schedule = schedule;
  }

  /** Registers of 64 bits are pairs of words, wherever they are. */
  read(offset: number, bytes: number, hart: number): boolean {
    this.#begin(hart);
    const { transport } = this.#model;
    this.low = transport.read(offset, Math.min(bytes, 4));
    this.high = bytes === 8 ? transport.read(offset + 4, 4) : 0;
    unlockDevice(this.#i32, this.#lock);
    return true;
  }

  write(offset: number, bytes: number, low: number, high: number, hart: number): boolean {
    const works = offset === REGISTER.queueNotify;
    const begun = works ? this.#clock.now() : 0;
    this.#begin(hart);
    const { transport } = this.#model;
    transport.write(offset, Math.min(bytes, 4), low);
    if (bytes === 8) transport.write(offset + 4, 4, high);
    unlockDevice(this.#i32, this.#lock);
    if (works) countDeviceTime(this.#i32, hart, this.#clock.now() - begun);
    if (transport.isLive() && this.#model.nextEvent() < this.#schedule.horizon) signal(this.#i32, hart);
    return true;
  }

  /** Whether the device takes its time from `hart`. */
  isAt(hart: number): boolean {
    return this.#i32[this.#home] === hart && this.#model.transport.isLive();
  }

  /** Does what has come due. Answers whether anything had. */
  poll(now: Cycles): boolean {
    // Who holds the lock does it.
    if (!tryLockDevice(this.#i32, this.#lock)) return false;
    const worked = this.#model.transport.isLive() && this.#model.poll(now);
    unlockDevice(this.#i32, this.#lock);
    return worked;
  }

  /** When poll() is next to be called. */
  nextEvent(): number {
    return this.#model.nextEvent();
  }

  /** Takes the device from its driver: `change` has it to itself, and it begins anew. */
  reset(change: () => void): void {
    lockDevice(this.#i32, this.#lock);
    this.#model.transport.write(REGISTER.status, 4, 0);
    change();
    unlockDevice(this.#i32, this.#lock);
  }

  #begin(hart: number): void {
    lockDevice(this.#i32, this.#lock);
    if (this.#i32[this.#home] !== hart) this.#i32[this.#home] = hart;
  }
}

/** A slot that holds none: DeviceID 0, and nothing else to find. */
export class EmptySlot implements Device {
  low = 0;
  readonly high = 0;

  read(offset: number): boolean {
    this.low = offset === REGISTER.magicValue ? MAGIC : offset === REGISTER.version ? VERSION : offset === REGISTER.vendorId ? VENDOR : 0;
    return true;
  }

  write(): boolean {
    return true;
  }
}
