// A wire in memory of its own, and a driver of it that is a few lines.

import { cycles, type HostOffset } from "../../../engines/machine/address.ts";
import { PhysicalMemory } from "../../../engines/machine/memory.ts";
import { prepareWire, wireBytes, type WireDescription } from "../../../engines/machine/network/prepare.ts";
import { offer, type Offered, type PortReading, readLog, readPort, type LoggedFrame } from "../../../engines/machine/network/steering.ts";
import { connectWire, type WirePort } from "../../../engines/machine/network/wire.ts";

const BUFFER_BYTES = 2048;
const PAGE = 0x1_0000;

export class Tester {
  readonly memory: PhysicalMemory;
  readonly base: HostOffset;
  readonly ports: WirePort[];
  /** Where frames are received: not aligned, as behind a virtio header. */
  readonly buffer: HostOffset;

  constructor(description: Partial<WireDescription> & Pick<WireDescription, "ports">) {
    const full = { fifoFrames: 8, logBytes: 0, ...description };
    this.memory = PhysicalMemory.create(Math.ceil((wireBytes(full) + BUFFER_BYTES) / PAGE) * PAGE, 1);
    this.buffer = (this.memory.ramOffset + 12) as HostOffset;
    this.base = (this.memory.ramOffset + BUFFER_BYTES) as HostOffset;
    prepareWire(this.memory, this.base, full);
    this.ports = connectWire(this.memory, this.base);
  }

  offer(offered: Offered, port = 0): void {
    offer(this.memory, this.base, port, offered);
  }

  /** The next frame that has arrived by `now`, as a view of the buffer. */
  receive(now: number, port = 0, capacity = BUFFER_BYTES - 12): Uint8Array | undefined {
    const bytes = this.ports[port].receive(cycles(now), this.buffer, capacity);
    return bytes === 0 ? undefined : this.memory.u8.subarray(this.buffer, this.buffer + bytes);
  }

  transmit(now: number, bytes: number, port = 1): void {
    this.ports[port].transmit(cycles(now), this.buffer, bytes);
  }

  /** Sends bytes that are not in the buffer. */
  send(now: number, frame: Uint8Array, port = 1): void {
    this.memory.u8.set(frame, this.buffer);
    this.transmit(now, frame.length, port);
  }

  read(port: number): PortReading {
    return readPort(this.memory, this.base, port);
  }

  log(): LoggedFrame[] {
    return readLog(this.memory, this.base);
  }
}
