// Makes operations: SBI calls, accesses to devices and around them, virtio queues, instruction streams, page tables.

import { ACLINT_MSWI, PLIC_BASE, PLIC_BYTES, RAM_BASE, UART_BASE, VIRTIO_BASE, VIRTIO_SLOTS, VIRTIO_STRIDE } from "../../engines/machine/layout.ts";
import { EXTENSION } from "../../engines/sbi/numbers.ts";
import { REGISTER, STATUS } from "../../engines/virtio/numbers.ts";
import { CODE_HALVES, type Places, PLAYGROUND_BYTES } from "./lane.ts";
import { anyInstruction, ECALL, memoryAccess, storeWord, WFI } from "./instructions.ts";
import { A0, A1, A6, A7, type Operation, type OperationKind } from "./operation.ts";
import type { Random } from "./random.ts";

const REGISTERS = 31;
const SPIE = 1 << 5;
const SPP = 1 << 8;
const SUM = 1 << 18;
const MXR = 1 << 19;
const SSIE = 1 << 1;
const STIE = 1 << 5;
const SEIE = 1 << 9;
const PAGE = 0x1000;
const SV39 = 8n << 60n;
const WINDOWS = 0xc000_0000;
const EXTENSIONS = Object.values(EXTENSION);
/** How long a stream may run, and a hart sleep, in ticks. */
const SHORT = 60;
const RINGS = 0x1000;
/** Of so many pages of the playground, one may be the root of page tables. */
const ROOT_EVERY = 4;
const QUEUE_SIZES = [0, 1, 3, 4, 16, 256, 512] as const;

/** What is different about a guest. */
export interface Target extends Places {
  readonly memoryBytes: number;
  readonly harts: number;
}

export class OperationSource {
  readonly #random: Random;
  readonly #target: Target;
  /** Accesses that follow each other: of a driver that sets a queue up. */
  readonly #script: (readonly [offset: number, value: number])[] = [];
  #scriptBase = 0;

  constructor(random: Random, target: Target) {
    this.#random = random;
    this.#target = target;
  }

  /** The next for hart `number`. */
  next(number: number): Operation {
    if (this.#script.length > 0) return this.#scripted();
    return this.#random.weighted<() => Operation>([
      [40, () => this.#call(number)], [25, () => this.#access()], [3, () => this.#driver()], [15, () => this.#stream()], [6, () => this.#paging()],
      [1, () => this.#restart(number)],
    ])();
  }

  /** One that is like another. */
  mutated(from: Operation): Operation {
    for (;;) {
      const mutated = this.#changed(from);
      if (!this.#ends(mutated)) return mutated;
    }
  }

  #changed(from: Operation): Operation {
    const random = this.#random;
    const registers = from.registers.slice();
    for (let count = random.below(3); count >= 0; count--) registers[random.pick([A0, A1, 12, 13, A6, A7, 1 + random.below(REGISTERS)]) - 1] = this.#number();
    const at = random.below(from.code.length + 1);
    const code = from.kind === "stream" || from.kind === "paging" ? from.code.toSpliced(at, random.below(3), ...anyInstruction(random)) : from.code;
    return { ...from, registers, code: code.slice(0, CODE_HALVES) };
  }

  #operation(kind: OperationKind, code: readonly number[], registers: Readonly<Record<number, bigint>>, more: Partial<Operation> = {}): Operation {
    const all = Array.from({ length: REGISTERS }, (_, index) => BigInt.asUintN(64, registers[index + 1] ?? 0n));
    return { kind, registers: all, code: code.slice(0, CODE_HALVES), status: SPP, satp: 0n, enabled: 0, timer: 0, ...more };
  }

  #call(number: number): Operation {
    const random = this.#random;
    const extension = random.once(12) ? random.value() : BigInt(random.pick(EXTENSIONS));
    const operation = random.once(12) ? random.value() : BigInt(random.below(6));
    const sleeps = extension === BigInt(EXTENSION.hartState) && operation === 3n;
    const registers = { [A0]: this.#number(), [A1]: this.#number(), 12: this.#number(), 13: this.#number(), 14: this.#number(), 15: this.#number(), [A6]: operation, [A7]: extension };
    const call = this.#operation("call", ECALL, registers, sleeps ? { enabled: STIE, timer: 1 + random.below(SHORT) } : this.#modes(9));
    return this.#ends(call) ? this.#call(number) : call;
  }

  /** Whether its guest would try nothing more, or one of its harts: allowed seldom. */
  #ends({ kind, registers }: Operation): boolean {
    if (kind !== "call" && kind !== "restart") return false;
    const extension = BigInt.asUintN(32, registers[A7 - 1]);
    const stops = extension === BigInt(EXTENSION.hartState) && BigInt.asUintN(32, registers[A6 - 1]) === 1n;
    const shutsDown = extension === BigInt(EXTENSION.reset) || extension === BigInt(EXTENSION.legacyShutdown);
    return (stops && !this.#random.once(20)) || (shutsDown && !this.#random.once(500));
  }

  #access(): Operation {
    const registers = { [A0]: BigInt(this.#deviceAddress()), [A1]: this.#number() };
    return this.#operation("access", [...memoryAccess(this.#random), ...memoryAccess(this.#random)], registers, this.#modes(6));
  }

  /** Begins to drive a virtio device as its driver would, or nearly. */
  #driver(): Operation {
    const random = this.#random;
    this.#scriptBase = VIRTIO_BASE + random.below(6) * VIRTIO_STRIDE;
    const { playground } = this.#target;
    const write = (offset: number, value: number): void => {
      if (!random.once(20)) this.#script.push([random.once(40) ? 4 * random.below(0x40) : offset, random.once(15) ? Number(BigInt.asUintN(32, random.value())) : value]);
    };
    write(REGISTER.status, 0);
    write(REGISTER.status, STATUS.acknowledge | STATUS.driver);
    write(REGISTER.driverFeaturesSel, 1);
    write(REGISTER.driverFeatures, 1);
    write(REGISTER.status, STATUS.acknowledge | STATUS.driver | STATUS.featuresOk);
    for (let queue = 0; queue < 2; queue++) {
      const at = playground + random.below(PLAYGROUND_BYTES / PAGE - 3) * PAGE;
      write(REGISTER.queueSel, queue);
      write(REGISTER.queueNum, random.pick(QUEUE_SIZES));
      write(REGISTER.queueDescLow, at);
      write(REGISTER.queueDescHigh, 0);
      write(REGISTER.queueDriverLow, at + RINGS);
      write(REGISTER.queueDriverHigh, 0);
      write(REGISTER.queueDeviceLow, at + 2 * RINGS);
      write(REGISTER.queueDeviceHigh, 0);
      write(REGISTER.queueReady, 1);
    }
    write(REGISTER.status, STATUS.acknowledge | STATUS.driver | STATUS.featuresOk | STATUS.driverOk);
    for (let count = random.below(6); count >= 0; count--) write(REGISTER.queueNotify, random.below(2));
    write(REGISTER.interruptAck, random.below(4));
    return this.#script.length > 0 ? this.#scripted() : this.#access();
  }

  #scripted(): Operation {
    const [offset, value] = this.#script.shift() as readonly [number, number];
    return this.#operation("queue", storeWord(0), { [A0]: BigInt(this.#scriptBase + offset), [A1]: BigInt(value) });
  }

  #stream(): Operation {
    const random = this.#random;
    const code = Array.from({ length: 1 + random.below(16) }, () => anyInstruction(random)).flat();
    if (random.once(8)) code.splice(random.below(code.length + 1), 0, ...WFI);
    return this.#operation("stream", code, this.#allRegisters(), this.#interruptible());
  }

  /** Under page tables of the playground, which whoever fuzzes fills: their gigapage of RAM keeps the trap handler reachable. */
  #paging(): Operation {
    const random = this.#random;
    const root = this.#target.playground / PAGE + ROOT_EVERY * random.below(PLAYGROUND_BYTES / PAGE / ROOT_EVERY);
    const code = Array.from({ length: 1 + random.below(8) }, () => (random.once(2) ? memoryAccess(random) : random.once(6) ? ECALL : anyInstruction(random))).flat();
    const registers = { ...this.#allRegisters(), [A7]: BigInt(random.pick(EXTENSIONS.slice(0, 8))), [A6]: 0n };
    return this.#operation("paging", code, registers, { ...this.#interruptible(), satp: SV39 | BigInt(random.below(4)) << 44n | BigInt(root) });
  }

  /** Starts the guest's other hart, which may have stopped. */
  #restart(number: number): Operation {
    const other = (number + 1) % this.#target.harts;
    return this.#operation("restart", ECALL, { [A0]: BigInt(other), [A1]: BigInt(this.#target.next[other]), [A6]: 0n, [A7]: BigInt(EXTENSION.hartState) });
  }

  /** Once in `of` times, in another mode than the supervisor's, or interruptible. */
  #modes(of: number): Partial<Operation> {
    return this.#random.once(of) ? this.#interruptible() : {};
  }

  #interruptible(): Partial<Operation> {
    const random = this.#random;
    const any = (bit: number, of: number): number => (random.once(of) ? bit : 0);
    const status = (random.once(5) ? 0 : SPP) | SPIE | any(SUM, 3) | any(MXR, 3);
    return { status, enabled: STIE | any(SSIE, 3) | any(SEIE, 10), timer: 1 + random.below(SHORT) };
  }

  #allRegisters(): Record<number, bigint> {
    return Object.fromEntries(Array.from({ length: REGISTERS }, (_, index) => [index + 1, this.#number()]));
  }

  /** An address more often than not. */
  #number(): bigint {
    const random = this.#random;
    return BigInt.asUintN(64, random.weighted<() => bigint>([
      [4, () => random.value()], [3, () => BigInt(this.#memoryAddress())], [2, () => BigInt(this.#deviceAddress())], [1, () => BigInt(random.below(4))],
    ])());
  }

  #memoryAddress(): number {
    const random = this.#random;
    const { playground, memoryBytes } = this.#target;
    const ends = [RAM_BASE, RAM_BASE + memoryBytes, playground + PLAYGROUND_BYTES - PAGE, WINDOWS, WINDOWS + PAGE, WINDOWS + 0x10_0000, RAM_BASE + 0x4000_0000, 0];
    return random.once(3) ? random.pick(ends) + random.below(17) - 8 : playground + (random.below(PLAYGROUND_BYTES) & random.pick([-1, -2, -4, -8, -PAGE]));
  }

  #deviceAddress(): number {
    const random = this.#random;
    const near = random.weighted<() => number>([
      [4, () => PLIC_BASE + random.pick([4 * random.below(40), 0x1000 + 4 * random.below(3), 0x2000 + 0x80 * random.below(6), 0x20_0000 + 0x1000 * random.below(6) + 4 * random.below(3)])],
      [1, () => PLIC_BASE + random.below(PLIC_BYTES)],
      [4, () => UART_BASE + random.below(9)],
      [8, () => VIRTIO_BASE + VIRTIO_STRIDE * random.below(VIRTIO_SLOTS) + (random.once(3) ? random.below(VIRTIO_STRIDE) : random.pick(Object.values(REGISTER)))],
      [1, () => random.pick([ACLINT_MSWI, PLIC_BASE + PLIC_BYTES, UART_BASE, VIRTIO_BASE, VIRTIO_BASE + VIRTIO_SLOTS * VIRTIO_STRIDE]) + random.below(17) - 8],
    ])();
    return random.once(6) ? near + random.below(9) - 4 : near;
  }
}

/** What lies in page `number` of the playground: descriptors, rings and page tables that look as if they were meant so, and others. */
export function playgroundPage(random: Random, target: Target, number: number): Uint8Array {
  const page = new Uint8Array(PAGE);
  const view = new DataView(page.buffer);
  const { playground, memoryBytes } = target;
  const inside = (): number => playground + random.below(PLAYGROUND_BYTES);
  const kind = number % ROOT_EVERY === 0 ? 2 : random.below(4);
  for (let at = 0; at < PAGE; at += 16) {
    if (kind === 0) {
      // Descriptors.
      view.setBigUint64(at, random.once(8) ? random.value() : BigInt(random.once(10) ? RAM_BASE + memoryBytes - random.below(64) : inside()), true);
      view.setUint32(at + 8, random.once(8) ? random.word() : 1 + random.below(1600), true);
      view.setUint16(at + 12, random.once(10) ? random.word() & 0xffff : random.below(4), true);
      view.setUint16(at + 14, random.once(10) ? random.word() & 0xffff : random.below(16), true);
    } else if (kind === 1) {
      // Rings.
      for (let half = 0; half < 16; half += 2) view.setUint16(at + half, random.once(20) ? random.word() & 0xffff : random.below(16), true);
    } else if (kind === 2) {
      // Page tables: pages, tables, and any bits.
      for (const entry of [at, at + 8]) view.setBigUint64(entry, pageTableEntry(random, inside()), true);
    } else {
      view.setBigUint64(at, random.value(), true);
      view.setBigUint64(at + 8, random.value(), true);
    }
  }
  // Of a root, the gigapage that holds the guest's RAM.
  if (kind === 2 && !random.once(100)) view.setBigUint64(8 * (RAM_BASE / 0x4000_0000), BigInt(RAM_BASE / PAGE) << 10n | 0xcfn, true);
  return page;
}

function pageTableEntry(random: Random, address: number): bigint {
  if (random.once(6)) return random.bits();
  const page = random.once(6) ? BigInt(random.pick([0, PLIC_BASE, UART_BASE, VIRTIO_BASE, WINDOWS, RAM_BASE]) / PAGE) : BigInt(Math.floor(address / PAGE));
  return page << 10n | BigInt(random.once(2) ? 1 : random.below(256));
}

