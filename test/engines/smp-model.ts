// A model of what must hold in the SMP hypervisor, checked after every trap that a test makes.

import { ENGINES } from "../../engines/engines.ts";
import { ticks, type PhysicalAddress } from "../../engines/machine/address.ts";
import { CONTEXT } from "../../engines/machine/hart/context.ts";
import type { CoreMemory } from "../../engines/machine/hart/core-memory.ts";
import { CSR } from "../../engines/machine/hart/hart.ts";
import { current, firstMember, nextMember } from "../../engines/scheduler/queue.ts";
import { queueOf, vcpuAt } from "../../engines/smp/layout.ts";
import { field, loadAddress, NONE } from "../../engines/state/words.ts";
import { contextOf, machineOf, VCPU, VCPU_STATE } from "../../engines/vcpu/record.ts";
import { VM } from "../../engines/virtual-machine/record.ts";
import { EngineBench, guests, TICKS_PER_MILLISECOND } from "./fixture.ts";

const VENDOR = 0x0854_4342;
const TIMER = 0x5449_4d45;
const RESET = 0x5352_5354;
const ENABLED = (1 << 1) | (1 << 5);

/** What a guest on a hart does, or what happens around the harts. */
export type Step =
  | { readonly kind: "wait" | "yield" | "take" | "reset" | "deliver"; readonly hart: number }
  | { readonly kind: "notify"; readonly hart: number; readonly id: number }
  | { readonly kind: "timer"; readonly hart: number; readonly ahead: number }
  | { readonly kind: "pass"; readonly cycles: number }
  | { readonly kind: "settle" };

/** The SMP hypervisor under test, with its guests in a ring of channels, and what was seen to be wrong. */
export class Smp {
  /** What did not hold that must. */
  readonly wrong: string[] = [];
  readonly bench: EngineBench;
  readonly memory: CoreMemory;
  readonly #harts: number;
  readonly #vcpus: number;
  readonly #greeted = new Set<PhysicalAddress>();

  constructor(harts: number, count: number, options: Readonly<Record<string, string>>) {
    const ring = Array.from({ length: count }, (_, index) => (
      { name: `ring-${index}`, ends: [index, (index + 1) % count] as const, windowBytes: 0x1000 }));
    const share = { budget: ticks(2 * TICKS_PER_MILLISECOND), period: ticks(10 * TICKS_PER_MILLISECOND) };
    this.bench = new EngineBench(ENGINES.smp, guests(count, () => ({ share })), { harts, channels: ring, options });
    this.memory = this.bench.hart(0).memory;
    this.#harts = harts;
    this.#vcpus = count;
    for (let hart = 0; hart < harts; hart++) this.#greet(hart);
  }

  step(step: Step): void {
    if (step.kind === "pass") {
      this.bench.clock.cycles += step.cycles;
      return;
    }
    if (step.kind === "settle") {
      this.settle();
      this.checkQuiet();
    } else if (step.kind === "deliver") this.bench.deliver(step.hart);
    else if (!this.bench.idles(step.hart)) this.#act(step);
    for (let hart = 0; hart < this.#harts; hart++) this.#greet(hart);
    this.check();
  }

  /** Delivers everything that is due, until nothing is. */
  settle(): void {
    for (let round = 0; round < 100; round++) {
      let busy = false;
      for (let hart = 0; hart < this.#harts; hart++) {
        busy = this.bench.deliver(hart) || busy;
        this.#greet(hart);
      }
      if (!busy) return;
    }
    throw new Error("the harts never come to rest");
  }

  /** What holds after every trap. */
  check(): void {
    const seen = new Set<PhysicalAddress>();
    const memory = this.memory;
    for (let hart = 0; hart < this.#harts; hart++) {
      const queue = queueOf(hart);
      const running = current(memory, queue);
      this.#must(this.bench.idles(hart) === (running === NONE), `hart ${hart} idles exactly if it has no vCPU`);
      for (let vcpu = firstMember(memory, queue); vcpu !== NONE; vcpu = nextMember(memory, vcpu)) {
        this.#must(!seen.has(vcpu), "a vCPU is in one queue only");
        seen.add(vcpu);
        this.#must(loadAddress(memory, field(vcpu, VCPU.queue)) === queue, "a vCPU knows its queue");
        this.#must(vcpu === running || this.stateOf(vcpu) !== VCPU_STATE.running, "a vCPU that runs is on its queue's hart");
      }
      if (running === NONE) continue;
      this.#must(seen.has(running), "who runs is in the hart's queue");
      const number = memory.load(field(machineOf(memory, running), VM.number));
      this.#must(this.bench.marked(hart) === number + 1, `the registers on hart ${hart} are those of guest ${number}`);
    }
    this.#must(seen.size === this.#vcpus, "every vCPU is in a queue");
  }

  /** What holds once all is quiet: no hart idles beside work, and nobody sleeps through an interrupt. */
  checkQuiet(): void {
    let idle = 0;
    let waiting = 0;
    for (let hart = 0; hart < this.#harts; hart++) if (this.bench.idles(hart)) idle++;
    for (let index = 0; index < this.#vcpus; index++) {
      const vcpu = vcpuAt(index);
      if (this.stateOf(vcpu) === VCPU_STATE.ready) waiting++;
      if (this.stateOf(vcpu) !== VCPU_STATE.blocked) continue;
      this.#must(this.memory.load(field(vcpu, VCPU.pending)) === 0, `vCPU ${index} does not sleep beside a raised interrupt`);
      const held = this.memory.load(field(contextOf(vcpu), CONTEXT.pending)) & this.memory.load(field(contextOf(vcpu), CONTEXT.enabled));
      this.#must(held === 0, `vCPU ${index} does not sleep beside a pending interrupt`);
      this.#must(this.memory.load(field(machineOf(this.memory, vcpu), VM.rung)) === 0, `vCPU ${index} does not sleep through a doorbell`);
    }
    this.#must(idle === 0 || waiting === 0, "no hart idles beside work");
    for (let hart = 0; hart < this.#harts; hart++) {
      const running = current(this.memory, queueOf(hart));
      this.#must(running === NONE || this.stateOf(running) === VCPU_STATE.running, "who is on a hart runs");
    }
  }

  #must(holds: boolean, what: string): void {
    if (!holds) this.wrong.push(what);
  }

  stateOf(vcpu: PhysicalAddress): number {
    return this.memory.load(field(vcpu, VCPU.state));
  }

  /** A guest on its first turn says who it is, in a register, and enables its interrupts. */
  #greet(id: number): void {
    const vcpu = current(this.memory, queueOf(id));
    if (vcpu === NONE || this.#greeted.has(vcpu)) return;
    this.#greeted.add(vcpu);
    this.bench.mark(id, this.memory.load(field(machineOf(this.memory, vcpu), VM.number)) + 1);
    this.bench.hart(id).setCsr(CSR.vsie, ENABLED, 0);
  }

  #act(step: Exclude<Step, { kind: "pass" | "deliver" | "settle" }>): void {
    const { bench } = this;
    if (step.kind === "wait") bench.wait(step.hart);
    else if (step.kind === "yield") bench.call(step.hart, VENDOR, 3);
    else if (step.kind === "notify") bench.call(step.hart, VENDOR, 1, step.id);
    else if (step.kind === "timer") bench.call(step.hart, TIMER, 0, bench.clock.time() + step.ahead);
    else if (step.kind === "reset") bench.call(step.hart, RESET, 0, 0, 0);
    else {
      bench.hart(step.hart).clearCsrBits(CSR.vsip, ENABLED);
      bench.call(step.hart, TIMER, 0, 2 ** 53);
      bench.call(step.hart, VENDOR, 2);
    }
  }
}
