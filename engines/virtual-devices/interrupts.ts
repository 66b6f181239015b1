// From the lines of emulated devices, through a guest's interrupt controller, to its vCPUs.

import type { PhysicalAddress } from "../machine/address.ts";
import { CSR } from "../machine/hart/csr-numbers.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { INTERRUPT } from "../machine/hart/privileged.ts";
import { VIRTIO_FIRST_IRQ } from "../machine/layout.ts";
import { vcpuOf } from "../vcpu/record.ts";
import type { DeviceGuard } from "./guard.ts";
import type { GuestDevices } from "./guest-devices.ts";
import type { Inventory } from "./inventory.ts";
import { isDue, request, setLine } from "./plic.ts";
import type { Segment } from "./segment.ts";

/** Where the vCPUs are. */
export interface Vcpus {
  current(hart: Hart): PhysicalAddress;
  /** Raises interrupts (bits of hvip) at a vCPU, wherever it is; preempt() is due. */
  raise(hart: Hart, vcpu: PhysicalAddress, interrupts: number): void;
  preempt(hart: Hart): void;
}

export class VirtualInterrupts {
  readonly #guests: Inventory["guests"];
  readonly #vcpus: Vcpus;
  readonly #guard: DeviceGuard;
  readonly #recordOf: (guest: number) => PhysicalAddress;

  constructor(guests: Inventory["guests"], vcpus: Vcpus, guard: DeviceGuard, recordOf: (guest: number) => PhysicalAddress) {
    this.#guests = guests;
    this.#vcpus = vcpus;
    this.#guard = guard;
    this.#recordOf = recordOf;
  }

  /** A passed-through device of the guest interrupts. */
  request(hart: Hart, guest: GuestDevices, source: number): void {
    this.#guard.enterGuest(hart, guest.index);
    request(hart.memory, guest.plic, source);
    const due = dueVcpus(hart, guest);
    this.#guard.leaveGuest(hart, guest.index);
    this.show(hart, guest, due);
  }

  /** Network devices of a segment may have moved their lines. */
  settle(hart: Hart, { nics }: Segment): void {
    for (let index = 0; index < nics.length; index++) {
      const nic = nics[index];
      const guest = this.#guests[nic.guest];
      if (!nic.moved || guest === undefined) continue;
      nic.moved = false;
      this.#guard.enterGuest(hart, guest.index);
      // Whoever comes last here sees the line as it is then.
      const changed = setLine(hart.memory, guest.plic, VIRTIO_FIRST_IRQ + nic.slot, nic.interrupts(hart.memory));
      const due = changed ? dueVcpus(hart, guest) : 0;
      this.#guard.leaveGuest(hart, guest.index);
      if (changed) this.show(hart, guest, due);
    }
  }

  /**
   * Makes the vCPUs' external interrupts what the controller says, `due` being a bitmap of them. One that is
   * elsewhere keeps an interrupt that is no longer due until it has claimed nothing: it may come late anyway.
   */
  show(hart: Hart, guest: GuestDevices, due: number): void {
    const here = this.#vcpus.current(hart);
    const vm = this.#recordOf(guest.index);
    for (let number = 0; number < guest.vcpus; number++) {
      const vcpu = vcpuOf(hart.memory, vm, number);
      const raised = ((due >>> number) & 1) !== 0;
      if (vcpu !== here) {
        if (raised) this.#vcpus.raise(hart, vcpu, INTERRUPT.VSEI);
      } else if (raised !== ((hart.csrLow(CSR.hvip) & INTERRUPT.VSEI) !== 0)) {
        if (raised) hart.setCsrBits(CSR.hvip, INTERRUPT.VSEI);
        else hart.clearCsrBits(CSR.hvip, INTERRUPT.VSEI);
      }
    }
  }
}

/** Bitmap of the guest's vCPUs whose external interrupt is raised. */
export function dueVcpus(hart: Hart, { plic, vcpus }: GuestDevices): number {
  let due = 0;
  for (let number = 0; number < vcpus; number++) if (isDue(hart.memory, plic, number)) due |= 1 << number;
  return due;
}
