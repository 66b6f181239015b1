// A console (virtio-console, 5.3) of one port: what its driver sends goes where the UART's output goes, and it receives what
// is typed, unless the UART's driver takes it first.

import type { HostOffset } from "../address.ts";
import type { PhysicalMemory } from "../memory.ts";
import { locationAt, type DeviceWords, type DriverMemory, type InterruptLine, type Location } from "../../virtio/device.ts";
import { DEVICE_ID } from "../../virtio/numbers.ts";
import { TAKEN, type Queue } from "../../virtio/queue.ts";
import { Transport } from "../../virtio/transport.ts";
import { ConsoleSource } from "./console-input.ts";
import { ConsoleWriter, UART_SOURCE } from "./console.ts";
import { serveQueue } from "./serve-queue.ts";
import type { HardwareModel } from "./virtio-model.ts";

const QUEUE_SIZE = 64;
const RECEIVE = 0;
/** Most that is moved at a time. */
const PIECE_BYTES = 256;

export class Terminal implements HardwareModel {
  readonly deviceId = DEVICE_ID.console;
  readonly features = 0;
  readonly queueSizes = [QUEUE_SIZE, QUEUE_SIZE];
  readonly transport: Transport;
  readonly #memory: DriverMemory;
  readonly #output: ConsoleWriter;
  readonly #input: ConsoleSource;
  readonly #buffer: Location;
  readonly #receive: Queue;
  readonly #transmit: Queue;

  constructor(words: DeviceWords, memory: DriverMemory, line: InterruptLine, machine: PhysicalMemory, buffer: HostOffset) {
    this.transport = new Transport(words, memory, line, this);
    this.#memory = memory;
    this.#output = new ConsoleWriter(machine);
    this.#input = new ConsoleSource(machine);
    this.#buffer = (buffer | 0) as Location;
    [this.#receive, this.#transmit] = this.transport.queues;
  }

  configuration(): number {
    return 0;
  }

  notified(queue: number): void {
    if (queue === RECEIVE) this.#takeInput();
    else serveQueue(this.transport, this.#transmit, this.#write);
  }

  poll(): boolean {
    const due = this.nextEvent() === 0;
    if (due) this.#takeInput();
    if (due && this.transport.isLive()) serveQueue(this.transport, this.#transmit, this.#write);
    return due;
  }

  nextEvent(): number {
    return this.#transmit.hasAvailable() || (this.#input.available() !== 0 && this.#receive.hasAvailable()) ? 0 : Infinity;
  }

  #takeInput(): void {
    const queue = this.#receive;
    let received = 0;
    let broken = false;
    while (this.#input.available() !== 0) {
      const taken = queue.take();
      if (taken === TAKEN.nothing) break;
      const { chain } = queue;
      broken = taken === TAKEN.broken || chain.readable !== 0;
      if (broken) break;
      const bytes = Math.min(this.#input.available(), chain.writableBytes, PIECE_BYTES);
      for (let index = 0; index < bytes; index++) this.#memory.storeByte(locationAt(this.#buffer, index), this.#input.peek(index));
      this.#input.drop(bytes);
      chain.scatter(this.#memory, 0, this.#buffer, bytes);
      queue.put(bytes);
      received++;
    }
    if (received !== 0 && queue.publish()) this.transport.interrupt();
    if (broken) this.transport.fail();
  }

  readonly #write = (): number => {
    const { chain } = this.#transmit;
    if (chain.writableBytes !== 0) return -1;
    for (let offset = 0; offset < chain.readableBytes; offset += PIECE_BYTES) {
      const bytes = Math.min(PIECE_BYTES, chain.readableBytes - offset);
      chain.gather(this.#memory, offset, this.#buffer, bytes);
      for (let index = 0; index < bytes; index++) this.#output.write(this.#memory.loadByte(locationAt(this.#buffer, index)), UART_SOURCE);
    }
    return 0;
  };
}
