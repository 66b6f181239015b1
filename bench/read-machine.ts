// From the memory of a machine whose harts are paused to what the harness reads of it.

import type { EngineReport } from "../engines/engine.ts";
import { ENGINES } from "../engines/engines.ts";
import { physical, type PhysicalAddress } from "../engines/machine/address.ts";
import { PRIVILEGE } from "../engines/machine/hart/privileged.ts";
import { HART, RAM_BASE } from "../engines/machine/layout.ts";
import { hartBlock, type PhysicalMemory } from "../engines/machine/memory.ts";
import { readDeviceTime, readExitCounts, readRetired } from "../engines/machine/hart/counters.ts";
import { readPort } from "../engines/machine/network/steering.ts";
import type { CaseMachine, MachineCase } from "./case-machine.ts";
import { exitNames } from "./exit-names.ts";
import type { MachineReading } from "./machine-reading.ts";
import { readUnitsPage } from "./units-page.ts";

/** What the engine knows of itself and its guests, at any time. */
export function reportOf({ memory }: CaseMachine, { engine, options, harts, configuration }: MachineCase): EngineReport {
  return ENGINES[engine].inspect({ memory, harts }, configuration, options);
}

/** What guests, engine and harts have counted. */
export function readMachine(machine: CaseMachine, machineCase: MachineCase): MachineReading {
  const { memory, ports } = machine;
  const report = reportOf(machine, machineCase);
  const byHart = <T>(read: (memory: PhysicalMemory, hart: number) => T) => Array.from({ length: machineCase.harts }, (_, hart) => read(memory, hart));
  return {
    vms: report.vms.map(({ name, state, reason, unitsPage, cpuTime }) => ({ name, state, reason, cpuTime, units: readUnitsPage(memory, unitsPage) })),
    locks: report.locks,
    worldSwitches: report.worldSwitches,
    sharedWords: report.sharedMutableWords,
    network: report.network,
    deviceTime: byHart(readDeviceTime).reduce((sum, time) => sum + time, 0),
    ports: Array.from({ length: ports }, (_, port) => readPort(memory, memory.deviceArea(), port)),
    exits: exitNames(byHart(readExitCounts)),
  };
}

/** Instructions that guests have retired on all harts. */
export function retiredBy({ memory }: CaseMachine, harts: number): number {
  return Array.from({ length: harts }, (_, hart) => readRetired(memory, hart)).reduce((sum, count) => sum + count, 0);
}

/** A hart that executes a guest, and where. */
export interface Execution {
  readonly hart: number;
  readonly pc: PhysicalAddress;
}

/** What executes the guest whose memory is [base, base + bytes), if any hart does: not its engine, and not waiting. */
export function executionOf({ memory }: CaseMachine, { engine, harts }: MachineCase, base: PhysicalAddress, bytes: number): Execution | undefined {
  const first = memory.offset(base);
  for (let hart = 0; hart < harts; hart++) {
    const word = (offset: number) => memory.i32[(hartBlock(hart) + offset) >> 2];
    const inGuest = ENGINES[engine].mode === "hypervisor" ? word(HART.virtual) !== 0 : word(HART.privilege) !== PRIVILEGE.machine;
    const at = (word(HART.ramOffset) >>> 0) + (word(HART.pc) >>> 0) - RAM_BASE;
    if (inGuest && word(HART.waiting) === 0 && word(HART.pc + 4) === 0 && at >= first && at < first + bytes) return { hart, pc: physical(base + at - first) };
  }
  return undefined;
}

/** Where the harts are, for a failure's reason. */
export function whereabouts({ memory }: CaseMachine, harts: number): string {
  return Array.from({ length: harts }, (_, hart) => `hart ${hart} ${registers(memory, hart)}`).join("; ");
}

/** The registers that tell most about a hart that is stuck. */
function registers(memory: PhysicalMemory, hart: number): string {
  const block = hartBlock(hart);
  const at = (offset: number) => new DataView(memory.wasm.buffer).getBigUint64(block + offset, true).toString(16);
  const x = (n: number) => at(HART.x + 8 * n);
  return `pc=0x${at(HART.pc)} ra=0x${x(1)} sp=0x${x(2)} a0=0x${x(10)} a7=0x${x(17)}`;
}
