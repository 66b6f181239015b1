// One uniprocessor hypervisor on every hart, unchanged, and a channel between them that carries doorbells.

import { hartId, type PhysicalAddress } from "../machine/address.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { CAUSE, INTERRUPT_CAUSE } from "../machine/hart/privileged.ts";
import { MAXIMUM_HARTS } from "../machine/layout.ts";
import { markRung } from "../channels/doorbells.ts";
import { drop, EMPTY, peek, put, RING_SLOTS } from "../channels/ring.ts";
import { BootError, type Configuration, type Engine, type Platform } from "../engine.ts";
import { checkConfiguration } from "../placement/check.ts";
import { checkSoleOwners } from "../placement/devices.ts";
import { place } from "../placement/placement.ts";
import { engineAreaBytes } from "../restart/area.ts";
import { answer } from "../sbi/calls.ts";
import { A0, A6, A7, ERROR, EXTENSION, SUCCESS, VENDOR } from "../sbi/numbers.ts";
import { field, NONE } from "../state/words.ts";
import { Uniprocessor, type UniprocessorOptions } from "../uniprocessor/hypervisor.ts";
import { CAPACITY } from "../uniprocessor/layout.ts";
import { machineOf, vcpuOf } from "../vcpu/record.ts";
import { MAXIMUM_CHANNELS, VM } from "../virtual-machine/record.ts";
import { Crossings, doorbell, doorbellBit, doorbellVm } from "./crossings.ts";
import { instanceState } from "./layout.ts";

const SOFTWARE_INTERRUPT = INTERRUPT_CAUSE | 1;

export class PerCore implements Engine {
  /** By hart. */
  readonly #instances: readonly Uniprocessor[];
  readonly #crossings: Crossings;

  constructor(platform: Platform, configuration: Configuration, options: UniprocessorOptions) {
    const { memory, harts } = platform;
    if (harts > MAXIMUM_HARTS) throw new BootError(`${harts} harts: this engine runs on at most ${MAXIMUM_HARTS}`);
    const placed = place(configuration, memory.ramBytes, "translated", engineAreaBytes(configuration, options.restarts));
    if (options.nic === "passthrough") checkSoleOwners(configuration);
    checkSegments(configuration, harts);
    this.#crossings = new Crossings(placed, harts);
    this.#instances = Array.from({ length: harts }, (_, hart) => {
      const vms = configuration.vms.filter((vm) => vm.hart % harts === hart);
      checkConfiguration({ memory, harts: 1 }, { vms, channels: [] }, CAPACITY);
      return new Uniprocessor(memory, placed.filter(({ machine }) => vms.includes(machine)), options, instanceState(hart), hartId(hart));
    });
  }

  boot(hart: Hart): void {
    for (const instance of this.#instances) instance.boot(hart);
  }

  start(hart: Hart): void {
    this.#instances[hart.id].start(hart);
  }

  trap(hart: Hart): void {
    const instance = this.#instances[hart.id];
    const cause = hart.trapCause();
    if (cause === SOFTWARE_INTERRUPT) return this.#receive(hart, instance);
    if (cause === CAUSE.virtualSupervisorCall && hart.xLow(A7) === EXTENSION.vendor && hart.xLow(A6) === VENDOR.channelNotify) {
      if (this.#send(hart, instance)) return;
    }
    instance.trap(hart);
  }

  /** Rings at a guest of another hart. Answers false if the call is for this hart's hypervisor alone. */
  #send(hart: Hart, instance: Uniprocessor): boolean {
    const id = hart.xNumber(A0);
    if (id >= MAXIMUM_CHANNELS) return false;
    const vm = machineOf(hart.memory, instance.processor.current(hart));
    const crossing = this.#crossings.outbound[doorbell(hart.memory.load(field(vm, VM.number)), id)];
    if (crossing === undefined) return false;
    hart.advance();
    const sent = put(hart.memory, crossing.ring, crossing.message);
    if (sent) hart.sendIpi(crossing.target);
    answer(hart, sent ? SUCCESS : ERROR.failed, 0);
    return true;
  }

  /** Hands the doorbells that came from other harts to the guests here. */
  #receive(hart: Hart, instance: Uniprocessor): void {
    const { memory } = hart;
    // Before looking: what is put after the look comes with its own interrupt.
    hart.clearIpi();
    const rings = this.#crossings.inbound[hart.id];
    for (let index = 0; index < rings.length; index++) {
      const ring = rings[index];
      // A bound, so that a guest elsewhere cannot hold this hart here. What is left has its own interrupt.
      for (let taken = 0; taken < RING_SLOTS; taken++) {
        const message = peek(memory, ring);
        if (message === EMPTY) break;
        this.#deliver(hart, instance, message);
        drop(memory, ring);
      }
    }
    instance.processor.preempt(hart);
  }

  #deliver(hart: Hart, instance: Uniprocessor, message: number): void {
    const vm: PhysicalAddress = instance.recordOf(doorbellVm(message));
    if (vm === NONE) return;
    markRung(hart.memory, vm, doorbellBit(message));
    instance.processor.raiseSoftware(hart, vcpuOf(hart.memory, vm, 0));
  }
}

/** A port belongs to the hypervisor of one hart, which shares it with no other. */
function checkSegments({ vms, nics = [] }: Configuration, harts: number): void {
  for (const { port, owner } of nics) {
    const other = nics.find((nic) => nic.port === port && vms[nic.owner].hart % harts !== vms[owner].hart % harts);
    if (other === undefined) continue;
    throw new BootError(`port ${port} is shared by guests of two harts: here every hart's hypervisor has its own ports`);
  }
}
