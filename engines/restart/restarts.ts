// Guests that have failed, started again while the others run. At boot the engine keeps a copy of what each guest's memory holds.
// A guest that fails becomes one that is restored: its first vCPU is scheduled as before, on the guest's budget, and whenever it would
// execute, the engine restores a piece of the guest's memory instead. Between two pieces all interrupts are taken and the scheduler
// chooses, so that others wait for one piece at most; and a guest that fails at once again costs no more than its share.

import { physical, type PhysicalAddress } from "../machine/address.ts";
import { FIRMWARE_BYTES, RAM_BASE } from "../machine/layout.ts";
import type { CoreMemory } from "../machine/hart/core-memory.ts";
import type { Hart } from "../machine/hart/hart.ts";
import { BootError, type Configuration, type VirtualMachine } from "../engine.ts";
import { parseImage } from "../loader/image-format.ts";
import { placementIn } from "../loader/place.ts";
import type { GuestEntry } from "../placement/load.ts";
import type { PlacedVm } from "../placement/placement.ts";
import { A1, A7, EXTENSION, RESET_SHUTDOWN, SYSTEM_FAILURE } from "../sbi/numbers.ts";
import { field, NONE } from "../state/words.ts";
import { contextOf, machineOf, VCPU, vcpuOf } from "../vcpu/record.ts";
import { VM, VM_STATE } from "../virtual-machine/record.ts";

/** Bytes of memory restored at a time. */
const PIECE = 1024;
const LINE = 64;
/** Of a guest's device tree, at most. */
const TREE_BYTES = 0x2000;

/** What is kept of one guest; image and tree follow. Offsets from the guest's first byte. */
const KEPT = {
  entry: 0x00, // number: guest-physical address
  tree: 0x08, // number: the same, of its device tree
  imageFrom: 0x10,
  imageBytes: 0x14,
  treeFrom: 0x18,
  treeBytes: 0x1c,
} as const;
const KEPT_BYTES = LINE;

export class Restarts {
  /** Bytes of the area behind the engine's others. */
  readonly bytes: number;
  /** By index in the configuration. */
  readonly #kept: readonly PhysicalAddress[];

  /** `before`: bytes of the areas behind the firmware's that come first. Throws BootError where a guest could not be started again. */
  constructor({ vms, nics = [], disk }: Configuration, before: number) {
    const owner = vms.find(({ serial }, index) => serial === true || disk?.owner === index || nics.some((nic) => nic.owner === index));
    if (owner !== undefined) throw new BootError(`restart=on: ${owner.name} has devices, which cannot be started again with it`);
    const base = RAM_BASE + FIRMWARE_BYTES + before;
    let bytes = 0;
    this.#kept = vms.map((vm) => {
      const at = physical(base + bytes);
      bytes += KEPT_BYTES + roundUp(imageBytes(vm)) + TREE_BYTES;
      return at;
    });
    this.bytes = bytes;
  }

  /** At boot, once the guest has been loaded. */
  keep(hart: Hart, { index, machine, slot }: PlacedVm, start: GuestEntry): void {
    const { memory } = hart;
    const kept = this.#kept[index];
    const image = imageOf(machine);
    const imageFrom = placementIn(image, slot) - slot.guest;
    const treeFrom = start.deviceTree - slot.guest;
    const treeBytes = slot.bytes - treeFrom;
    if (treeBytes > TREE_BYTES) throw new BootError(`restart=on: the device tree of ${machine.name} has ${treeBytes} bytes: ${TREE_BYTES} are kept`);
    memory.storeNumber(field(kept, KEPT.entry), start.entry);
    memory.storeNumber(field(kept, KEPT.tree), start.deviceTree);
    memory.store(field(kept, KEPT.imageFrom), imageFrom);
    memory.store(field(kept, KEPT.imageBytes), imageBytes(machine));
    memory.store(field(kept, KEPT.treeFrom), treeFrom);
    memory.store(field(kept, KEPT.treeBytes), treeBytes);
    memory.copy(imageIn(kept), physical(slot.physical + imageFrom), imageBytes(machine));
    memory.copy(treeIn(memory, kept), physical(slot.physical + treeFrom), treeBytes);
  }

  /** The guest has failed now; from now on it is restored. */
  begin(hart: Hart, vm: PhysicalAddress): void {
    const { memory } = hart;
    memory.storeNumber(field(vm, VM.failedAt), hart.now());
    memory.storeNumber(field(vm, VM.restored), 0);
    memory.storeNumber(field(vm, VM.unitsPage), NONE);
    memory.atomicStore(field(vm, VM.state), VM_STATE.restored);
  }

  /** Whether the guest of a vCPU that would execute is being restored. */
  isUnderWay(memory: CoreMemory, vcpu: PhysicalAddress): boolean {
    return memory.load(field(machineOf(memory, vcpu), VM.state)) === VM_STATE.restored;
  }

  /** Restores a piece of memory; answers whether that was the last. */
  restorePiece(memory: CoreMemory, vm: PhysicalAddress): boolean {
    const from = memory.loadNumber(field(vm, VM.restored));
    const ram = memory.loadNumber(field(vm, VM.ram));
    const kept = this.#kept[memory.load(field(vm, VM.number))];
    const imageFrom = memory.load(field(kept, KEPT.imageFrom));
    const imageEnd = imageFrom + memory.load(field(kept, KEPT.imageBytes));
    const treeFrom = memory.load(field(kept, KEPT.treeFrom));
    const treeEnd = treeFrom + memory.load(field(kept, KEPT.treeBytes));
    const end = memory.loadNumber(field(vm, VM.ramBytes));
    let to = Math.min(from + PIECE, end);
    if (from >= imageFrom && from < imageEnd) {
      to = Math.min(to, imageEnd);
      memory.copy(physical(ram + from), physical(imageIn(kept) + from - imageFrom), to - from);
    } else if (from >= treeFrom && from < treeEnd) {
      to = Math.min(to, treeEnd);
      memory.copy(physical(ram + from), physical(treeIn(memory, kept) + from - treeFrom), to - from);
    } else {
      if (from < imageFrom) to = Math.min(to, imageFrom);
      else if (from < treeFrom) to = Math.min(to, treeFrom);
      memory.fill(physical(ram + from), 0, to - from);
    }
    memory.storeNumber(field(vm, VM.restored), to);
    return to === end;
  }

  /** Makes the guest one that has just been booted; its first vCPU is the only one that is not stopped. */
  finish(hart: Hart, vm: PhysicalAddress): void {
    const { memory } = hart;
    const kept = this.#kept[memory.load(field(vm, VM.number))];
    const count = memory.load(field(vm, VM.vcpuCount));
    for (let number = 0; number < count; number++) {
      const vcpu = vcpuOf(memory, vm, number);
      memory.exchange(field(vcpu, VCPU.pending), 0);
      memory.store(field(vcpu, VCPU.suspended), 0);
      memory.storeNumber(field(vcpu, VCPU.timer), Infinity);
    }
    memory.exchange(field(vm, VM.rung), 0);
    hart.resetContext(contextOf(vcpuOf(memory, vm, 0)), memory.loadNumber(field(kept, KEPT.entry)), 0, memory.loadNumber(field(kept, KEPT.tree)));
    memory.store(field(vm, VM.restarts), memory.load(field(vm, VM.restarts)) + 1);
    memory.storeNumber(field(vm, VM.restartedAt), hart.now());
    memory.atomicStore(field(vm, VM.state), VM_STATE.running);
  }
}

/** Whether a guest that resets itself, as its registers say, is to be started again: it asks for that, or says that it has failed. */
export function asksForMore(hart: Hart, kind: number): boolean {
  return kind !== RESET_SHUTDOWN || (hart.xLow(A7) === EXTENSION.reset && hart.xLow(A1) === SYSTEM_FAILURE);
}

function imageOf({ name, image }: VirtualMachine) {
  const parsed = parseImage(image);
  if (!parsed.ok) throw new BootError(`${name}: ${parsed.error.message}`);
  return parsed.value;
}

/** From its lowest byte to the last that its file holds. */
function imageBytes(vm: VirtualMachine): number {
  const { low, segments } = imageOf(vm);
  return Math.max(...segments.map(({ address, fileBytes }) => address + fileBytes)) - low;
}

const roundUp = (bytes: number): number => Math.ceil(bytes / LINE) * LINE;
const imageIn = (kept: PhysicalAddress): PhysicalAddress => physical(kept + KEPT_BYTES);
const treeIn = (memory: CoreMemory, kept: PhysicalAddress): PhysicalAddress => physical(imageIn(kept) + roundUp(memory.load(field(kept, KEPT.imageBytes))));
