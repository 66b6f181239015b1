// The network devices that a VMM emulates, as far as nothing changes them: where their state lies in its memory, and what
// they are. Frames come from and go to taps of the kernel's.

import type { PhysicalAddress } from "../../machine/address.ts";
import { VIRTIO_BASE, VIRTIO_STRIDE } from "../../machine/layout.ts";
import type { PlacedVm } from "../../placement/placement.ts";
import { field, unboxed } from "../../state/words.ts";
import { GuestMemory, locationOf } from "../../virtual-devices/guest-memory.ts";
import { LONGEST_FRAME, NO_FRAME, QUEUE_SIZE, VirtualNic } from "../../virtual-devices/nic.ts";
import { REGISTER } from "../../virtio/numbers.ts";
import { CALL } from "../system-calls.ts";
import { NETWORK, nicIn } from "./network-layout.ts";
import type { Program } from "./program.ts";

const WORD = 4;

export class Network {
  /** By slot. */
  readonly nics: readonly VirtualNic[];
  readonly header: PhysicalAddress;
  readonly #frame: PhysicalAddress;

  /** `at`: in the VMM's memory. */
  constructor(vm: PlacedVm, at: PhysicalAddress) {
    const memory = new GuestMemory(vm);
    this.nics = vm.devices.nics.map(({ slot, mac }) => new VirtualNic(vm.index, slot, mac, memory, nicIn(at, slot)));
    this.header = unboxed(field(at, NETWORK.header));
    this.#frame = unboxed(field(at, NETWORK.frame));
  }

  /** The device whose registers lie at the guest's `address`. */
  find(address: number): VirtualNic | undefined {
    return address < VIRTIO_BASE ? undefined : this.nics[Math.floor((address - VIRTIO_BASE) / VIRTIO_STRIDE)];
  }

  /** A store to registers, of `bytes` (1, 2, 4 or 8). */
  store(program: Program, nic: VirtualNic, offset: number, bytes: number, low: number, high: number): void {
    // The bus is 32 bits wide: a doubleword is two accesses.
    nic.transport.write(offset, Math.min(bytes, WORD), low);
    if (bytes > WORD) nic.transport.write(offset + WORD, WORD, high);
    if (nic.waiting) this.#transmit(program, nic);
    if (nic.refilled || offset === REGISTER.status) this.receive(program, nic);
  }

  /** Puts the frames that wait at its tap into the guest's buffers, as many as there are. */
  receive(program: Program, nic: VirtualNic): void {
    for (let count = 0; nic.canReceive; count++) {
      // The guest refills faster than this: others have their turn before the rest.
      if (count === QUEUE_SIZE) return void program.call(CALL.tapPoll, nic.slot, 0);
      const bytes = program.call(CALL.tapRead, nic.slot, this.#frame, LONGEST_FRAME);
      if (bytes <= 0) return;
      nic.deliver(this.header, locationOf(this.#frame), bytes);
    }
  }

  /** The frames that the guest has offered go to the tap: no more than its queue holds. */
  #transmit(program: Program, nic: VirtualNic): void {
    const { transport, transmitter: queue } = nic;
    nic.waiting = false;
    let sent = 0;
    for (; sent < queue.maximum; sent++) {
      const bytes = nic.takeFrame(this.#frame);
      if (bytes === NO_FRAME) break;
      if (bytes > 0) program.call(CALL.tapWrite, nic.slot, nic.frame, bytes);
      queue.put(0);
    }
    if (sent > 0 && queue.publish()) transport.interrupt();
  }
}
