// An engine on a machine whose harts this thread drives trap by trap, under a clock that the test sets.
// Guests execute nothing: the test does to the hart what a guest's instruction would.

import type { Channel, Configuration, EngineDescription, EngineReport, Nic, Options, VirtualMachine } from "../../engines/engine.ts";
import { hartId, ticks } from "../../engines/machine/address.ts";
import type { CoreImports } from "../../engines/machine/core.ts";
import { CSR, type Hart } from "../../engines/machine/hart/hart.ts";
import type { HartState } from "../../engines/machine/hart/state.ts";
import { takeInterrupt } from "../../engines/machine/hart/trap.ts";
import { enterFromEngine } from "../../engines/machine/hart/trap-return.ts";
import { CONTINUE, HART } from "../../engines/machine/layout.ts";
import type { WirePort } from "../../engines/machine/network/wire.ts";
import { Machine, prepareMachine } from "../../engines/machine/machine.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { goodElf } from "../loader/elf-builder.ts";
import { ECALL, TestClock, WFI } from "../machine/fixture.ts";

export const MEMORY_BYTES = 0x20_0000;
export const TICKS_PER_MILLISECOND = 10_000;
const FIRMWARE_BYTES = 0x20_0000;
const SUPERVISOR_SOFTWARE = 1 << 1;
/** A turn of deliver() that goes on for longer never ends. */
const MOST_INTERRUPTS = 1000;

export function guest(name: string, changes: Partial<VirtualMachine> = {}): VirtualMachine {
  return {
    name, image: goodElf(), memoryBytes: MEMORY_BYTES, vcpus: 1, bootArguments: "", hart: 0,
    share: { budget: ticks(5 * TICKS_PER_MILLISECOND), period: ticks(10 * TICKS_PER_MILLISECOND) }, ...changes,
  };
}

export function guests(count: number, changes: (index: number) => Partial<VirtualMachine> = () => ({})): VirtualMachine[] {
  return Array.from({ length: count }, (_, index) => guest(`guest-${index}`, changes(index)));
}

export interface SbiAnswer {
  readonly error: number;
  readonly value: number;
}

export class EngineBench {
  readonly clock = new TestClock();
  readonly memory: PhysicalMemory;
  readonly machine: Machine;
  /** How often translations were compared with memory. */
  flushes = 0;
  readonly #description: EngineDescription;
  readonly #configuration: Configuration;
  readonly #options: Options;
  readonly #harts: number;
  #imports!: CoreImports;

  constructor(
    description: EngineDescription, vms: readonly VirtualMachine[],
    { harts = 1, channels = [], options = {}, nics = [], wire = [] }: {
      harts?: number; channels?: readonly Channel[]; options?: Options; nics?: readonly Nic[]; wire?: readonly WirePort[];
    } = {},
  ) {
    this.#description = description;
    this.#configuration = { vms, channels, nics };
    this.#options = options;
    this.#harts = harts;
    this.memory = PhysicalMemory.create(FIRMWARE_BYTES + (vms.length + 1) * MEMORY_BYTES, 1);
    prepareMachine(this.memory, harts, { ports: wire.length, console: false });
    this.machine = new Machine({
      memory: this.memory, clock: this.clock, mode: description.mode, thread: 0,
      harts: Array.from({ length: harts }, (_, id) => id), wire,
      software: description.create({ memory: this.memory, harts }, this.#configuration, options),
      core: (_memory, _thread, given) => {
        this.#imports = given;
        return { run: () => { throw new Error("no guest executes here"); }, flush: () => { this.flushes++; }, revalidate: () => false, forgetPaged: () => undefined };
      },
    });
    for (let id = 0; id < harts; id++) this.state(id).relax = () => this.#others(id);
    this.machine.software.boot(this.hart(0));
    for (let id = 0; id < harts; id++) {
      this.machine.software.start(this.hart(id));
      enterFromEngine(this.state(id));
    }
  }

  hart(id: number): Hart {
    return this.machine.hart(hartId(id));
  }

  state(id: number): HartState {
    return this.machine.state(hartId(id));
  }

  idles(id: number): boolean {
    return this.state(id).block[HART.waiting >> 2] !== 0;
  }

  /** What the engine says of itself, whose invariants hold whenever it is asked. */
  report(): EngineReport {
    const broken = this.invariants();
    if (broken.length > 0) throw new Error(broken.join("\n"));
    return this.#description.inspect({ memory: this.memory, harts: this.#harts }, this.#configuration, this.#options);
  }

  invariants(): readonly string[] {
    return this.#description.invariants({ memory: this.memory, harts: this.#harts }, this.#configuration, this.#options);
  }

  /** Which guest is on a hart: guests are told apart by a register that each is given at first sight. */
  marked(id: number): number {
    return this.hart(id).xLow(27);
  }

  mark(id: number, value: number): void {
    this.hart(id).setX(27, value, 0);
  }

  /** An SBI call by the guest on hart `id`, whose answer is in that guest's registers only if it is still there. */
  call(id: number, extension: number, operation: number, ...values: readonly number[]): SbiAnswer {
    const hart = this.hart(id);
    for (const [index, value] of values.entries()) hart.setX(10 + index, value | 0, Math.floor(value / 2 ** 32) | 0);
    hart.setX(16, operation, operation >> 31);
    hart.setX(17, extension, extension >> 31);
    this.execute(id, ECALL);
    return { error: hart.xLow(10), value: hart.xLow(11) };
  }

  /** The guest on hart `id` waits for an interrupt. */
  wait(id: number): void {
    this.execute(id, WFI);
  }

  /** The guest on hart `id` executes a system instruction. */
  execute(id: number, word: number): void {
    const state = this.state(id);
    if (this.#imports.system(state.base, word) === CONTINUE) state.block[HART.pc >> 2] += 4;
  }

  /** The guest on hart `id` raises an exception. */
  raise(id: number, cause: number, value: number): void {
    const { base, block } = this.state(id);
    block[HART.trapValue >> 2] = value | 0;
    block[(HART.trapValue >> 2) + 1] = Math.floor(value / 2 ** 32);
    this.#imports.trap(base, cause);
  }

  /** The guest on hart `id` executes a load or store, packed as core.ts says, that is not plain RAM. */
  access(id: number, address: bigint, access: number): void {
    const { base, block } = this.state(id);
    block[HART.trapValue >> 2] = Number(BigInt.asIntN(32, address));
    block[(HART.trapValue >> 2) + 1] = Number(BigInt.asIntN(32, address >> 32n));
    this.#imports.device(base, access);
  }

  /** Hands every interrupt that is due to hart `id`; answers whether there was any. */
  deliver(id: number): boolean {
    const state = this.state(id);
    for (let count = 0; count < MOST_INTERRUPTS; count++) {
      state.timers.reload();
      state.timers.update(this.clock.time());
      if (takeInterrupt(state) === CONTINUE) return count > 0;
    }
    throw new Error(`hart ${id} takes interrupts for ever`);
  }

  /** The engine on hart `id` waits for other harts. */
  #others(id: number): void {
    let answered = false;
    for (let other = 0; other < this.#harts; other++) if (other !== id) answered = this.deliver(other) || answered;
    if (!answered) throw new Error(`hart ${id} waits for harts that have nothing to answer`);
  }

  /** Lets `cycles` pass in steps, delivering what is due to all harts after each. */
  pass(cycles: number, step: number): void {
    const end = this.clock.cycles + cycles;
    while (this.clock.cycles < end) {
      this.clock.cycles = Math.min(end, this.clock.cycles + step);
      for (let id = 0; id < this.#harts; id++) this.deliver(id);
    }
  }

  /** The software interrupt bit that the guest on hart `id` sees. */
  hasSoftwareInterrupt(id: number): boolean {
    const csr = this.#description.mode === "hypervisor" ? CSR.vsip : CSR.sip;
    return (this.hart(id).csrLow(csr) & SUPERVISOR_SOFTWARE) !== 0;
  }
}
