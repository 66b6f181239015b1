// The interrupt controller that guests see, against its specification's rules written down plainly.

import fc from "fast-check";
import { expect, test } from "vitest";
import { physical } from "../../../engines/machine/address.ts";
import { CoreMemory } from "../../../engines/machine/hart/core-memory.ts";
import { PLIC_SOURCES, RAM_BASE } from "../../../engines/machine/layout.ts";
import { PhysicalMemory } from "../../../engines/machine/memory.ts";
import { isDue, loadPlic, PLIC_STATE_BYTES, request, setLine, storePlic } from "../../../engines/virtual-devices/plic.ts";

const VCPUS = 3;
const AT = physical(RAM_BASE);
const MEMORY = PhysicalMemory.create(0x1_0000, 1);
const CORE = new CoreMemory(MEMORY);
const enableOf = (vcpu: number): number => 0x2000 + 0x80 * (2 * vcpu + 1);
const thresholdOf = (vcpu: number): number => 0x20_0000 + 0x1000 * (2 * vcpu + 1);
const claimOf = (vcpu: number): number => thresholdOf(vcpu) + 4;

/** "PLIC Interrupt Gateways", "Interrupt Claim Process", "Interrupt Completion", "Interrupt Priorities". */
class Specification {
  readonly #priority = new Map<number, number>();
  readonly #line = new Set<number>();
  readonly #pending = new Set<number>();
  readonly #serviced = new Set<number>();
  readonly #enabled = Array.from({ length: VCPUS }, () => new Set<number>());
  readonly #threshold = new Array<number>(VCPUS).fill(0);

  line(source: number, high: boolean): void {
    if (!high) this.#line.delete(source);
    else if (!this.#line.has(source)) {
      this.#line.add(source);
      this.request(source);
    }
  }
  request(source: number): void {
    if (!this.#serviced.has(source)) this.#pending.add(source);
  }
  setPriority(source: number, value: number): void { this.#priority.set(source, value); }
  enable(vcpu: number, bits: number): void {
    this.#enabled[vcpu] = new Set(sources().filter((source) => ((bits >>> source) & 1) !== 0));
  }
  setThreshold(vcpu: number, value: number): void { this.#threshold[vcpu] = value; }
  due(vcpu: number): boolean {
    return [...this.#pending].some((source) => this.#enabled[vcpu].has(source) && this.#priorityOf(source) > this.#threshold[vcpu]);
  }
  claim(vcpu: number): number {
    const ready = [...this.#pending].filter((source) => this.#enabled[vcpu].has(source) && this.#priorityOf(source) > 0);
    const [best] = ready.toSorted((a, b) => this.#priorityOf(b) - this.#priorityOf(a) || a - b);
    if (best === undefined) return 0;
    this.#pending.delete(best);
    this.#serviced.add(best);
    return best;
  }
  complete(vcpu: number, source: number): void {
    if (!this.#enabled[vcpu].has(source)) return;
    if (this.#serviced.delete(source) && this.#line.has(source)) this.#pending.add(source);
  }
  pending(): number {
    return [...this.#pending].reduce((bits, source) => bits | (1 << source), 0);
  }
  #priorityOf(source: number): number { return this.#priority.get(source) ?? 0; }
}

const sources = (): number[] => Array.from({ length: PLIC_SOURCES }, (_, index) => index + 1);
const source = fc.oneof(fc.constantFrom(1, 2, 10), fc.integer({ min: 1, max: PLIC_SOURCES }));
const vcpu = fc.nat({ max: VCPUS - 1 });
const act = fc.oneof(
  fc.record({ kind: fc.constant("line" as const), source, high: fc.boolean() }),
  fc.record({ kind: fc.constant("request" as const), source }),
  fc.record({ kind: fc.constant("priority" as const), source, value: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant("enable" as const), vcpu, bits: fc.oneof(fc.constant(-1), fc.integer()) }),
  fc.record({ kind: fc.constant("threshold" as const), vcpu, value: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant("claim" as const), vcpu }),
  fc.record({ kind: fc.constant("complete" as const), vcpu, source: fc.oneof(source, fc.constantFrom(0, 32, -1, 0x7fff_ffff)) }),
);

test("does what the specification says, whatever happens in whatever order", () => {
  fc.assert(fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
    CORE.fill(AT, 0, PLIC_STATE_BYTES);
    const model = new Specification();
    for (let id = 0; id < VCPUS; id++) model.enable(id, 0);
    const claims: number[] = [];
    const expected: number[] = [];
    for (const each of acts) {
      switch (each.kind) {
        case "line": setLine(CORE, AT, each.source, each.high); model.line(each.source, each.high); break;
        case "request": request(CORE, AT, each.source); model.request(each.source); break;
        case "priority": storePlic(CORE, AT, VCPUS, 4 * each.source, each.value); model.setPriority(each.source, each.value); break;
        case "enable": storePlic(CORE, AT, VCPUS, enableOf(each.vcpu), each.bits); model.enable(each.vcpu, each.bits); break;
        case "threshold": storePlic(CORE, AT, VCPUS, thresholdOf(each.vcpu), each.value); model.setThreshold(each.vcpu, each.value); break;
        case "claim": claims.push(loadPlic(CORE, AT, VCPUS, claimOf(each.vcpu))); expected.push(model.claim(each.vcpu)); break;
        case "complete": storePlic(CORE, AT, VCPUS, claimOf(each.vcpu), each.source); model.complete(each.vcpu, each.source); break;
      }
      expect(claims).toEqual(expected);
      expect(loadPlic(CORE, AT, VCPUS, 0x1000)).toBe(model.pending());
      for (let id = 0; id < VCPUS; id++) expect(isDue(CORE, AT, id)).toBe(model.due(id));
    }
  }), { numRuns: 500 });
});

test("touches nothing beyond its state, wherever it is accessed", () => {
  const end = MEMORY.offset(physical(AT + PLIC_STATE_BYTES));
  fc.assert(fc.property(fc.nat({ max: 0x60_0000 - 4 }), fc.integer(), fc.boolean(), (offset, value, store) => {
    CORE.fill(AT, 0, PLIC_STATE_BYTES);
    MEMORY.u8.fill(0xaa, end, end + 0x1000);
    const aligned = offset & ~3;
    const answer = store ? storePlic(CORE, AT, VCPUS, aligned, value) : loadPlic(CORE, AT, VCPUS, aligned);
    expect(Number.isInteger(answer)).toBe(true);
    expect(MEMORY.u8.subarray(end, end + 0x1000).every((byte) => byte === 0xaa)).toBe(true);
  }), { numRuns: 500 });
});

test("contexts of M-mode and of vCPUs that there are not read as zero and keep nothing", () => {
  CORE.fill(AT, 0, PLIC_STATE_BYTES);
  for (const context of [0, 2, 4, 2 * VCPUS + 1, 200]) {
    for (const register of [0x2000 + 0x80 * context, 0x20_0000 + 0x1000 * context, 0x20_0004 + 0x1000 * context]) {
      storePlic(CORE, AT, VCPUS, register, -1);
      expect(loadPlic(CORE, AT, VCPUS, register)).toBe(0);
    }
  }
});
