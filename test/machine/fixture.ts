// A machine of one thread whose clock is set by the test, and an engine that records what reaches it.

import type { Cycles, Ticks } from "../../engines/machine/address.ts";
import { cycles, guestPhysical, hartId, physical } from "../../engines/machine/address.ts";
import { cyclesToTicks, type Clock } from "../../engines/machine/clock.ts";
import type { CoreImports, GeneratedCore } from "../../engines/machine/core.ts";
import { CONTEXT_BYTES, CSR, type EngineMode, type Hart } from "../../engines/machine/hart/hart.ts";
import { SECOND_STAGE_BYTES, writeSecondStage, type Region } from "../../engines/machine/hart/second-stage.ts";
import type { HartState } from "../../engines/machine/hart/state.ts";
import { enterFromEngine } from "../../engines/machine/hart/trap-return.ts";
import { NO_DEVICES, type DeviceDescription } from "../../engines/machine/devices/prepare.ts";
import { FIRMWARE_BYTES, HART, RAM_BASE, RIGHT } from "../../engines/machine/layout.ts";
import { Machine, prepareMachine, type Software } from "../../engines/machine/machine.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import type { WirePort } from "../../engines/machine/network/wire.ts";

export const RAM_BYTES = 0x40_0000;
export const CONTEXT_AT = physical(RAM_BASE + 0x1000);
export const OTHER_CONTEXT_AT = physical(RAM_BASE + 0x1000 + CONTEXT_BYTES);
export const TABLE_AT = physical(RAM_BASE + 0x4000);
export const GUEST_AT = physical(RAM_BASE + FIRMWARE_BYTES);
export const GUEST_BYTES = 0x10_0000;
export const ENTRY = 0x8000_0100;

export class TestClock implements Clock {
  cycles = 0;
  now(): Cycles { return cycles(this.cycles); }
  time(): Ticks { return cyclesToTicks(this.now()); }
  set(time: number): void { this.cycles = time * 100; }
}

/** One trap as the engine saw it. */
export interface SeenTrap { readonly cause: number; readonly pc: number; readonly value: number }

export class TestEngine implements Software {
  readonly seen: SeenTrap[] = [];
  handle: (hart: Hart) => void = () => {};
  readonly mode: EngineMode;
  constructor(mode: EngineMode) { this.mode = mode; }
  boot(): void {}
  start(): void {}
  trap(hart: Hart): void {
    const names = this.mode === "hypervisor" ? { pc: CSR.sepc, value: CSR.stval } : { pc: CSR.mepc, value: CSR.mtval };
    this.seen.push({ cause: hart.trapCause(), pc: hart.csrNumber(names.pc), value: hart.csrNumber(names.value) });
    this.handle(hart);
  }
}

/** The hart's side of the border to generated code, without any. */
class NoCore implements GeneratedCore {
  flushes = 0;
  run(): number { throw new Error("this machine has no generated code"); }
  flush(): void { this.flushes++; }
  revalidate(): boolean { return false; }
  forgetPaged(): void { /* Nothing is translated. */ }
}

export interface Bench {
  readonly memory: PhysicalMemory;
  readonly clock: TestClock;
  readonly engine: TestEngine;
  readonly machine: Machine;
  readonly state: HartState;
  readonly hart: Hart;
  readonly imports: CoreImports;
  readonly core: NoCore;
}

export const GUEST_RAM: Region = {
  base: guestPhysical(RAM_BASE), bytes: GUEST_BYTES, physical: GUEST_AT, rights: RIGHT.read | RIGHT.write | RIGHT.execute,
};

/** Devices beside those that every machine has. */
export interface Equipment {
  readonly deviceBytes: number;
  readonly devices: (memory: PhysicalMemory) => DeviceDescription;
  readonly wire: readonly WirePort[];
}
const PLAIN: Equipment = { deviceBytes: 0, devices: () => NO_DEVICES, wire: [] };

/** A machine with a guest in S-mode at ENTRY: under a second stage of `regions`, or with all of memory. */
export function bench(mode: EngineMode, regions: readonly Region[] = [GUEST_RAM], harts = 1, equipment = PLAIN): Bench {
  const memory = PhysicalMemory.create(RAM_BYTES, 1, equipment.deviceBytes);
  prepareMachine(memory, harts, equipment.devices(memory));
  const clock = new TestClock();
  const engine = new TestEngine(mode);
  const core = new NoCore();
  let imports: CoreImports | undefined;
  const machine = new Machine({
    memory, clock, mode, software: engine, thread: 0, wire: equipment.wire, harts: Array.from({ length: harts }, (_, id) => id),
    core: (_memory, _thread, given) => { imports = given; return core; },
  });
  const state = machine.state(hartId(0));
  const { hart } = state;
  if (mode === "hypervisor") {
    if (TABLE_AT + SECOND_STAGE_BYTES > GUEST_AT) throw new Error("no room for the table");
    writeSecondStage(hart.memory, TABLE_AT, regions);
    hart.setSecondStage(TABLE_AT, 1);
  }
  hart.resetContext(CONTEXT_AT, ENTRY, 0, 0x8020_0000);
  hart.loadContext(CONTEXT_AT);
  enterFromEngine(state);
  return { memory, clock, engine, machine, state, hart, imports: imports as CoreImports, core };
}

export function pc(state: HartState): number {
  return wide(state, HART.pc);
}

export function setPc(state: HartState, value: number): void {
  setWide(state, HART.pc, value);
}

export function privilege(state: HartState): number {
  return state.i32[(state.base + HART.privilege) >> 2];
}

export function virtual(state: HartState): number {
  return state.i32[(state.base + HART.virtual) >> 2];
}

export function setPrivilege(state: HartState, value: number): void {
  state.i32[(state.base + HART.privilege) >> 2] = value;
}

/** The unsigned 64-bit word at `offset` of the hart block, as a number. */
export function wide(state: HartState, offset: number): number {
  const index = (state.base + offset) >> 2;
  return (state.i32[index + 1] >>> 0) * 2 ** 32 + (state.i32[index] >>> 0);
}

export function setWide(state: HartState, offset: number, value: number): void {
  const index = (state.base + offset) >> 2;
  state.i32[index] = value | 0;
  state.i32[index + 1] = Math.floor(value / 2 ** 32);
}

// ---- system instructions ------------------------------------------------------------------------------------

export const ECALL = 0x73;
export const EBREAK = 0x0010_0073;
export const SRET = 0x1020_0073;
export const MRET = 0x3020_0073;
export const WFI = 0x1050_0073;
export const SFENCE_VMA = 0x1200_0073;
export const FENCE_I = 0x100f;
const csrOperation = (operation: number) => (rd: number, csr: number, source: number): number =>
  ((csr << 20) | (source << 15) | (operation << 12) | (rd << 7) | 0x73) | 0;
export const csrrw = csrOperation(1);
export const csrrs = csrOperation(2);
export const csrrc = csrOperation(3);
export const csrrwi = csrOperation(5);
export const csrrsi = csrOperation(6);
export const csrrci = csrOperation(7);
