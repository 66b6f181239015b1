// One segment of the virtual switch: a port of the machine and the network devices of the guests that own
// it. Frames go by their destination; the table of addresses is fixed.

import type { PhysicalAddress } from "../machine/address.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { field, unboxed } from "../state/words.ts";
import { locationAt, type Location } from "../virtio/device.ts";
import { addressOf, locationOf } from "./guest-memory.ts";
import { HEADER_BYTES, LONGEST_FRAME, NO_FRAME, SHORTEST_FRAME, type VirtualNic, writeHeader } from "./nic.ts";
import { NO_BUFFER, PortDriver } from "./port-driver.ts";
import { PORT, PORT_BUFFERS, receiveBuffer, transmitBuffer } from "./port-record.ts";

const MAC_BYTES = 6;
/** Bit of a destination's first byte: for several. */
const GROUP = 1;

/** What frames come from and go to, beside the port. */
export interface Station {
  readonly mac: readonly number[];
  /** Whether it can be given a frame now. If not, it will say when it can. */
  readonly canReceive: boolean;
  /** At the start of a trap. */
  begin(): void;
  /** Before anything else is done here on this hart. */
  use(core: CoreMemory): void;
  /** Answers whether it has taken a copy. `header`: what virtio puts before each frame. */
  deliver(header: PhysicalAddress, frame: Location, bytes: number): boolean;
}

export class Segment<Member extends Station = VirtualNic> {
  readonly port: number;
  readonly nics: readonly Member[];
  readonly #record: PhysicalAddress;
  readonly #driver: PortDriver;
  /** Whether the port has been offered frames that it has not been told of. */
  #offered = false;

  constructor(port: number, record: PhysicalAddress, nics: readonly Member[]) {
    this.port = port;
    this.nics = nics;
    this.#record = unboxed(record);
    this.#driver = new PortDriver(port, record);
  }

  /** Once, at boot. */
  start(hart: Hart): void {
    writeHeader(hart.memory, field(this.#record, PORT.header));
    this.#driver.start(hart);
  }

  /** Before anything else is done here in a trap: what devices say of themselves, they say within it. */
  begin(): void {
    this.#offered = false;
    for (let index = 0; index < this.nics.length; index++) this.nics[index].begin();
  }

  /** Somebody who could not receive now can: frames that waited for that are switched. */
  resume(hart: Hart): void {
    if (this.#driver.nextReceived(hart.memory) !== NO_BUFFER) this.receive(hart);
  }

  /** Switches the frames that a guest has offered to transmit: no more than its queue holds, so that none can hold the hart. */
  transmit(hart: Hart, nic: VirtualNic): void {
    const { memory } = hart;
    const { transport, transmitter: queue } = nic;
    nic.waiting = false;
    this.#use(memory);
    const scratch = field(this.#record, PORT.scratch);
    let sent = 0;
    for (; sent < queue.maximum; sent++) {
      const bytes = nic.takeFrame(scratch);
      if (bytes === NO_FRAME) break;
      if (bytes > 0) {
        if (addressOf(nic.frame) === scratch) this.count(memory, bytes);
        this.#forward(hart, nic.frame, bytes, nic);
      }
      queue.put(0);
    }
    if (sent > 0 && queue.publish()) transport.interrupt();
    this.#tellPort(hart);
  }

  /** Switches a frame of a station's. */
  send(hart: Hart, frame: Location, bytes: number, from: Member): void {
    this.#use(hart.memory);
    this.#forward(hart, frame, bytes, from);
    this.#tellPort(hart);
  }

  /**
   * Switches the frames that the port has received. While no guest has a buffer, they wait in the port's, and then at
   * the port: taking them only to drop them would keep the guests from ever emptying their own (Mogul, Ramakrishnan:
   * Eliminating receive livelock, 1997). As long as one has, none can make it wait.
   */
  receive(hart: Hart): void {
    const { memory } = hart;
    const driver = this.#driver;
    this.#use(memory);
    // What comes after the acknowledgement has an interrupt of its own.
    driver.acknowledge(hart);
    let taken = 0;
    for (; taken < PORT_BUFFERS; taken++) {
      const index = driver.nextReceived(memory);
      if (index === NO_BUFFER || !this.#canReceive()) break;
      const bytes = driver.received(memory) - HEADER_BYTES;
      const frame = locationAt(locationOf(receiveBuffer(this.#record, index)), HEADER_BYTES);
      if (bytes >= SHORTEST_FRAME && bytes <= LONGEST_FRAME) this.#forward(hart, frame, bytes, undefined);
      driver.recycle(memory, index);
    }
    if (taken > 0) driver.notifyReceiver(hart);
    this.#tellPort(hart);
  }

  /** To whom a frame is for; to the port and everybody else if that is nobody here, or several. `from`: undefined is the port. */
  #forward(hart: Hart, frame: Location, bytes: number, from: Station | undefined): void {
    const { memory } = hart;
    add(memory, field(this.#record, PORT.frames), 1);
    const { nics } = this;
    if ((memory.loadByte(addressOf(frame)) & GROUP) === 0) {
      for (let index = 0; index < nics.length; index++) {
        if (!isFor(memory, frame, nics[index])) continue;
        if (nics[index] !== from) this.#deliver(memory, frame, bytes, nics[index]);
        return;
      }
    }
    for (let index = 0; index < nics.length; index++) {
      if (nics[index] !== from) this.#deliver(memory, frame, bytes, nics[index]);
    }
    if (from !== undefined) this.#offer(hart, frame, bytes);
  }

  #deliver(memory: CoreMemory, frame: Location, bytes: number, nic: Station): void {
    if (nic.deliver(field(this.#record, PORT.header), frame, bytes)) this.count(memory, bytes);
    else add(memory, field(this.#record, PORT.dropped), 1);
  }

  /** Copies a frame out to the port. */
  #offer(hart: Hart, frame: Location, bytes: number): void {
    const { memory } = hart;
    let index = this.#driver.takeTransmitBuffer(memory);
    if (index === NO_BUFFER) {
      // Those that it has been offered and not told of, it may now transmit.
      this.#tellPort(hart);
      index = this.#driver.takeTransmitBuffer(memory);
    }
    if (index === NO_BUFFER) return add(memory, field(this.#record, PORT.dropped), 1);
    const buffer = transmitBuffer(this.#record, index);
    memory.fill(buffer, 0, HEADER_BYTES);
    memory.copy(field(buffer, HEADER_BYTES), addressOf(frame), bytes);
    this.count(memory, bytes);
    this.#driver.transmit(memory, index, HEADER_BYTES + bytes);
    this.#offered = true;
  }

  /** One notification for all frames of an exit. */
  #tellPort(hart: Hart): void {
    if (!this.#offered) return;
    this.#offered = false;
    this.#driver.notifyTransmitter(hart);
  }

  #canReceive(): boolean {
    for (let index = 0; index < this.nics.length; index++) if (this.nics[index].canReceive) return true;
    return false;
  }

  #use(memory: CoreMemory): void {
    for (let index = 0; index < this.nics.length; index++) this.nics[index].use(memory);
  }

  /** A frame has been copied. */
  count(memory: CoreMemory, bytes: number): void {
    add(memory, field(this.#record, PORT.copies), 1);
    add(memory, field(this.#record, PORT.bytesCopied), bytes);
  }
}

function isFor(memory: CoreMemory, frame: Location, { mac }: Station): boolean {
  // The last byte tells most of them apart.
  for (let byte = MAC_BYTES - 1; byte >= 0; byte--) {
    if (memory.loadByte(addressOf(locationAt(frame, byte))) !== mac[byte]) return false;
  }
  return true;
}

function add(memory: CoreMemory, counter: PhysicalAddress, amount: number): void {
  memory.storeNumber(counter, memory.loadNumber(counter) + amount);
}
